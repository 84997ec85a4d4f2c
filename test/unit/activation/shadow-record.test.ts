import { beforeEach, expect, test } from 'vitest';
import { distanceOf, ShadowRecord } from '../../../src/activation/shadow-record.ts';
import { showVerdict } from '../../../src/decide/shown.ts';
import type { Verdict } from '../../../src/decide/verdict.ts';
import { request } from '../decide/stubs.ts';

const at = new Date('2026-11-22T06:00:01Z');
const later = new Date('2026-11-22T07:00:00Z');
let record: ShadowRecord;
beforeEach(() => {
  record = new ShadowRecord(at);
});
const verdict = (kind: 'approve' | 'deny' | 'abstain' | 'ignore', ...codes: string[]): Verdict => ({
  kind,
  reasons: codes.map((code) => ({ code, msg: `why ${code}`, source: 'policy' })),
  warnings: [],
});
const add = (uid: string, active: Verdict, candidate: Verdict) =>
  record.compared({ request: { ...request(), uid }, at, active, candidate });

test('of nothing', () => {
  expect(record.status).toEqual({
    since: '2026-11-22T06:00:01.000Z',
    compared: 0,
    other_reasons: 0,
    skipped: 0,
    dropped: 0,
    drift: {},
    differing: [],
  });
});

test('counts by both verdicts, and lists what differs, newest first', () => {
  add('a', verdict('approve'), verdict('approve'));
  add('b', verdict('approve'), verdict('deny', 'Strict'));
  add('c', verdict('deny', 'A'), verdict('deny', 'B'));
  add('d', verdict('abstain', 'NotAllowed'), verdict('approve'));
  add('e', verdict('approve'), verdict('deny', 'Strict'));
  record.skipped();
  record.dropped();
  record.dropped();
  expect(record.status).toMatchObject({
    compared: 5,
    other_reasons: 1,
    skipped: 1,
    dropped: 2,
    drift: { 'abstain->approve': 1, 'approve->deny': 2 },
  });
  expect(record.status.differing.map(({ uid }) => uid)).toEqual(['e', 'd', 'b']);
  expect(record.status.differing[0]).toEqual({
    csr: 'csr-7lh9z',
    uid: 'e',
    requestor: 'system:node:n1',
    at: '2026-11-22T06:00:01.000Z',
    active: { verdict: 'approve', reasons: [] },
    candidate: { verdict: 'deny', reasons: [{ code: 'Strict', msg: 'why Strict' }] },
  });
});

test('of one request the last difference is listed', () => {
  add('a', verdict('approve'), verdict('deny', 'Strict'));
  add('b', verdict('approve'), verdict('deny', 'Strict'));
  add('a', verdict('abstain'), verdict('deny', 'Strict'));
  expect(record.status.differing.map(({ uid, active }) => [uid, active.verdict])).toEqual([
    ['a', 'abstain'],
    ['b', 'approve'],
  ]);
  expect(record.status.drift).toEqual({ 'abstain->deny': 1, 'approve->deny': 2 });
});

test('lists a hundred, the newest', () => {
  for (let index = 0; index < 250; index += 1) {
    add(String(index), verdict('approve'), verdict('deny', 'Strict'));
  }
  const { differing, drift } = record.status;
  expect(differing).toHaveLength(100);
  expect([differing[0]?.uid, differing.at(-1)?.uid]).toEqual(['249', '150']);
  expect(drift).toEqual({ 'approve->deny': 250 });
});

test('other policies: nothing that was found is left', () => {
  add('a', verdict('approve'), verdict('deny', 'Strict'));
  record.skipped();
  record.dropped();
  record.restart(later);
  expect(record.status).toEqual({
    ...new ShadowRecord(later).status,
    since: '2026-11-22T07:00:00.000Z',
  });
});

test('what strangers wrote is escaped and cut', () => {
  const name = 'csr\u001b[31m\u202e';
  const long: Verdict = {
    kind: 'deny',
    reasons: Array.from({ length: 40 }, (_, index) => ({
      code: `C${String(index)}\n`,
      msg: 'x'.repeat(100_000),
      source: 'policy',
    })),
    warnings: [],
  };
  record.compared({
    request: { ...request(), name, username: 'a\nb' },
    at,
    active: verdict('approve'),
    candidate: long,
  });
  const [difference] = record.status.differing;
  expect(difference).toMatchObject({ csr: 'csr\\u{1b}[31m\\u{202e}', requestor: 'a\\u{a}b' });
  expect(difference?.candidate).toEqual(showVerdict(long));
  expect(difference?.candidate.reasons).toHaveLength(16);
  expect(difference?.candidate.reasons[0]?.code).toBe('C0\\u{a}');
  expect(difference?.candidate.more_reasons).toBe(24);
  expect(JSON.stringify(difference).length).toBeLessThan(6_000);
});

test.each<[string, Verdict, Verdict]>([
  ['none', verdict('deny', 'A'), verdict('deny', 'A')],
  ['reasons', verdict('deny', 'A'), verdict('deny', 'A', 'B')],
  ['verdict', verdict('deny', 'A'), verdict('abstain', 'A')],
])('distance: %s', (distance, active, candidate) => {
  expect(distanceOf({ active, candidate })).toBe(distance);
});
