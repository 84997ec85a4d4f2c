import { beforeEach, expect, test } from 'vitest';
import type { CertificateRequest } from '../../../src/decide/request.ts';
import type { Verdict } from '../../../src/decide/verdict.ts';
import { PendingReasons } from '../../../src/status/pending.ts';
import { judged } from '../controller/judged.ts';
import { request } from '../decide/stubs.ts';

const second = (at: number) => new Date(Date.UTC(2026, 10, 22, 6, 0, at));
let reasons: PendingReasons;
beforeEach(() => {
  reasons = new PendingReasons(() => second(60));
});

const pending = (name: string, more: Partial<CertificateRequest> = {}): CertificateRequest => ({
  ...request(),
  name,
  uid: `uid-${name}`,
  username: `system:node:${name}`,
  createdAt: second(0),
  ...more,
});
const wait = (msg = 'why'): Verdict => ({
  kind: 'wait',
  reasons: [{ code: 'NodeMissing', msg, source: 'policy' }],
  warnings: [],
  retryAfterSeconds: undefined,
});

test('nothing is pending', () => {
  expect(reasons.status([])).toEqual({ total: 0, by_verdict: {}, matching: 0, oldest: [] });
});

test('the oldest come first, each with what was decided last', () => {
  const requests = [
    pending('b', { createdAt: second(30) }),
    pending('a'),
    pending('c', { createdAt: second(59) }),
  ];
  for (const one of requests.slice(0, 2)) reasons.decided(one, judged(wait('first')));
  reasons.decided(requests[1]!, judged(wait('second'), { revision: 'r2' }));
  const { oldest, ...counts } = reasons.status(requests);
  expect(counts).toEqual({ total: 3, by_verdict: { undecided: 1, wait: 2 }, matching: 3 });
  expect(oldest.map(({ csr }) => csr)).toEqual(['a', 'b', 'c']);
  expect(oldest[0]).toEqual({
    csr: 'a',
    uid: 'uid-a',
    signer_name: 'kubernetes.io/kubelet-serving',
    requested_by: 'system:node:a',
    created_at: '2026-11-22T06:00:00.000Z',
    age_seconds: 60,
    verdict: 'wait',
    reasons: [{ code: 'NodeMissing', msg: 'second' }],
    decision_id: judged(wait()).id.decision,
    decided_at: '2026-11-22T06:01:00.000Z',
    revision: 'r2',
  });
  expect(oldest[2]).not.toHaveProperty('verdict');
});

test.each([
  [{ node: 'N1', verdict: '' }, ['n1', 'n10']],
  [{ node: 'system:node:n10', verdict: '' }, ['n10']],
  [{ node: '', verdict: 'wait' }, ['n1']],
  [{ node: '', verdict: 'undecided' }, ['n10', 'n2']],
  [{ node: 'n1', verdict: 'undecided' }, ['n10']],
  [{ node: 'n3', verdict: '' }, []],
  [{ node: '', verdict: 'constructor' }, []],
])('%j shows %j', (filter, shown) => {
  const requests = ['n1', 'n10', 'n2'].map((name) => pending(name));
  reasons.decided(requests[0]!, judged(wait()));
  const { total, matching, oldest } = reasons.status(requests, filter);
  expect({ total, matching, shown: oldest.map(({ csr }) => csr) }).toEqual({
    total: 3,
    matching: shown.length,
    shown,
  });
});

test('of ten thousand a hundred are listed, and all counted', () => {
  const requests = Array.from({ length: 10_000 }, (_, index) =>
    pending(`n${String(index)}`, { createdAt: second(10_000 - index) }),
  );
  for (const one of requests) reasons.decided(one, judged(wait('z'.repeat(1000))));
  const status = reasons.status(requests);
  expect(status).toMatchObject({ total: 10_000, matching: 10_000, by_verdict: { wait: 10_000 } });
  expect(status.oldest).toHaveLength(100);
  expect(status.oldest[0]?.csr).toBe('n9999');
});

test('messages of so many are kept as have room, of the others the codes, until there is room again', () => {
  const requests = Array.from({ length: 10_000 }, (_, index) => pending(`n${String(index)}`));
  for (const one of requests) reasons.decided(one, judged(wait('z'.repeat(1000))));
  const messageOf = (one: CertificateRequest) => reasons.status([one]).oldest[0]?.reasons?.[0];
  const kept = requests.filter((one) => messageOf(one)?.msg !== '');
  expect(kept.length).toBeGreaterThan(5000);
  expect(kept.length).toBeLessThan(10_000);
  const last = requests.at(-1)!;
  expect(messageOf(last)).toEqual({ code: 'NodeMissing', msg: '' });
  reasons.forget(requests[0]!.uid);
  reasons.decided(last, judged(wait('z'.repeat(1000))));
  expect(messageOf(last)?.msg).toMatch(/^z{256}/);
});

test('what is gone, or decided by another process now, is forgotten', () => {
  const [a, b] = [pending('a'), pending('b')];
  for (const one of [a, b]) reasons.decided(one, judged(wait()));
  reasons.forget(a.uid);
  expect(reasons.status([a, b]).by_verdict).toEqual({ undecided: 1, wait: 1 });
  reasons.clear();
  expect(reasons.status([a, b]).by_verdict).toEqual({ undecided: 2 });
});

test("strangers' text is bounded and visible, and a request that nobody knows the age of comes first", () => {
  const hostile = pending('a', { name: '\u202e<b>', username: 'u'.repeat(9000), createdAt: undefined });
  const [shown] = reasons.status([pending('b'), hostile]).oldest;
  expect(shown?.csr).toBe('\\u{202e}<b>');
  expect(shown?.requested_by.length).toBeLessThan(300);
  expect(shown).not.toHaveProperty('age_seconds');
});
