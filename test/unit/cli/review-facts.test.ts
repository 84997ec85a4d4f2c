import { describe, expect, test } from 'vitest';
import { missingNode } from '../../../src/facts/node.ts';
import { run } from '../../support/command-line.ts';
import { csrObject } from '../../support/csr-object.ts';
import { cluster, jsonLines, nodes, scratch, yaml } from './files.ts';

/** Facts from files, and whole documents. */

const ASSUMED = 'ASSUMED, not asked of any cluster: pending: these requests and no others\n';

const noObjects = { found: false, objects: [], more: false };
const file = scratch();
const good = file('good.yaml', yaml());
const options = {
  nodes: ['--nodes', file('nodes.yaml', nodes)],
  cluster: ['--cluster', file('cluster.yaml', cluster)],
  assume: ['--assume', 'sar.selfnodeserver=allowed'],
};

const decideInput = (input: unknown, ...args: string[]) =>
  run(['review', '--input', '-', ...args], JSON.stringify(input));

const given = (name: string, content: object) => ['--facts', file(`${name}.yaml`, content)];

describe('--facts', () => {
  const review = { sar: { selfnodeserver: { allowed: true, denied: false, reason: 'x' } } };
  const own = { found: false, name: 'n1' };
  const node = { ...missingNode('n1'), ...own };

  test('supplies whatever is asked for', async () => {
    const args = [...options.nodes, ...given('both', { ...review, cluster })];
    expect(await run(['review', '-f', good, ...args])).toMatchObject({ code: 0, err: ASSUMED });
    const two = [...given('one', review), ...given('two', { cluster }), ...options.nodes];
    expect(await run(['review', '-f', good, ...two])).toMatchObject({ code: 0, err: ASSUMED });
  });

  test('says how many requests are pending, where the files do not', async () => {
    const pending = { requestor: 300, cluster: 300, newer: true };
    const args = [...Object.values(options).flat(), ...given('pending', { pending })];
    const { code, out, err } = await run(['review', '-f', good, ...args]);
    expect([code, out.includes('NewerRequest'), err.includes('pending')]).toEqual([1, true, false]);
  });

  test('a Node that is given decides', async () => {
    const args = [...options.cluster, ...options.assume, ...given('node', { node, claims: [] })];
    const { code, out } = await run(['review', '-f', good, ...args]);
    expect([code, out.includes('NodeNotFound')]).toEqual([1, true]);
  });

  test.each<[string, string[], RegExp]>([
    [
      'a review also assumed',
      [...options.assume, ...given('sar', review)],
      /fact sar\.selfnodeserver is given twice/,
    ],
    [
      'a review in two files',
      [...given('a', review), ...given('b', review)],
      /sar\.selfnodeserver is given twice/,
    ],
    [
      'a cluster also given',
      [...options.cluster, ...given('cl', { cluster })],
      /fact cluster is given twice/,
    ],
    [
      'a cluster in two files',
      [...given('c', { cluster }), ...given('d', { cluster })],
      /cluster is given twice/,
    ],
    ['a Node also given', [...options.nodes, ...given('n', { node })], /fact node is given twice/],
    ['claims also given', [...options.nodes, ...given('cm', { claims: [] })], /fact claims is given twice/],
    [
      'a lookup in two files',
      [...given('l1', { lookups: { m: noObjects } }), ...given('l2', { lookups: { m: noObjects } })],
      /fact lookups\.m is given twice/,
    ],
    ['an unknown fact', given('x', { weather: 'fine' }), /x\.yaml: .*"weather".*fields: sar, node/],
    ['a field of the request', given('y', { name: 'x' }), /Unrecognized key: "name"/],
    ['a word too many', given('z', { node: { ...node, x: 1 } }), /z\.yaml: node: Unrecognized key: "x"/],
    ['a word too few', given('w', { pending: { requestor: 1 } }), /w\.yaml: pending\.cluster: /],
  ])('%s is refused', async (_, args, message) => {
    const { code, out, err } = await run(['review', '-f', good, ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: FactsInvalid: /);
    expect(err).toMatch(message);
  });
});

describe('--input', () => {
  const captured = async () => {
    const { out } = await run(['review', '-f', good, '-o', 'json', ...Object.values(options).flat()]);
    return jsonLines(out)[0]?.['input'] as Record<string, unknown>;
  };

  test('decides a whole document, and says that nothing was decoded', async () => {
    const input = await captured();
    expect(await decideInput(input)).toEqual({
      code: 0,
      out: 'csr-7lh9z\tkubernetes.io/kubelet-serving\tsystem:node:n1\n  verdict: approve\n',
      err: 'NOT DECODED AGAIN: the documents are taken as they are\n',
    });
    const [record] = jsonLines((await decideInput(input, '-o', 'json')).out);
    expect(record).toMatchObject({ verdict: 'approve', decoded: false, assumed: [], input });
  });

  test('several, of several files, and the exit code is the worst', async () => {
    const input = await captured();
    const waits = file('waits.json', JSON.stringify({ ...input, node: missingNode('n1') }));
    const denies = { ...input, name: 'b', usages: ['server auth'] };
    const { code, out } = await run(
      ['review', '--input', '-', '--input', waits],
      `${JSON.stringify(denies)}\n---\n${JSON.stringify(input)}`,
    );
    expect(out.match(/(?<=verdict: )\w+/g)).toEqual(['deny', 'approve', 'wait']);
    expect(code).toBe(1);
  });

  test.each<[string, Record<string, unknown>, string, string]>([
    ['another signer', { signer_name: 'example.com/x' }, 'ignore', 'NotOurs (host)'],
    ['an age of a day', { age_seconds: 86_400 }, 'ignore', 'RequestTooOld (host)'],
    ['another usage', { usages: ['client auth'] }, 'deny', '(floor)'],
    ['a reserved name', { sans: { dns: ['kubernetes'], ip: [], email: [], uri: [] } }, 'deny', '(floor)'],
    ['no cluster', { cluster: undefined }, 'error', 'cluster: not in the document: capture it again'],
    ['no Node', { node: undefined }, 'error', 'node: not in the document'],
    ['no claims', { claims: undefined }, 'error', 'claims: not in the document'],
    ['no review', { sar: {} }, 'error', 'sar.selfnodeserver: not in the document'],
  ])('with %s is not approved', async (_, changed, verdict, reason) => {
    const { code, out } = await decideInput({ ...(await captured()), ...changed });
    expect(out).toContain(`verdict: ${verdict}\n`);
    expect(out).toContain(reason);
    expect(code).toBe(verdict === 'error' ? 2 : 1);
  });

  test('--as-new judges an old one as if just created', async () => {
    const input = { ...(await captured()), age_seconds: 86_400, created_at: '2026-11-21T06:00:00Z' };
    expect((await decideInput(input, '--as-new')).out).toContain('verdict: approve');
  });

  test.each<[string, (input: Record<string, unknown>) => unknown, RegExp]>([
    ['a misspelt field', ({ node: own, ...rest }) => ({ ...rest, Node: own }), /"Node"/],
    ['no version', (input) => ({ ...input, version: undefined }), /version: /],
    ['another version', (input) => ({ ...input, version: 2 }), /version: /],
    ['a field of a wrong type', (input) => ({ ...input, usages: 'server auth' }), /usages: /],
    ['a request', () => csrObject(), /apiVersion|version: /],
  ])('%s is refused', async (_, change, message) => {
    const { code, out, err } = await decideInput(change(await captured()));
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: InputInvalid: standard input: /);
    expect(err).toMatch(message);
  });

  test.each([
    ['--file', ['-f', good]],
    ['--nodes', options.nodes],
    ['--cluster', options.cluster],
    ['--assume', options.assume],
    ['--facts', ['--facts', good]],
  ])('and %s exclude each other', async (_, args) => {
    const { code, err } = await run(['review', '--input', good, ...args]);
    expect([code, err.split(':')[1]]).toEqual([2, ' OptionsInvalid']);
  });

  test('or --file is required', async () => {
    expect(await run(['review'])).toMatchObject({ code: 2, err: expect.stringMatching(/--file or --input/) });
  });
});
