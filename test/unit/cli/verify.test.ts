import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { csrObject } from '../../support/csr-object.ts';
import { run } from '../../support/command-line.ts';

const root = mkdtempSync(join(tmpdir(), 'verify-test-'));
afterAll(() => rmSync(root, { recursive: true }));

const world = readFileSync(new URL('../../../policies/cases/world.yaml', import.meta.url), 'utf8');
const input = readFileSync(new URL('../../../policies/examples/input.json', import.meta.url), 'utf8');
let folders = 0;

/** Writes files into a folder of their own, beside a world. */
function folder(files: Readonly<Record<string, unknown>>): string {
  folders += 1;
  const path = join(root, String(folders));
  for (const [name, content] of Object.entries({ 'world.yaml': world, ...files })) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), typeof content === 'string' ? content : stringify(content));
  }
  return path;
}

const verify = (files: Readonly<Record<string, unknown>>, ...args: string[]) =>
  run(['verify', folder(files), ...args]);

const lines = (text: string) => text.trimEnd().split('\n');

const approve = { verdict: 'approve' };
const good = { id: 'A-1', title: 'good', expect: approve };
const denied = { verdict: 'deny', codes: ['NameReserved'] };

describe('exit codes', () => {
  test('0: all pass', async () => {
    const { code, out, err } = await verify({ 'cases.yaml': [good] });
    expect(err).toBe('');
    expect(out).toMatch(
      /^policy: built-in default\nok {5}\S+cases\.yaml: 1 of 1 passed\n1 case: 1 passed, 0 failed/,
    );
    expect(code).toBe(0);
  });

  test.each([
    ['option', (bundle: string) => ['--bundle', bundle]],
    [
      'configuration',
      (bundle: string) => {
        const file = join(root, 'config.yaml');
        const kind = { apiVersion: 'rego-csr-approver/v1alpha1', kind: 'ApproverConfiguration' };
        writeFileSync(file, stringify({ ...kind, policy: { bundle } }));
        return ['--config', file];
      },
    ],
  ])('0: says by which bundle of the %s', async (_, args) => {
    const bundle = new URL('../../../dist/default.tar.gz', import.meta.url).pathname;
    const { code, out } = await verify({ 'cases.yaml': [good] }, ...args(bundle));
    expect([code, lines(out)[0]]).toEqual([0, `policy: ${bundle}`]);
  });

  test('1: a case failed, and is told with what the program said', async () => {
    const bad = { ...good, id: 'B-1', request: { 'sans.dns': ['kubernetes.default.svc'] } };
    const { code, out } = await verify({ 'cases.yaml': [good, bad] });
    expect(out).toMatch(
      /^policy: built-in default\nFAILED \S+cases\.yaml: 1 of 2 passed\n {2}line 5: B-1 good\n/,
    );
    expect(out).toMatch(/verdict: expected approve, got deny\n\s+codes: expected none, got NameReserved\n/);
    expect(out).toMatch(/deny: NameReserved \(floor\): .*kubernetes\.default\.svc/);
    expect(code).toBe(1);
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['an empty folder', {}, []],
    ['an empty list', { 'cases.yaml': [] }, []],
    ['a filter that nothing matches', { 'cases.yaml': [good] }, ['--filter', 'X-*']],
    [
      'one of two filters that nothing matches',
      { 'cases.yaml': [good] },
      ['--filter', 'A-1', '--filter', 'X'],
    ],
  ])('2: %s runs nothing', async (_, files, args) => {
    const { code, out, err } = await verify(files, ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: NothingRun: /);
  });

  test.each<[string, string[], RegExp]>([
    ['a bundle that is not there', ['--bundle', join(root, 'none')], /^error: BundleNotFound: /],
    ['a configuration that is not there', ['--config', join(root, 'none')], /^error: ConfigUnreadable: /],
    ['an output that is not known', ['-o', 'html'], /^error: OutputInvalid: .*junit/],
    ['an output without its file', ['-o', 'junit='], /^error: OutputInvalid: /],
    ['two outputs in one place', ['-o', 'tap', '-o', 'json'], /^error: OutputInvalid: .*only one/],
    ['a file that cannot be written', ['-o', `tap=${join(root, 'a', 'b')}`], /^error: FileUnwritable: /],
  ])('2: %s', async (_, args, message) => {
    const { code, err } = await verify({ 'cases.yaml': [good] }, ...args);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });

  test('2: a path that is not there', async () => {
    const { code, err } = await run(['verify', join(root, 'none')]);
    expect(err).toMatch(/^error: CasesUnreadable: /);
    expect(code).toBe(2);
  });
});

describe('a file that is wrong is refused as a whole, with its place', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['no YAML', { 'c.yaml': '- id: [' }, /c\.yaml:\d+:\d+: /],
    ['two documents', { 'c.yaml': '- 1\n---\n- 2\n' }, /c\.yaml:1:1: exactly one/],
    ['a key twice', { 'c.yaml': '- id: A\n  id: B\n' }, /c\.yaml:2:3: /],
    ['an alias without anchor', { 'c.yaml': '- *x\n' }, /c\.yaml:1:\d+: /],
    ['a text', { 'c.yaml': 'hello' }, /c\.yaml:1:1: expected a list of cases/],
    ['a document that no case uses', { 'c.yaml': [good], 'd.json': input }, /d\.json:1:1: expected a list/],
    ['no list', { 'c.yaml': { cases: 7 } }, /c\.yaml:1:1: cases: a list/],
    [
      'a key beside the cases',
      { 'c.yaml': { cases: [good], worlds: 1 } },
      /c\.yaml:\d+:1: worlds: unknown key/,
    ],
    [
      'an unknown default',
      { 'c.yaml': { defaults: { titel: 1 }, cases: [good] } },
      /c\.yaml:2:3: titel: unknown/,
    ],
    ['a case that is a text', { 'c.yaml': [good, 'x'] }, /c\.yaml:5:\d+: /],
    [
      'an unknown key',
      { 'c.yaml': [good, { ...good, expected: approve }] },
      /c\.yaml:8:3: expected: unknown key/,
    ],
    ['no expectation', { 'c.yaml': [{ id: 'A', title: 'x' }] }, /c\.yaml:1:\d: expect: /],
    ['no verdict', { 'c.yaml': [{ ...good, expect: { codes: [] } }] }, /c\.yaml:\d:\d: expect\.verdict: /],
    [
      'no such verdict',
      { 'c.yaml': [{ ...good, expect: { verdict: 'yes' } }] },
      /c\.yaml:4:5: expect\.verdict: /,
    ],
    ['an id with a blank', { 'c.yaml': [{ ...good, id: 'A 1' }] }, /c\.yaml:1:3: id: /],
    ['an id twice', { 'a.yaml': [good], 'b.yaml': [good] }, /b\.yaml:1:3: id A-1 is taken at \S+a\.yaml:1$/m],
    [
      'a fact that there is not',
      { 'c.yaml': [{ ...good, facts: { nodes: {} } }] },
      /c\.yaml:6:5: facts: nodes is no/,
    ],
    [
      'a part of none',
      { 'c.yaml': [{ ...good, facts: { 'node.lables': {} } }] },
      /c\.yaml:6:5: facts: .*node\.lables/,
    ],
    [
      'nothing to change',
      { 'c.yaml': [{ ...good, request: { 'san.dns': [] } }] },
      /c\.yaml:6:5: request: .*san\.dns/,
    ],
    [
      'a field too many',
      { 'c.yaml': [{ ...good, request: { usage: [] } }] },
      /c\.yaml:\d:\d: request\..*document: true/,
    ],
    [
      'no time',
      { 'c.yaml': [{ ...good, request: { created_at: 'now' } }] },
      /c\.yaml:6:5: request\.created_at: /,
    ],
    [
      'no age',
      { 'c.yaml': [{ ...good, request: { age_seconds: 3, created_at: '2026-11-22T05:59:59Z' } }] },
      /age_seconds/,
    ],
    [
      'a fingerprint',
      { 'c.yaml': [{ ...good, request: { fingerprint: 'x' } }] },
      /c\.yaml:6:5: request\.fingerprint: /,
    ],
    [
      'data that there is not',
      { 'c.yaml': [{ ...good, data: { 'acme.config.x': 1 } }] },
      /c\.yaml:1:3: data: .*acme\.config\.x/,
    ],
    [
      'two subjects',
      { 'c.yaml': [{ ...good, csr: {}, capture: {} }] },
      /c\.yaml:1:3: `csr` excludes `capture`/,
    ],
    ['a name for a manifest', { 'c.yaml': [{ ...good, csr: {}, as: 'n1' }] }, /`as`, `listed`/],
    [
      'Nodes for a capture',
      { 'c.yaml': [{ ...good, capture: {}, nodes: {} }] },
      /`capture` excludes `nodes`/,
    ],
    [
      'a manifest that is not there',
      { 'c.yaml': [{ ...good, csr: 'x.yaml' }] },
      /c\.yaml:5:3: csr: there is no file/,
    ],
    [
      'a manifest that is none',
      { 'c.yaml': [{ ...good, csr: { kind: 'Node' } }] },
      /c\.yaml:5:3: csr: a Certificate/,
    ],
    [
      'a capture that is none',
      { 'c.yaml': [{ ...good, capture: { version: 1 } }] },
      /c\.yaml:5:3: capture: now: /,
    ],
    ['no world', { 'world.yaml': undefined, 'c.yaml': [good] }, /c\.yaml:1:3: there is no world\.yaml/],
    [
      'a world with a key too many',
      { 'world.yaml': `${world}\npods: {}`, 'c.yaml': [good] },
      /world\.yaml:\d+:1: pods: /,
    ],
  ])('%s', async (_, files, message) => {
    const { code, out, err } = await verify(files);
    expect(err).toMatch(/^error: CaseInvalid: /);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
  });

  test('without a stack, and without characters that move the cursor', async () => {
    const { err } = await verify({ 'c.yaml': [{ ...good, '\u001B[2J\u202E': 1 }] });
    expect(err).toMatch(/\\u\{1b\}\[2J\\u\{202e\}: unknown key\n$/);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

const results = async (files: Readonly<Record<string, unknown>>, ...args: string[]) => {
  const { out, err } = await verify(files, '-o', 'json', ...args);
  expect(err).toBe('');
  const { results: all } = JSON.parse(out) as {
    readonly results: readonly {
      readonly id: string;
      readonly problems: readonly string[];
      readonly got: { readonly reasons: readonly { readonly msg: string }[] };
    }[];
  };
  return all;
};
const problems = async (...args: Parameters<typeof results>) =>
  (await results(...args)).flatMap(({ id, problems: found }) => found.map((problem) => `${id} ${problem}`));

describe('a case', () => {
  test('may stand in a folder below, in JSON, with defaults for its file', async () => {
    const found = await results({
      'a/b/one.json': JSON.stringify([good]),
      'a/two.yml': {
        defaults: { as: 'n2', request: { 'sans.dns': ['n2'], 'sans.ip': ['10.0.0.2'] } },
        cases: [
          { ...good, id: 'B-1' },
          {
            ...good,
            id: 'B-2',
            request: { 'sans.dns': ['n9'] },
            expect: { verdict: 'wait', codes: ['SANNotListed'] },
          },
        ],
      },
      '.hidden/x.yaml': 'nothing of ours',
    });
    expect(found.map(({ id }) => id)).toEqual(['A-1', 'B-1', 'B-2']);
    expect(found.flatMap((one) => one.problems)).toEqual([]);
  });

  test('is a manifest of a file or its own, with the Nodes of the world or its own', async () => {
    const manifest = csrObject();
    const other = csrObject({ username: 'system:node:n7', request: { node: 'n7', ip: ['10.0.0.7'] } });
    const approved = csrObject({ conditions: [{ type: 'Approved', status: 'True' }] });
    const n7 = {
      addresses: [
        { type: 'InternalIP', address: '10.0.0.7' },
        { type: 'Hostname', address: 'n7' },
      ],
    };
    expect(
      await problems({
        'csr.yaml': manifest,
        'cases.yaml': [
          { ...good, csr: 'csr.yaml' },
          { ...good, id: 'A-2', csr: other, nodes: { n7 } },
          { ...good, id: 'A-3', csr: other, expect: { verdict: 'wait', codes: ['NodeNotFound'] } },
          { ...good, id: 'A-4', csr: approved, expect: { verdict: 'ignore', codes: ['Finished'] } },
          { ...good, id: 'A-5', csr: approved, as_new: true },
        ],
      }),
    ).toEqual([]);
  });

  test('is a capture of a file or its own, as it was or with something changed', async () => {
    expect(
      await problems({
        'capture.json': input,
        'cases.yaml': [
          { ...good, capture: 'capture.json' },
          { ...good, id: 'A-2', capture: parse(input) as object },
          {
            ...good,
            id: 'A-3',
            capture: 'capture.json',
            request: { 'sans.dns': ['kubernetes'] },
            expect: denied,
          },
          {
            ...good,
            id: 'A-4',
            capture: 'capture.json',
            facts: { node: null },
            expect: { verdict: 'error', codes: ['FactUnavailable'], messages: ['node: '] },
          },
        ],
      }),
    ).toEqual([]);
  });

  test('may ask for the data that it needs, and is an error where the policy does not load with it', async () => {
    const expect2 = { verdict: 'deny', codes: ['NameReservedByConfig'] };
    expect(
      await problems({
        'cases.yaml': [
          good,
          { ...good, id: 'A-2', config: { reserved_names: ['n1'] }, expect: expect2 },
          {
            ...good,
            id: 'A-3',
            data: { 'csr.kubelet_serving.config.reserved_names': ['n1'] },
            expect: expect2,
          },
          {
            ...good,
            id: 'A-4',
            config: { reserved_names: 'n1' },
            expect: { verdict: 'error', codes: ['PolicyFailed'], messages: ['ConfigErrors'] },
          },
        ],
      }),
    ).toEqual([]);
  });

  test('goes through the decoder', async () => {
    const expected = { verdict: 'deny', codes: ['SANTextInvalid'] };
    expect(await problems({ 'c.yaml': [{ ...good, listed: 'n\u00E4', expect: expected }] })).toEqual([]);
  });

  test('is judged at its own time', async () => {
    const old = { verdict: 'ignore', codes: ['RequestTooOld'] };
    expect(
      await problems({
        'c.yaml': [
          { ...good, request: { age_seconds: 899 } },
          { ...good, id: 'A-2', request: { age_seconds: 901 }, expect: old },
          { ...good, id: 'A-3', request: { created_at: '2026-11-22T05:40:00Z' }, expect: old },
        ],
      }),
    ).toEqual([]);
  });

  test('lacks what its world does not say', async () => {
    const poor = stringify({ request: (parse(world) as { readonly request: unknown }).request });
    const [found] = await results({ 'world.yaml': poor, 'c.yaml': [good] });
    expect(found?.problems[0]).toBe('verdict: expected approve, got error');
    expect(found?.got.reasons.map(({ msg }) => msg.split(':')[0])).toEqual([
      'cluster',
      'pending',
      'sar.selfnodeserver',
    ]);
  });

  test('expects warnings and messages too', async () => {
    const dnsOnly = { ...good, request: { 'sans.ip': [] } };
    expect(
      await problems({
        'c.yaml': [
          { ...dnsOnly, expect: { ...approve, warn: ['NoIPAddress'] } },
          { ...dnsOnly, id: 'A-2' },
          {
            ...good,
            id: 'A-3',
            listed: 'kubernetes',
            expect: { ...denied, messages: ['kubernetes', 'nonsense'] },
          },
        ],
      }),
    ).toEqual(['A-2 warnings: expected none, got NoIPAddress', 'A-3 no message has the text "nonsense"']);
  });

  test('is left out by a filter', async () => {
    const files = {
      'c.yaml': [good, { ...good, id: 'A-12' }, { ...good, id: 'B.1' }, { ...good, id: 'Bx1' }],
    };
    const ids = async (...args: string[]) => (await results(files, ...args)).map(({ id }) => id);
    expect(await ids('--filter', 'A-*')).toEqual(['A-1', 'A-12']);
    expect(await ids('--filter', 'A-?', '--filter', 'B.1')).toEqual(['A-1', 'B.1']);
  });

  test('of a signer that the configuration does not name is not ours', async () => {
    const signer = 'example.com/serving';
    const ignored = { verdict: 'ignore', codes: ['NotOurs'] };
    expect(
      await problems({ 'c.yaml': [{ ...good, request: { signer_name: signer }, expect: ignored }] }),
    ).toEqual([]);
  });
});

test('one run writes several reports', async () => {
  const [xml, sarif] = [join(root, 'report.xml'), join(root, 'report.sarif')];
  const cases = { 'c.yaml': [{ ...good, listed: 'kubernetes' }] };
  const { code, out, err } = await verify(cases, '-o', `junit=${xml}`, '-o', `sarif=${sarif}`);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^policy: built-in default\n1 case: 0 passed, 1 failed/);
  expect(existsSync(xml) && readFileSync(xml, 'utf8')).toContain('<failure');
  expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({ version: '2.1.0' });
});
