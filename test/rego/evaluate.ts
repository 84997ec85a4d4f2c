/** Evaluates cases: on OPA, all in one process, and on WebAssembly, with the SDK that the program uses. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { parseBundle } from '../../src/bundle/bundle.ts';
import type { FloorDecision, PolicyDecision } from '../../src/policy/decision.ts';
import { decisionShape, floorShape } from '../../src/policy/decision.ts';
import { readBundleFiles } from '../../src/bundle/files.ts';
import type { PolicyName, RegoCase } from './cases.ts';
import { opa } from './opa.ts';
import { policiesPath } from './paths.ts';

/** What the three entrypoints say of one case; `undefined` where a rule is. */
export interface Said {
  readonly form: FloorDecision;
  readonly facts: FloorDecision;
  readonly decision: PolicyDecision;
}

export const bundleNames = ['floor', 'default'] as const;
export type BundleName = (typeof bundleNames)[number];

/** Builds a bundle as policies/README.md says, and gives the path of the archive. */
export async function buildBundle(name: BundleName, directory: string): Promise<string> {
  const path = join(directory, `${name}.tar.gz`);
  const capabilities = ['--capabilities', policiesPath('capabilities.json')];
  await opa(
    'build',
    '-b',
    policiesPath(name),
    '-t',
    'wasm',
    '--ignore',
    '*_test.rego',
    ...capabilities,
    '-o',
    path,
  );
  return path;
}

/** Runs `use` with a directory that is removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'rego-test-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

// Variables for what `with` puts in place: opa evaluates a reference there after the replacement.
const queryOf = (policy: PolicyName): string => `[said |
  some one in input.cases
  document := one.input
  config := one.config
  form := data.csr.floor.form with input as document
  facts := data.csr.floor.facts with input as document
  decision := data.csr.${policy}.decision with input as document with data.csr.${policy}.config as config
  said := {"form": form, "facts": facts, "decision": decision}
]`;

/** Evaluates cases on OPA from the sources of the two bundles. */
export async function evaluateOnOpa(
  cases: readonly RegoCase[],
  sources: Readonly<Record<BundleName, string>> = {
    floor: policiesPath('floor'),
    default: policiesPath('default'),
  },
): Promise<Said[]> {
  const said = new Map<RegoCase, Said>();
  for (const [policy, group] of Map.groupBy(cases, (one) => one.policy)) {
    // oxlint-disable-next-line no-await-in-loop -- two cores
    const answers = await evaluatePolicyOnOpa(policy, group, sources);
    for (const [index, one] of group.entries()) {
      const answer = answers[index];
      if (answer !== undefined) said.set(one, answer);
    }
  }
  return cases.map((one) => said.get(one)).filter((one) => one !== undefined);
}

async function evaluatePolicyOnOpa(
  policy: PolicyName,
  cases: readonly RegoCase[],
  sources: Readonly<Record<BundleName, string>>,
): Promise<Said[]> {
  return withDirectory(async (directory) => {
    const input = join(directory, 'input.json');
    writeFileSync(
      input,
      JSON.stringify({ cases: cases.map((one) => ({ input: one.input, config: one.config })) }),
    );
    const bundles = ['-b', sources.floor, '-b', sources.default, '--ignore', '*_test.rego'];
    const text = await opa('eval', ...bundles, '-i', input, '-f', 'raw', queryOf(policy));
    const said = JSON.parse(text) as unknown[];
    if (said.length !== cases.length) throw new Error('an entrypoint is undefined for some case');
    return said.map((one) => checked(one as Record<keyof Said, unknown>));
  });
}

/** Evaluates one entrypoint of a module; an entrypoint that is undefined throws. */
export type Evaluate = (entrypoint: string, input: object) => unknown;

/** Loads a bundle's module, with its own data or other data. */
export async function loadBundle(path: string, data?: object): Promise<Evaluate> {
  const bundle = parseBundle(await readBundleFiles(path));
  const policy = await loadPolicy(new Uint8Array(bundle.wasm));
  policy.setData(data ?? bundle.data);
  return (entrypoint, input) => {
    const results = policy.evaluate(input, entrypoint) as readonly { readonly result: unknown }[];
    if (results[0] === undefined) throw new Error(`${entrypoint} is undefined`);
    return results[0].result;
  };
}

/** Evaluates cases on WebAssembly. */
export async function evaluateOnWasm(cases: readonly RegoCase[]): Promise<Said[]> {
  return withDirectory(async (directory) => {
    const floor = await loadBundle(await buildBundle('floor', directory));
    const path = await buildBundle('default', directory);
    const policies = new Map<string, Evaluate>();
    const said: Said[] = [];
    for (const { input, config, policy: name } of cases) {
      const key = JSON.stringify([name, config]);
      const policy = policies.get(key) ?? (await loadBundle(path, { csr: { [name]: { config } } }));
      policies.set(key, policy);
      said.push(
        checked({
          form: floor('csr/floor/form', input),
          facts: floor('csr/floor/facts', input),
          decision: policy(`csr/${name}/decision`, input),
        }),
      );
    }
    return said;
  });
}

function checked(said: Readonly<Record<keyof Said, unknown>>): Said {
  const parsed: Said = {
    form: floorShape.parse(said.form),
    facts: floorShape.parse(said.facts),
    decision: decisionShape.parse(said.decision),
  };
  return sorted(parsed) as Said;
}

/** Sets leave the engines in different orders, and so do keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
