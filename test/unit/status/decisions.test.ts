import { expect, test } from 'vitest';
import type { Judged } from '../../../src/controller/reconcile.ts';
import type { Verdict } from '../../../src/decide/verdict.ts';
import { RecentDecisions } from '../../../src/status/decisions.ts';
import { judged } from '../controller/judged.ts';
import { request } from '../decide/stubs.ts';

const now = () => new Date('2026-11-22T06:00:10Z');
const wait: Verdict = {
  kind: 'wait',
  reasons: [{ code: 'NodeMissing', msg: 'there is no Node n1', source: 'policy' }],
  warnings: [],
  retryAfterSeconds: undefined,
};
const decision = (name: string, verdict: Verdict = wait, more: Partial<Judged> = {}) =>
  judged(verdict, { id: { decision: name, trace: 'ab', span: 'cd' }, revision: 'r1', ...more });
const made = { ...request(), createdAt: new Date('2026-11-22T06:00:00Z') };

test('says of each decision who asked, what was decided, by what and how long it took', () => {
  const decisions = new RecentDecisions(now);
  decisions.decided(made, decision('d1'), 12.5);
  expect(decisions.status).toEqual({
    count: 1,
    last: [
      {
        decision_id: 'd1',
        trace_id: 'ab',
        timestamp: '2026-11-22T06:00:10.000Z',
        csr: made.name,
        uid: made.uid,
        signer_name: 'kubernetes.io/kubelet-serving',
        requested_by: 'system:node:n1',
        verdict: 'wait',
        reasons: [{ code: 'NodeMissing', msg: 'there is no Node n1' }],
        revision: 'r1',
        age_seconds: 10,
        metrics: { timer_total_ns: 12_500_000 },
      },
    ],
  });
});

test('keeps the last hundred, newest first, and counts all', () => {
  const decisions = new RecentDecisions(now);
  for (let index = 0; index < 250; index += 1) decisions.decided(made, decision(`d${String(index)}`), 1);
  const { count, last } = decisions.status;
  expect(count).toBe(250);
  expect(last.map(({ decision_id }) => decision_id)).toEqual(
    Array.from({ length: 100 }, (_, index) => `d${String(249 - index)}`),
  );
});

test('says what was written, and what was not, in the place of the decision', () => {
  const decisions = new RecentDecisions(now);
  const approved = decision('d1', { kind: 'approve', reasons: [], warnings: [] });
  const denied = decision('d2', { kind: 'deny', reasons: [], warnings: [] });
  decisions.decided(made, approved, 1);
  decisions.decided(made, denied, 1);
  decisions.wrote(made, approved, 'Approved');
  decisions.writeFailed(made, denied, 'Denied', '409');
  decisions.wrote(made, decision('long gone'), 'Approved');
  expect(decisions.status.last).toMatchObject([
    { decision_id: 'd2', write_failed: 'Denied: 409' },
    { decision_id: 'd1', written: 'Approved' },
  ]);
});

test('does not tell of what was left alone', () => {
  const decisions = new RecentDecisions(now);
  decisions.decided(made, decision('d1', { kind: 'ignore', reasons: [], warnings: [] }), 1);
  expect(decisions.status).toEqual({ count: 0, last: [] });
});

test("bounds strangers' text and makes it visible, and knows of no age where there is none", () => {
  const decisions = new RecentDecisions(now);
  const reasons = Array.from({ length: 20 }, () => ({
    code: 'X\u202e',
    msg: 'y'.repeat(5000),
    source: 'policy' as const,
  }));
  const hostile = { ...made, name: 'n\u0000', username: '\u202eevil', createdAt: undefined };
  decisions.decided(hostile, decision('d1', { ...wait, reasons }, { revision: 'r\n' }), 1);
  const [shown] = decisions.status.last;
  expect(shown).toMatchObject({
    csr: 'n\\u{0}',
    requested_by: '\\u{202e}evil',
    revision: 'r\\u{a}',
    more_reasons: 12,
  });
  expect(shown).not.toHaveProperty('age_seconds');
  expect(JSON.stringify(shown).length).toBeLessThan(4000);
});
