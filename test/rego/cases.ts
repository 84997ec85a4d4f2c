import { readdirSync, readFileSync } from 'node:fs';
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
  /** Value of data.csr.kubelet_serving.config. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Knobs as the default bundle ships them. */
export const defaultConfig = (
  readYaml('default/csr/kubelet_serving/data.yaml') as { readonly config: Readonly<Record<string, unknown>> }
).config;

/** All cases of policies/cases, each with its whole input document. */
export function loadCases(): readonly RegoCase[] {
  const world = worldSchema.parse(readYaml('cases/world.yaml'));
  const folder = 'cases/kubelet_serving';
  const cases = readdirSync(policiesPath(folder))
    .sort()
    .flatMap((file) => parseFile(join(folder, file)));
  const ids = new Set<string>();
  for (const { id } of cases) {
    if (ids.has(id)) throw new TypeError(`case ${id} is there twice`);
    ids.add(id);
  }
  return cases.map((entry) => ({
    id: entry.id,
    title: entry.title,
    expect: entry.expect,
    input: documentOf(world, entry),
    config: { ...defaultConfig, ...entry.config },
  }));
}

function parseFile(path: string): CaseFile[] {
  const result = z.array(caseSchema).safeParse(readYaml(path));
  if (result.success) return result.data;
  throw new TypeError(`${path}: ${z.prettifyError(result.error)}`);
}

function readYaml(path: string): unknown {
  return parse(readFileSync(policiesPath(path), 'utf8'), { merge: true });
}
