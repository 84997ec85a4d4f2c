import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { caseSchema, worldSchema } from './case.ts';
import type { CaseFile } from './case.ts';
import { documentOf } from './document.ts';
import { policiesPath } from './paths.ts';

export interface RegoCase {
  readonly id: string;
  readonly title: string;
  readonly expect: CaseFile['expect'];
  /** The input document. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The default policy that decides it. */
  readonly policy: PolicyName;
  /** Value of data.csr.POLICY.config. */
  readonly config: Readonly<Record<string, unknown>>;
}

export const policyNames = ['kubelet_serving', 'kubelet_client'] as const;
/** A package below data.csr of the default bundle. */
export type PolicyName = (typeof policyNames)[number];

/** The signer whose requests are not decided by the rules for serving certificates. */
const clientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';

/** Knobs of the policy for serving certificates, as the default bundle ships them. */
export const defaultConfig = shippedConfig('kubelet_serving');

/** All cases of policies/cases, each with its whole input document. */
export function loadCases(): readonly RegoCase[] {
  const world = worldSchema.parse(readYaml('cases/world.yaml'));
  const cases = policyNames
    .map((name) => join('cases', name))
    .filter((folder) => existsSync(policiesPath(folder)))
    .flatMap((folder) =>
      readdirSync(policiesPath(folder))
        .sort()
        .flatMap((file) => parseFile(join(folder, file))),
    );
  const ids = new Set<string>();
  for (const { id } of cases) {
    if (ids.has(id)) throw new TypeError(`case ${id} is there twice`);
    ids.add(id);
  }
  return cases.map((entry) => {
    const input = documentOf(world, entry);
    const policy = policyOf(input['signer_name']);
    return {
      id: entry.id,
      title: entry.title,
      expect: entry.expect,
      input,
      policy,
      config: { ...shippedConfig(policy), ...entry.config },
    };
  });
}

/** The policy for a signer. The rules for serving certificates refuse every signer but their own. */
function policyOf(signer: unknown): PolicyName {
  return signer === clientSigner && existsSync(policiesPath('default/csr/kubelet_client'))
    ? 'kubelet_client'
    : 'kubelet_serving';
}

function shippedConfig(policy: PolicyName): Readonly<Record<string, unknown>> {
  const data = readYaml(`default/csr/${policy}/data.yaml`) as {
    readonly config: Readonly<Record<string, unknown>>;
  };
  return data.config;
}

function parseFile(path: string): CaseFile[] {
  const result = z.array(caseSchema).safeParse(readYaml(path));
  if (result.success) return result.data;
  throw new TypeError(`${path}: ${z.prettifyError(result.error)}`);
}

function readYaml(path: string): unknown {
  return parse(readFileSync(policiesPath(path), 'utf8'), { merge: true });
}
