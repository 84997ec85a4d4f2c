import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, parseConfig } from '../../../src/config/load.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { PolicyError } from '../../../src/bundle/error.ts';
import { SourceError } from '../../../src/bundle/sources/error.ts';
import { readRequest } from '../../../src/decide/request.ts';
import { csrObject } from '../../support/csr-object.ts';
import { buildCSR } from '../../support/csr.ts';
import { opaBundle } from '../../support/opa-bundle.ts';
import { policiesPath } from '../../rego/paths.ts';
import { allowAll, hostileBundles } from './bundles.ts';
import { decideAll, defaultBundle } from './decide.ts';
import { badRequests, client, goodRequests, serving } from './requests.ts';
import { environment, fields, knobs } from './settings.ts';

/** Nothing relaxes the floor: no field of the configuration, no knob, overlay or bundle, and no variable. */

const root = mkdtempSync(join(tmpdir(), 'floor-test-'));
afterAll(() => rmSync(root, { recursive: true }));

let permissive: string;
beforeAll(async () => {
  permissive = await opaBundle(join(root, 'allow-all'), allowAll.files);
});

/** What an operator adds to the floor; the row of a field takes its addition away. */
const added = {
  apiNames: ['api.example.com'],
  apiAddresses: ['198.51.100.7'],
  serviceCIDRs: ['10.97.0.0/16'],
  podCIDRs: ['10.244.0.0/16'],
};
type Tree = Readonly<Record<string, unknown>>;
const base = (bundle: string, more: Tree = {}): Tree => ({
  apiVersion: 'rego-csr-approver/v1alpha1',
  kind: 'ApproverConfiguration',
  signers: [serving, client],
  cluster: added,
  ...more,
  policy: { bundle, ...(more['policy'] as Tree | undefined) },
});

function withField(tree: Tree, path: string, value: unknown): Tree {
  const [key = '', ...rest] = path.split('.');
  const inner = (tree[key] ?? {}) as Tree;
  return { ...tree, [key]: rest.length === 0 ? value : withField(inner, rest.join('.'), value) };
}

/** Verdicts on all requests, good ones first; or the code by which the program refuses to start. */
async function outcome(tree: Tree, fieldsSet: readonly string[] = []) {
  const bad = badRequests.filter(({ addedBy }) => addedBy === undefined || !fieldsSet.includes(addedBy));
  try {
    const verdicts = await decideAll(parseConfig(stringify(tree), 'config.yaml'), [...goodRequests, ...bad]);
    const approved = (from: readonly { name: string }[], offset: number) =>
      from.filter((_, index) => verdicts[index + offset]?.kind === 'approve').map(({ name }) => name);
    return {
      good: approved(goodRequests, 0).length,
      bad: approved(bad, goodRequests.length),
      verdicts: verdicts.slice(goodRequests.length),
    };
  } catch (cause) {
    if (cause instanceof PolicyError || cause instanceof ConfigError || cause instanceof SourceError)
      return { refused: cause.code };
    throw cause;
  }
}

/** The setting is taken, good requests are approved by it, and bad ones are not. */
const holds = { good: goodRequests.length, bad: [] };

describe('the bad requests', () => {
  test('are one at least for each rule of the floor', () => {
    const floor = policiesPath('floor/csr/floor');
    const rules = readdirSync(floor, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego'))
      .flatMap((file) =>
        [...readFileSync(join(floor, file), 'utf8').matchAll(/^#\s+code: (\w+)$/gm)].map(
          ([, code = '']) => `${dirname(file).replace('.', '')}/${code}`,
        ),
      );
    // What conftest shows beside the others.
    const expected = new Set(rules.filter((rule) => rule !== '/FloorNotPassed'));
    expect(new Set(badRequests.map(({ rule }) => rule))).toEqual(expected);
  });

  test('each meet their rule, where the policy says yes to everything', async () => {
    const said = await outcome(base(permissive));
    expect(said).toMatchObject(holds);
    const met = badRequests.filter(({ rule }, index) => {
      const reasons = said.verdicts?.[index]?.reasons ?? [];
      return reasons.some(({ code, source }) =>
        // A request of another signer does not even reach the floor.
        rule === '/SignerNotSupported' ? code === 'NotOurs' : source === 'floor' && rule.endsWith(`/${code}`),
      );
    });
    expect(badRequests.filter((one) => !met.includes(one)).map(({ name }) => name)).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function paths({ properties }: Schema, above: readonly string[] = []): string[] {
  if (properties === undefined) return [above.join('.')];
  return Object.entries(properties).flatMap(([name, inner]) => paths(inner, [...above, name]));
}

describe('no field of the configuration relaxes it', () => {
  test('and every field has a row', () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON schema, of which one word is read
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Schema;
    expect(Object.keys(fields).sort()).toEqual(paths(schema).sort());
  });

  const rows = Object.entries(fields).flatMap(([path, values]) => values.map((row) => ({ path, ...row })));
  test.each(rows)('$path: $value', async ({ path, value, refused }) => {
    const said = await outcome(withField(base(permissive), path, value), [path]);
    expect(said).toMatchObject(refused === undefined ? holds : { refused });
  });

  test('nor the hard caps of the decoder, to which `limits` goes at most', async () => {
    // With the address that every request of this test has: 129.
    const dns = Array.from({ length: 128 }, (_, index) => `n${String(index)}`);
    const request = readRequest({ ...csrObject({ request: { dns } }) });
    if ('problem' in request) throw new TypeError(request.problem);
    const many = { name: 'many', rule: '', request, node: 'there', access: true } as const;
    const limits = { maxSANs: 128, maxRequestBytes: 65_536, maxNodeAddresses: 4096 };
    const config = parseConfig(stringify(base(permissive, { limits })), 'config.yaml');
    const few = buildCSR({ dns: dns.slice(1) }).pem;
    const allowed = { ...many, request: { ...request, request: Buffer.from(few).toString('base64') } };
    const [refused, approved] = await decideAll(config, [many, allowed]);
    expect(refused).toMatchObject({ kind: 'deny', reasons: [{ code: 'SANsTooMany' }] });
    expect(approved).toMatchObject({ kind: 'approve' });
  });

  test('all of them at once', async () => {
    const taken = rows.filter(({ refused }) => refused === undefined);
    const tree = taken.reduce((one, { path, value }) => withField(one, path, value), base(permissive));
    expect(await outcome(tree, Object.keys(fields))).toMatchObject(holds);
  });
});

const withOverlay = (name: string, text: unknown) => {
  const file = join(root, name);
  writeFileSync(file, typeof text === 'string' ? text : stringify(text));
  return base(defaultBundle, { policy: { data: [file] } });
};

describe('no knob relaxes it', () => {
  test.each(Object.keys(knobs))('and every knob of %s has a row', (name) => {
    const data = parse(readFileSync(policiesPath(`default/csr/${name}/data.yaml`), 'utf8')) as {
      readonly config: object;
    };
    expect(Object.keys(knobs[name] ?? {}).sort()).toEqual(Object.keys(data.config).sort());
    for (const [knob, config] of Object.entries(knobs[name] ?? {})) expect(config).toHaveProperty(knob);
  });

  const rows = Object.entries(knobs).flatMap(([name, all]) =>
    Object.entries(all).map(([knob, config]) => ({ name, knob, config })),
  );
  test.each(rows)('$name: $knob', async ({ name, knob, config }) => {
    const tree = withOverlay(`${name}-${knob}.yaml`, { csr: { [name]: { config } } });
    expect(await outcome(tree)).toMatchObject(holds);
  });

  test('all of them at once', async () => {
    const all = Object.entries(knobs).map(([name, each]) => [
      name,
      {
        config: Object.values(each)
          .toReversed()
          .reduce((one, more) => ({ ...one, ...more }), {}),
      },
    ]);
    expect(await outcome(withOverlay('all.yaml', { csr: Object.fromEntries(all) }))).toMatchObject(holds);
  });

  test.each([
    ['its package', 'csr: {floor: {pass: true}}', 'OverlayPathUnknown'],
    ['its rules', 'csr: {floor: {serving: {_reserved_ranges: {}}}}', 'OverlayPathUnknown'],
    ['all packages', 'csr: null', 'OverlayPathUnknown'],
    ['a package in one key', 'csr.floor: {pass: true}', 'OverlayPathUnknown'],
    ['a package by a slash', '"csr/floor": {pass: true}', 'OverlayPathUnknown'],
    ['a package by a step up', '{csr: {kubelet_serving: {"..": {floor: {}}}}}', 'OverlayPathUnknown'],
    ['the input', 'input: {usages: []}', 'OverlayPathUnknown'],
    ['system', 'system: {authz: {allow: true}}', 'OverlayPathUnknown'],
    ['the prototype of every object', '{"__proto__": {"pass": true}}', 'OverlayUnreadable'],
    [
      'a prototype below',
      '{csr: {kubelet_serving: {config: {"__proto__": {pass: true}}}}}',
      'OverlayUnreadable',
    ],
  ])('an overlay over %s is refused', async (name, text, refused) => {
    expect(await outcome(withOverlay(`${name.replaceAll(' ', '-')}.yaml`, text))).toEqual({ refused });
  });
});

describe('no bundle relaxes it: one that', () => {
  test.each(hostileBundles.map((bundle, index) => ({ ...bundle, index })))(
    '$name',
    async ({ files, overlay, refused, index }) => {
      const bundle = await opaBundle(join(root, `bundle-${String(index)}`), files);
      const data = overlay === undefined ? [] : [join(root, `overlay-${String(index)}.yaml`)];
      for (const file of data) writeFileSync(file, stringify(overlay));
      const said = await outcome(base(bundle, { policy: { data } }));
      expect(said).toMatchObject(refused === undefined ? holds : { refused });
    },
  );
});

describe('no environment variable relaxes it', () => {
  const src = new URL('../../../src', import.meta.url).pathname;

  test('since the program reads those and no others', () => {
    const read = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(src, file), 'utf8').matchAll(/\benv(?:\.|\[')([A-Za-z0-9_]+)/g),
      ])
      .map(([, name = '']) => name);
    expect(read.length).toBeGreaterThan(1);
    expect(read.filter((name) => !(name in environment))).toEqual([]);
  });

  test('nor one that names the program’s own parts', async () => {
    const names = ['FLOOR_BUNDLE', 'DEFAULT_BUNDLE', 'CSR_FLOOR', 'OPA_BUNDLE', ...Object.keys(environment)];
    const env = Object.fromEntries(names.map((name) => [name, permissive]));
    const document: unknown = JSON.parse(readFileSync(policiesPath('examples/input.json'), 'utf8'));
    const [good, bad] = [join(root, 'good.json'), join(root, 'bad.json')];
    writeFileSync(good, JSON.stringify(document));
    writeFileSync(bad, JSON.stringify({ ...(document as object), usages: ['client auth'] }));
    const program = new URL('../../../dist/rego-csr-approver', import.meta.url).pathname;
    const args = ['review', '--bundle', permissive, '--input', good, '--input', bad];
    const ran = await promisify(execFile)(program, args, { env: { ...process.env, ...env } }).catch(
      (error: { stdout: string }) => error,
    );
    expect([...ran.stdout.matchAll(/verdict: (\w+)/g)].map(([, verdict]) => verdict)).toEqual([
      'approve',
      'deny',
    ]);
  });
});
