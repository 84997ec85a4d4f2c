import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { run } from '../support/command-line.ts';
import { csrObject } from '../support/csr-object.ts';
import { ensureTool } from '../tools/ensure.ts';
import { cluster, nodes } from '../unit/cli/files.ts';

/** Bundles that the real opa builds, loaded by the program's own command line. */

const exec = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'bundles-test-'));
let opa: string;
beforeAll(async () => {
  opa = await ensureTool('opa');
});
afterAll(() => rmSync(root, { recursive: true }));

const SIGNER = 'kubernetes.io/kubelet-serving';
const custom = `custom: {signer_name: ${SIGNER}, facts: {node: true}}`;
const sets = '"deny": set(), "wait": set(), "warn": set(), "config_errors": set()';

/** A whole policy; `body` is what a row changes. */
const policy = (
  body = `{"allow": allow, ${sets}}`,
  annotation = custom,
  rest = 'allow if input.node.found',
) => `
package csr.mine

# METADATA
# entrypoint: true
# ${annotation}
decision := ${body}

default allow := false

${rest}
`;
const second = (annotation = custom) => `
package csr.mine

# METADATA
# entrypoint: true
# ${annotation}
strict := object.union(decision, {"allow": false})
`;
const review = (verb: string) =>
  `custom: {signer_name: ${SIGNER}, facts: {node: true, sar: {a: {resource: pods, verb: ${verb}}}}}`;

const lookups = (more: string) => `custom: {signer_name: ${SIGNER}, facts: {node: true, ${more}}}`;

interface Row {
  readonly name: string;
  /** Beside `.manifest`; undefined leaves one out. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  readonly config?: object;
  readonly expected: RegExp;
}

const base = ['-t', 'wasm', '-b', '.'];
const entrypoints = (path: string) => ({ policy: { entrypoints: { [SIGNER]: path } } });
const approves = /^verdict approve$/m;

const rows: Row[] = [
  { name: 'a good one', expected: approves },
  {
    name: 'optimised, which drops annotations',
    args: ['-O=1', ...base],
    expected: /AnnotationsMissing: .*-O/,
  },
  {
    name: 'not as a bundle, so that it owns everything',
    args: ['-t', 'wasm', 'csr'],
    expected: /RootsInvalid: .*opa build -b/,
  },
  { name: 'without WebAssembly', args: ['-b', '.'], expected: /WasmMissing: .*opa build -t wasm/ },
  {
    name: 'with a function that WebAssembly has not',
    files: { 'csr/mine/p.rego': policy(undefined, undefined, 'allow if crypto.sha256(input.name) != "x"') },
    expected: /BuiltinUnsupported: .*crypto\.sha256/,
  },
  {
    name: 'with an entrypoint without METADATA',
    files: { 'csr/mine/p.rego': policy().replaceAll(/^# .*$/gm, '') },
    args: [...base, '-e', 'csr/mine/decision'],
    expected: /AnnotationsMissing: .*csr\/mine\/decision/,
  },
  {
    name: 'two entrypoints for one signer',
    files: { 'csr/mine/strict.rego': second() },
    expected: /EntrypointAmbiguous: .*csr\/mine\/decision.*csr\/mine\/strict.*policy\.entrypoints/,
  },
  {
    name: 'two entrypoints, and one is named',
    files: { 'csr/mine/strict.rego': second() },
    config: entrypoints('csr/mine/decision'),
    expected: approves,
  },
  {
    name: 'two entrypoints, and the other is named',
    files: { 'csr/mine/strict.rego': second() },
    config: entrypoints('csr/mine/strict'),
    expected: /verdict abstain[^]*NotAllowed/,
  },
  {
    name: 'an entrypoint is named that is not there',
    config: entrypoints('csr/mine/other'),
    expected: /EntrypointMissing: .*csr\/mine\/other.*it has: csr\/mine\/decision/,
  },
  {
    name: 'two entrypoints that mean two things by one review',
    files: {
      'csr/mine/p.rego': policy(undefined, review('get')),
      'csr/mine/strict.rego': second(review('list')),
    },
    config: entrypoints('csr/mine/decision'),
    expected: /FactsConflict: .*access review a/,
  },
  {
    name: 'facts of both entrypoints, though one is named',
    files: { 'csr/mine/strict.rego': second(review('get')) },
    config: entrypoints('csr/mine/decision'),
    expected: /verdict error[^]*sar\.a: not given/,
  },
  {
    name: 'a signer that no floor is for',
    files: { 'csr/mine/p.rego': policy(undefined, 'custom: {signer_name: example.com/x}') },
    expected: /SignerNotSupported: .*example\.com\/x/,
  },
  {
    name: 'the configuration names such a signer',
    config: { signers: [SIGNER, 'kubernetes.io/kube-apiserver-client'] },
    expected: /SignerNotSupported: .*configuration.*kube-apiserver-client/,
  },
  {
    name: 'METADATA without signer',
    files: { 'csr/mine/p.rego': policy(undefined, 'title: x') },
    expected: /AnnotationInvalid: .*custom\.signer_name/,
  },
  {
    name: 'an unknown fact',
    files: { 'csr/mine/p.rego': policy(undefined, custom.replace('node:', 'nodes:')) },
    expected: /AnnotationInvalid: .*nodes.*known facts/,
  },
  {
    name: 'a lookup of a word that is none',
    files: {
      'csr/mine/p.rego': policy(
        undefined,
        lookups('lookups: {m: {version: v1, resource: nodes, name: "{node}"}}'),
      ),
    },
    expected: /AnnotationInvalid: .*custom\.facts\.lookups\.m\.name: \{node\} is no text of the request/,
  },
  {
    name: 'a lookup that data asks for',
    files: {
      'csr/mine/p.rego': policy(undefined, lookups('lookups_from: csr.mine.lookups')),
      'csr/mine/data.yaml': 'lookups: {m: {query: {version: v1, resource: nodes, name: "{node_name}"}}}',
    },
    expected: /verdict error[^]*lookups\.m: not given: supply it with --facts FILE/,
  },
  {
    name: 'no lookup where data is silent',
    files: { 'csr/mine/p.rego': policy(undefined, lookups('lookups_from: csr.mine.lookups')) },
    expected: approves,
  },
  {
    name: 'a lookup in data that is malformed',
    files: {
      'csr/mine/p.rego': policy(undefined, lookups('lookups_from: csr.mine.lookups')),
      'csr/mine/data.yaml': 'lookups: {m: {query: {version: v1, resources: nodes}}}',
    },
    expected: /LookupInvalid: .*data\.csr\.mine\.lookups\.m\.query/,
  },
  {
    name: 'a configuration error',
    files: { 'csr/mine/p.rego': policy(`{"allow": allow, ${sets.replace(/set\(\)$/, '{"wrong knob"}')}}`) },
    expected: /ConfigErrors: .*wrong knob/,
  },
  {
    name: 'a decision that is undefined',
    files: { 'csr/mine/p.rego': policy(`{"allow": input.nothing, ${sets}}`) },
    expected: /DecisionInvalid: .*undefined/,
  },
  {
    name: 'an allow that is no boolean',
    files: { 'csr/mine/p.rego': policy(`{"allow": "yes", ${sets}}`) },
    expected: /DecisionInvalid: .*allow/,
  },
  {
    name: 'a decision without deny',
    files: { 'csr/mine/p.rego': policy(`{"allow": allow, ${sets.replace('"deny": set(), ', '')}}`) },
    expected: /DecisionInvalid: .*deny/,
  },
  {
    name: 'a rule that nobody reads',
    files: { 'csr/mine/p.rego': policy(`{"allow": allow, "block": set(), ${sets}}`) },
    expected: /DecisionInvalid: .*block/,
  },
  {
    name: 'an evaluation that conflicts',
    files: {
      'csr/mine/p.rego': policy(
        `{"allow": f(1), ${sets}}`,
        custom,
        'f(_) := true if input.name\n\nf(_) := false if input.uid',
      ),
    },
    expected: /DecisionInvalid: .*/,
  },
];

/** The bundle's directory, built; gives the archive. */
async function build({ name, files = {}, args = base }: Row): Promise<string> {
  const directory = join(root, name.replaceAll(/\W+/g, '-'));
  const all = { '.manifest': '{"roots": ["csr/mine"]}', 'csr/mine/p.rego': policy(), ...files };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    if (content !== undefined) writeFileSync(join(directory, path), content);
  }
  const output = `${directory}.tar.gz`;
  await exec(opa, ['build', ...args, '-o', output], { cwd: directory });
  return output;
}

function write(name: string, content: object): string {
  const path = join(root, name);
  writeFileSync(path, stringify(content));
  return path;
}

/** Everything that review says of the good request, as one text. */
async function reviewed(bundle: string, config: object = {}, request = csrObject()): Promise<string> {
  const head = { apiVersion: 'rego-csr-approver/v1alpha1', kind: 'ApproverConfiguration' };
  const facts = ['--nodes', write('nodes.yaml', nodes), '--cluster', write('cluster.yaml', cluster)];
  const args = ['review', '-f', '-', ...facts, '--config', write('config.yaml', { ...head, ...config })];
  const { code, out, err } = await run([...args, '--bundle', bundle], stringify(request));
  return `${err}${out.replaceAll(/^ {2}verdict: /gm, 'verdict ')}exit ${String(code)}`;
}

test.each(rows)('$name', async (row) => {
  const said = await reviewed(await build(row), row.config);
  expect(said).toMatch(row.expected);
  const verdict = /^verdict (\w+)$/m.exec(said)?.[1];
  expect(said).toMatch({ approve: /exit 0$/, abstain: /exit 1$/ }[verdict ?? ''] ?? /exit 2$/);
});

describe('a policy that allows everything', () => {
  const anything = {
    name: 'allows everything',
    files: { 'csr/mine/p.rego': policy(`{"allow": true, ${sets}}`) },
  };
  test.each([
    ['a name of the API server', csrObject({ request: { dns: ['kubernetes.default.svc'] } })],
    ['an address of the API server', csrObject({ request: { ip: ['192.0.2.10'] } })],
    ['the identity of another node', csrObject({ username: 'system:node:n2' })],
    ['client authentication', csrObject({ usages: ['digital signature', 'client auth'] })],
  ])('does not get past the floor: %s', async (_, request) => {
    const said = await reviewed(await build({ ...anything, expected: approves }), {}, request);
    expect(said).toMatch(/verdict deny[^]*\(floor\)[^]*exit 1$/);
  });
});

test('an unpacked bundle is as good as an archive', async () => {
  const archive = await build({ name: 'unpacked', expected: approves });
  const directory = join(root, 'unpacked-again');
  mkdirSync(directory);
  await exec('tar', ['-xzf', archive, '-C', directory]);
  expect(await reviewed(directory)).toMatch(approves);
});
