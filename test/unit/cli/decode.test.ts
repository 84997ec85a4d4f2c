import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { buildCSR } from '../../support/csr.ts';
import { csrObject } from '../../support/csr-object.ts';
import { run } from '../../support/command-line.ts';
import { scratch, yaml } from './files.ts';

const file = scratch();
const good = file('good.yaml', yaml());

test('prints the input document, without facts', async () => {
  const { code, out, err } = await run(['decode', '-f', good]);
  expect([code, err]).toEqual([0, '']);
  const document: Record<string, unknown> = JSON.parse(out);
  expect(document).toMatchObject({
    version: 1,
    name: 'csr-7lh9z',
    age_seconds: 1,
    usages: ['digital signature', 'server auth'],
    requestor: { username: 'system:node:n1', groups: ['system:authenticated', 'system:nodes'] },
    subject: { common_name: 'system:node:n1', organization: ['system:nodes'] },
    sans: { dns: ['n1'], ip: ['10.0.0.1'], email: [], uri: [] },
    key: { algorithm: 'ECDSA', curve: 'P-256', bits: 256 },
  });
  expect(Object.keys(document)).not.toContain('node');
});

describe('reads', () => {
  const two = `${yaml({ name: 'a' })}---\n${yaml({ name: 'b' })}`;
  const list = stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [csrObject({ name: 'a' }), csrObject({ name: 'b' })],
  });
  test.each<[string, string[], string, string[]]>([
    ['standard input', ['-f', '-'], yaml({ name: 'a' }), ['a']],
    ['JSON', ['-f', '-'], JSON.stringify(csrObject({ name: 'a' })), ['a']],
    ['two documents', ['-f', '-'], two, ['a', 'b']],
    ['a document of nothing between', ['-f', '-'], `---\n---\n${two}---\n# end\n`, ['a', 'b']],
    ['a List', ['-f', '-'], list, ['a', 'b']],
    [
      'a CertificateSigningRequestList',
      ['-f', '-'],
      list.replace('kind: List', 'kind: CertificateSigningRequestList'),
      ['a', 'b'],
    ],
    ['several files', ['-f', good, '--file', '-'], two, ['csr-7lh9z', 'a', 'b']],
    ['CRLF', ['-f', '-'], yaml({ name: 'a' }).replaceAll('\n', '\r\n'), ['a']],
    ['a byte order mark', ['-f', '-'], `\u{FEFF}${yaml({ name: 'a' })}`, ['a']],
  ])('%s', async (_, args, stdin, names) => {
    const { code, out } = await run(['decode', ...args], stdin);
    expect([...out.matchAll(/^ {2}"name": "(.*)"/gm)].map(([, name]) => name)).toEqual(names);
    expect(code).toBe(0);
  });
});

test('what has no single reading is named, and the others are printed: exit code 1', async () => {
  const bad = yaml({ name: 'bad', request: Buffer.from('no PEM') });
  const { code, out, err } = await run(['decode', '-f', '-', '-f', good], bad);
  expect([code, out.includes('csr-7lh9z')]).toEqual([1, true]);
  expect(err).toMatch(/^bad: [A-Za-z]+: .* \[.+\]\n$/);
});

/** Every way to ask for something that cannot be done: exit code 2, one line, nothing printed. */
const csr = csrObject();
const impossible: [string, string[], string, RegExp][] = [
  ['no file', [], '', /required option '-f, --file <file>'/],
  ['a missing file', ['-f', 'missing.yaml'], '', /FileUnreadable: missing\.yaml: cannot be read: ENOENT/],
  ['a directory', ['-f', '/'], '', /FileUnreadable: \/: cannot be read: EISDIR/],
  ['nothing', ['-f', '-'], '', /NothingRead: standard input: there is no object/],
  ['only a comment', ['-f', '-'], '# hello\n', /NothingRead/],
  ['an empty List', ['-f', '-'], 'kind: List\nitems: []\n', /NothingRead/],
  ['a PEM', ['-f', '-'], Buffer.from(buildCSR().pem).toString(), /NotYAML|NotAnObject/],
  ['a certificate request in DER', ['-f', '-'], Buffer.from(buildCSR().der).toString('latin1'), /Not/],
  ['a text', ['-f', '-'], 'hello', /NotAnObject: standard input: a Kubernetes object is expected/],
  ['a number', ['-f', '-'], '7', /NotAnObject/],
  ['a list', ['-f', '-'], '- a\n- b\n', /NotAnObject/],
  ['bad YAML', ['-f', '-'], 'kind: A\n  name: b: c\n', /NotYAML: standard input:\d+:\d+: /],
  ['a key twice', ['-f', '-'], 'kind: A\nkind: B\n', /NotYAML: standard input:2:1: Map keys must be unique/],
  ['an alias of nothing', ['-f', '-'], 'kind: *x\n', /NotYAML: standard input: Unresolved alias/],
  ['a Node', ['-f', '-'], 'kind: Node\n', /NotACSR: standard input: .* this is Node/],
  [
    'a kind that hides',
    ['-f', '-'],
    'kind: "\\e[2J\\u202e\\n"\n',
    /this is \\u\{1b\}\[2J\\u\{202e\}\\u\{a\}\n$/,
  ],
  ['an alias that hides', ['-f', '-'], 'kind: *\u001Bx\n', /Unresolved alias.*\\u\{1b\}/],
  ['no kind', ['-f', '-'], 'a: 1\n', /NotACSR: .* without kind/],
  [
    'a Node in the second document',
    ['-f', '-'],
    `${yaml()}---\nkind: Node\n`,
    /standard input \(document 2\): /,
  ],
  [
    'a Pod in a List',
    ['-f', '-'],
    stringify({ kind: 'List', items: [csr, { kind: 'Pod' }] }),
    /standard input, item 2: .* this is Pod/,
  ],
  ['no spec', ['-f', '-'], stringify({ ...csr, spec: undefined }), /CSRInvalid: standard input: spec: /],
  ['no metadata', ['-f', '-'], stringify({ ...csr, metadata: undefined }), /CSRInvalid: .*metadata: /],
  [
    'no request',
    ['-f', '-'],
    stringify({ ...csr, spec: { ...csr.spec, request: undefined } }),
    /CSRInvalid: standard input: spec\.request: /,
  ],
  [
    'usages that are no list',
    ['-f', '-'],
    stringify({ ...csr, spec: { ...csr.spec, usages: 'server auth' } }),
    /spec\.usages: /,
  ],
  [
    'a key that hides and forges',
    ['-f', '-'],
    JSON.stringify({ ...csr, spec: { ...csr.spec, extra: { '\u001B[2J\nverdict: approve': 7 } } }),
    /CSRInvalid: standard input: spec\.extra\.\\u\{1b\}\[2J\\u\{a\}verdict: approve: /,
  ],
  [
    'the old version',
    ['-f', '-'],
    stringify({ ...csr, apiVersion: 'certificates.k8s.io/v1beta1' }),
    /CSRInvalid: standard input: apiVersion: /,
  ],
  ['an unknown option', ['-f', good, '--fast'], '', /unknown option '--fast'/],
  ['a word too many', ['-f', good, 'more'], '', /too many arguments/],
  [
    'a bad configuration',
    ['-f', good, '--config', file('bad.yaml', 'a: 1')],
    '',
    /bad\.yaml:1: a: unknown field/,
  ],
];

test.each(impossible)('cannot be done: %s', async (_, args, stdin, message) => {
  const { code, out, err } = await run(['decode', ...args], stdin);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
  expect(err).toMatch(/^error: /);
  expect(err).not.toMatch(/\n\s+at /);
});

describe('the program itself', () => {
  test.each<[string, string[], number, RegExp]>([
    ['help', ['--help'], 0, /Usage: rego-csr-approver/],
    ['help of a command', ['review', '--help'], 0, /--assume <fact=answer>/],
    ['its version', ['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    ['nothing', [], 2, /Usage: rego-csr-approver/],
    ['an unknown command', ['aprove'], 2, /unknown command 'aprove'/],
  ])('%s', async (_, args, code, text) => {
    const ran = await run(args);
    expect(ran.code).toBe(code);
    expect(ran.out + ran.err).toMatch(text);
  });
});
