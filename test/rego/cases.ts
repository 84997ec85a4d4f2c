import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { loadPoliciesFrom, readBundle, signersOf } from '../../src/activation/load.ts';
import { defaultConfig as defaults } from '../../src/config/schema.ts';
import { decodeDocument } from '../../src/decide/decide.ts';
import type { RequestInput } from '../../src/decide/input.ts';
import type { Entrypoint } from '../../src/bundle/bundle.ts';
import { parseBundle } from '../../src/bundle/bundle.ts';
import { PolicyError } from '../../src/bundle/error.ts';
import { Isolate } from '../../src/policy/isolate.ts';
import type { EntrypointCustom, FactNeeds } from '../../src/policy/needs.ts';
import { noFacts, readEntrypointCustom, unionOfNeeds } from '../../src/policy/needs.ts';
import type { Expectation } from '../../src/verify/case.ts';
import { change } from '../../src/verify/changes.ts';
import type { CaseEntry } from '../../src/verify/files.ts';
import { readCases } from '../../src/verify/files.ts';
import { KeyRing } from '../../src/verify/keys.ts';
import type { PreparedCase } from '../../src/verify/prepare.ts';
import { prepareCase } from '../../src/verify/prepare.ts';
import { policiesPath } from './paths.ts';

type Json = Record<string, unknown>;

/** A case as both engines are given it. */
export interface RegoCase {
  readonly id: string;
  readonly title: string;
  readonly expect: Expectation;
  /** The input document, with every fact. */
  readonly input: Readonly<Json>;
  /** Facts that floor or policy ask for, and that could not be obtained. */
  readonly missing: readonly string[];
  /** The default policy that decides it. */
  readonly policy: PolicyName;
  /** Value of data.csr.POLICY.config. */
  readonly config: Readonly<Json>;
}

/** A package below data.csr of the default bundle. */
export type PolicyName = 'kubelet_serving' | 'kubelet_client';

/** The signer whose requests are not decided by the rules for serving certificates. */
const clientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';

/** Knobs of the policy for serving certificates, as the default bundle ships them. */
export const defaultConfig = shippedConfig('kubelet_serving');

export const addressCap = {
  maxNodeAddresses: defaults.limits.maxNodeAddresses,
  exemptNodes: new Set<string>(),
};

/** Every case of policies/cases, as the command `verify` reads it. */
export function caseEntries(): CaseEntry[] {
  return readCases([policiesPath('cases')]);
}

/** All cases of policies/cases that get to the rules, each with the document that the program makes of it. */
export async function loadCases(): Promise<readonly RegoCase[]> {
  const keys = new KeyRing();
  const prepared = await Promise.all(caseEntries().map((entry) => prepareCase(entry, keys, addressCap)));
  const needsOf = await shippedNeeds();
  const cases = prepared.map(async (one) => {
    const request = requestOf(one);
    return request === undefined ? [] : [await regoCase(one, request, needsOf)];
  });
  return (await Promise.all(cases)).flat();
}

type NeedsOf = (signer: unknown, data: Readonly<Json>) => FactNeeds;

/** Which facts floor and default policy ask for, by signer and data. */
async function shippedNeeds(): Promise<NeedsOf> {
  const files = await readBundle(defaults);
  const isolate = new Isolate();
  const { floor } = await loadPoliciesFrom({ ...defaults, signers: signersOf(files) }, files, isolate);
  await isolate.close();
  const { entrypoints } = parseBundle(files);
  return (signer, data) =>
    entrypoints
      .map((entrypoint) => readCustom(entrypoint, data))
      .filter((custom) => custom.signer_name === signer)
      .map(({ facts }) => facts)
      .reduce(unionOfNeeds, floor.needs.get(String(signer)) ?? noFacts);
}

/** Lookups that are malformed are none: the program refuses such data, and the rules must, too. */
function readCustom(entrypoint: Entrypoint, data: Readonly<Json>): EntrypointCustom {
  try {
    return readEntrypointCustom(entrypoint, data);
  } catch (cause) {
    if (cause instanceof PolicyError && cause.code === 'LookupInvalid')
      return readEntrypointCustom(entrypoint);
    throw cause;
  }
}

/** The one case that everything else differs from. */
export async function goodCase(): Promise<RegoCase> {
  const good = (await loadCases()).find(({ id }) => id === 'OK-01');
  if (good === undefined) throw new Error('case OK-01 is missing');
  return good;
}

/** The request document; undefined where the decoder refuses the request, which no rule ever sees. */
function requestOf({ subject }: PreparedCase): Json | undefined {
  if (subject.kind === 'document') return subject.document;
  const document = decodeDocument(subject.request, { now: subject.now, limits: defaults.limits });
  return 'reason' in document ? undefined : { ...document };
}

async function regoCase(
  { entry, gather, factsAbout, data }: PreparedCase,
  request: Json,
  needsOf: NeedsOf,
): Promise<RegoCase> {
  const { id, title, expect } = entry.definition;
  const policy = request['signer_name'] === clientSigner ? 'kubelet_client' : 'kubelet_serving';
  const config = structuredClone(shippedConfig(policy));
  const whole = { csr: { [policy]: { config } } };
  const nowhere = change(whole, data);
  if (nowhere !== undefined) throw new TypeError(`${id}: the default policy has no data at ${nowhere}`);
  const { failures } = await gather(needsOf(request['signer_name'], whole), request as RequestInput);
  const missing = failures.map(({ fact }) => fact);
  return { id, title, expect, input: { ...request, ...factsAbout(request) }, missing, policy, config };
}

function shippedConfig(policy: PolicyName): Json {
  const text = readFileSync(policiesPath(`default/csr/${policy}/data.yaml`), 'utf8');
  return (parse(text) as { readonly config: Json }).config;
}
