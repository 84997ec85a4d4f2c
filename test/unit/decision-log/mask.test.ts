import { describe, expect, test } from 'vitest';
import { decisionLineSchema } from '../../../src/decision-log/line.ts';
import { masked, withheld } from '../../../src/decision-log/mask.ts';
import { readMaskRules, type MaskRule } from '../../../src/policy/mask-rules.ts';
import { allows, gathers, request, type Says } from '../decide/stubs.ts';
import { lineOf } from './decided.ts';

function rules(...written: unknown[]): readonly MaskRule[] {
  const read = readMaskRules(written);
  if ('problem' in read) throw new Error(read.problem);
  return read;
}

const secret = 's3cret-x';
const extra = { 'authentication.kubernetes.io/credential-id': [secret] };
const says: Says = {
  policy: {
    ...allows,
    allow: false,
    deny: [{ code: 'Bad', msg: `not ${secret}`, found: secret }],
    warn: [`hm ${secret}`],
  },
  facts: { pass: true, deny: [], wait: [] },
};
const of = { ...request(), extra };

test('what is removed is gone and listed; the line it came from is as it was', async () => {
  const line = await lineOf({ of });
  const before = JSON.stringify(line);
  const told = masked(line, rules('/input/requestor/extra', '/input/none', '/input/node/labels'));
  expect(told.erased).toEqual(['/input/requestor/extra']);
  expect(told).toMatchObject({ input: { requestor: { username: 'system:node:n1' } } });
  expect(JSON.stringify(told)).not.toContain(secret);
  expect(JSON.stringify(line)).toBe(before);
});

describe('what a mask takes from the input is told nowhere else', () => {
  test.each<[string, Says]>([
    ['reasons and warnings of the policy', says],
    ['reasons of the floor', { facts: { pass: false, deny: [{ code: 'F', msg: secret }], wait: [] } }],
    ['a value of another shape', { policy: { allow: secret } }],
    ['the problem of an evaluation', { policy: () => Promise.reject(new Error(secret)) }],
    ['configuration errors', { policy: { ...allows, config_errors: [{ msg: secret }] } }],
  ])('%s', async (_, one) => {
    const line = await lineOf({ of, says: one });
    expect(JSON.stringify({ ...line, input: undefined })).toContain(secret);
    const told = masked(line, rules('/input/requestor/extra'));
    expect(JSON.stringify(told)).not.toContain(secret);
    expect(told.custom.texts_erased).toBe(true);
    expect(told.custom.verdict.kind).toBe(line.custom.verdict.kind);
    expect(told.custom.verdict.reasons.map(({ code }) => code)).toEqual(
      line.custom.verdict.reasons.map(({ code }) => code),
    );
    expect(decisionLineSchema.safeParse(told).success).toBe(true);
  });

  test('facts that could not be had, and what a candidate says', async () => {
    const failing = gathers();
    const gather: typeof failing = async (...asked) => ({
      ...(await failing(...asked)),
      failures: [{ fact: 'node', message: secret }],
    });
    const because = { code: 'C', msg: secret, source: 'policy' as const };
    const line = await lineOf(
      { of, gather },
      {
        shadow: { status: 'compared', verdict: { kind: 'deny', reasons: [because], warnings: [because] } },
      },
    );
    const told = JSON.stringify(masked(line, rules('/input/requestor/extra')));
    expect([told.includes(secret), told.includes('"C"'), told.includes('FactUnavailable')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test.each([
    ['/input/requestor/username', 'requested_by'],
    ['/input/requestor', 'requested_by'],
    ['/input', 'requested_by'],
    ['/input/name', 'name'],
    ['/input/uid', 'uid'],
    ['/input/created_at', 'created_at'],
  ])('%s: its copy in %s', async (path, copy) => {
    const line = await lineOf({ of });
    const kept = masked(line, rules('/input/key'));
    const told = masked(line, rules(path));
    const has = ({ requested_by: user, custom }: typeof line) =>
      Object.hasOwn(custom.csr, copy) || (copy === 'requested_by' && user !== undefined);
    expect([has(kept), has(told)]).toEqual([true, false]);
    expect(told.erased).toContain(copy === 'requested_by' ? '/requested_by' : `/custom/csr/${copy}`);
  });

  test('a request that was not decoded goes as a whole, whichever part the mask is about', async () => {
    const line = await lineOf({ of: { ...of, request: 'bm8=' } });
    expect(JSON.stringify(line)).toContain(secret);
    const told = masked(line, rules('/input/requestor/extra'));
    expect(told.custom.request).toBeUndefined();
    expect(told.erased).toEqual(['/custom/request']);
    // The decoder's own words are no part of any request.
    expect(told.custom.verdict.reasons).toEqual(line.custom.verdict.reasons);
  });
});

test('what is written over is listed, and only where there is a document', async () => {
  const line = await lineOf({ of });
  const told = masked(
    line,
    rules(
      { op: 'upsert', path: '/input/requestor/username', value: '***' },
      { op: 'upsert', path: '/input/new/place', value: 1 },
      { op: 'upsert', path: '/input/usages/9', value: 'x' },
      { op: 'upsert', path: '/nd_builtin_cache/x', value: 1 },
    ),
  );
  expect(told.masked).toEqual(['/input/new/place', '/input/requestor/username']);
  expect(told.input).toMatchObject({ requestor: { username: '***' }, new: { place: 1 } });
  expect('nd_builtin_cache' in told).toBe(false);
});

test('elements of an array are taken, each by the place that it had', async () => {
  const lists = {
    dns: Array.from({ length: 12 }, (_, at) => `n${String(at)}`),
    inner: [
      ['a', 'b'],
      ['c', 'd', 'e'],
    ],
  };
  const line = { ...(await lineOf()), input: lists };
  const told = masked(
    line,
    rules(
      '/input/dns/0',
      '/input/dns/1',
      '/input/dns/2',
      '/input/dns/10',
      '/input/dns/12',
      '/input/inner/0',
      '/input/inner/1/0',
      '/input/inner/1/1',
      { op: 'upsert', path: '/input/dns/4', value: '***' },
      { op: 'upsert', path: '/input/dns/2', value: '***' },
    ),
  );
  expect(JSON.parse(JSON.stringify(told.input))).toEqual({
    dns: ['n3', '***', 'n5', 'n6', 'n7', 'n8', 'n9', 'n11'],
    inner: [['e']],
  });
  expect(told.erased).not.toContain('/input/dns/12');
  expect(told.masked).toEqual(['/input/dns/4']);
});

test('sentences can be taken without the input', async () => {
  const line = await lineOf({ of, says });
  const told = masked(line, rules('/custom/verdict/reasons/0/msg'));
  expect(told.custom.verdict.reasons[0]).toEqual({
    code: 'Bad',
    source: 'policy',
    details: { found: secret },
  });
  expect(told.custom.texts_erased).toBeUndefined();
});

test('keys with a slash, and keys that are none elsewhere', async () => {
  const labels = { 'a/b': '1', 'c~1d': '2', ['__proto__']: '3' };
  const line = { ...(await lineOf()), input: JSON.parse(JSON.stringify({ labels })) as unknown };
  const told = masked(line, rules('/input/labels/a~1b', '/input/labels/c~1d', '/input/labels/__proto__'));
  expect(told.input).toEqual({ labels: {} });
  const over = masked(line, rules({ op: 'upsert', path: '/input/__proto__/x', value: 1 }));
  expect(Object.keys(over.input as object)).toEqual(['labels', '__proto__']);
});

test('what failed leaves who and what out, and says so', async () => {
  const line = await lineOf({ of, says });
  const told = withheld(line, { code: 'MaskFailed', message: 'why' });
  expect(JSON.stringify(told)).not.toContain(secret);
  expect(JSON.stringify(told)).not.toContain('n1');
  expect(told).toMatchObject({
    erased: [
      '/input',
      '/result',
      '/custom/floor',
      '/requested_by',
      '/custom/csr/name',
      '/custom/csr/uid',
      '/custom/csr/created_at',
      '/custom/csr/signer_name',
    ],
    custom: { verdict: { kind: 'deny', reasons: [{ code: 'Bad' }] }, failure: { code: 'MaskFailed' } },
  });
  expect(decisionLineSchema.safeParse(told).success).toBe(true);
});

describe('the rules of a mask', () => {
  test('come in one order, since a set has none', () => {
    const written = ['/input/b', { op: 'upsert', path: '/input/a', value: 1 }, '/input/a'];
    expect(rules(...written)).toEqual(rules(...written.toReversed()));
    expect(rules(...written).map(({ op, pointer }) => `${op} ${pointer}`)).toEqual([
      'remove /input/a',
      'remove /input/b',
      'upsert /input/a',
    ]);
  });

  test.each([
    ['/input'],
    ['/result/deny/0/msg'],
    ['/nd_builtin_cache/http.send'],
    ['/requested_by'],
    ['/error/message'],
    ['/custom/csr/name'],
    ['/custom/request'],
    ['/custom/floor/facts'],
    ['/custom/verdict/warnings/0/details/x'],
    ['/custom/shadow/verdict/reasons/12/msg'],
  ])('%s may be masked', (path) => {
    expect(readMaskRules([path])).toMatchObject([{ op: 'remove', pointer: path }]);
  });

  test.each<[string, unknown]>([
    ['no set', 'x'],
    ['an object', { '/input/a': true }],
    ['a number in it', [1]],
    ['a path without a slash', ['input/a']],
    ['an empty path', ['']],
    ['the root', ['/']],
    ['another document', ['/decision_id']],
    ['the verdict', ['/custom/verdict/kind']],
    ['the code of a reason', ['/custom/verdict/reasons/0/code']],
    ['all reasons', ['/custom/verdict/reasons']],
    ['all of custom', ['/custom']],
    ['the format', ['/custom/format']],
    ['an unknown op', [{ op: 'replace', path: '/input/a' }]],
    ['no op', [{ path: '/input/a' }]],
    ['no path', [{ op: 'remove' }]],
  ])('%s is refused', (_, value) => {
    expect(readMaskRules(value)).toMatchObject({ problem: expect.any(String) });
  });
});
