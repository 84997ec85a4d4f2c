import { describe, expect, test } from 'vitest';
import { claimed, readLease, released, transitionsOf } from '../../../src/election/lease.ts';
import type { JsonRecord } from '../../../src/kube/json.ts';
import { asObject } from '../../../src/kube/objects.ts';

const times = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 };
const now = new Date('2026-11-30T07:00:00.123Z');
const good = {
  holderIdentity: 'a',
  leaseDurationSeconds: 20,
  acquireTime: '2026-11-30T06:00:00.000000Z',
  renewTime: '2026-11-30T06:59:59.000001Z',
  leaseTransitions: 4,
};
const lease = (spec: JsonRecord | undefined, metadata: JsonRecord = {}) =>
  asObject({ metadata: { name: 'x', uid: 'u', resourceVersion: '7', ...metadata }, ...(spec && { spec }) });
const read = (spec: JsonRecord | undefined) => readLease(lease(spec), times);

test('a good one is read as it is', () => {
  expect(read(good)).toMatchObject({ holder: 'a', leaseMs: 20_000, released: false, problem: undefined });
});

describe('a good one with one thing changed', () => {
  test.each<[string, JsonRecord | undefined, object]>([
    ['without spec', undefined, { holder: '', released: false, problem: undefined }],
    ['without holder', { ...good, holderIdentity: undefined }, { holder: '', released: false }],
    ['with a number for a holder', { ...good, holderIdentity: 7 }, { holder: '' }],
    ['released', { ...good, holderIdentity: '', leaseDurationSeconds: 1 }, { holder: '', released: true }],
    ['emptied by hand', { ...good, holderIdentity: '' }, { holder: '', released: false }],
    [
      'without duration',
      { ...good, leaseDurationSeconds: undefined },
      { leaseMs: 15_000, problem: expect.stringMatching(/^LeaseDurationMissing: /) },
    ],
    ['of no duration', { ...good, leaseDurationSeconds: 0 }, { leaseMs: 15_000 }],
    ['of less than none', { ...good, leaseDurationSeconds: -1 }, { leaseMs: 15_000 }],
    ['with a text for a duration', { ...good, leaseDurationSeconds: '9' }, { leaseMs: 15_000 }],
    [
      'of the longest duration',
      { ...good, leaseDurationSeconds: 300 },
      { leaseMs: 300_000, problem: undefined },
    ],
    [
      'of a longer one',
      { ...good, leaseDurationSeconds: 2 ** 31 - 1 },
      { leaseMs: 300_000, problem: expect.stringMatching(/^LeaseDurationTooLong: .* is 2147483647/) },
    ],
  ])('%s', (_, spec, expected) => {
    expect(read(spec)).toMatchObject(expected);
  });

  test('has another mark when any of the spec has changed, and the same when labels have', () => {
    expect(read({ ...good, renewTime: '2026-11-30T06:59:59.000002Z' }).mark).not.toBe(read(good).mark);
    expect(readLease(lease(good, { resourceVersion: '8', labels: { a: 'b' } }), times).mark).toBe(
      read(good).mark,
    );
  });
});

describe('taken', () => {
  test('where there is none, it has no metadata of ours', () => {
    expect(claimed(undefined, 'me', times, now)).toEqual({
      spec: {
        holderIdentity: 'me',
        leaseDurationSeconds: 15,
        acquireTime: '2026-11-30T07:00:00.123000Z',
        renewTime: '2026-11-30T07:00:00.123000Z',
        leaseTransitions: 0,
      },
    });
  });

  test('from another, it keeps what others have put into it, and counts', () => {
    const metadata = { labels: { a: 'b' }, annotations: { c: 'd' }, ownerReferences: [{ uid: 'o' }] };
    const before = lease({ ...good, strategy: 'OldestEmulationVersion' }, metadata);
    expect(claimed(before, 'me', times, now)).toEqual({
      metadata: before.metadata,
      spec: {
        strategy: 'OldestEmulationVersion',
        holderIdentity: 'me',
        leaseDurationSeconds: 15,
        acquireTime: '2026-11-30T07:00:00.123000Z',
        renewTime: '2026-11-30T07:00:00.123000Z',
        leaseTransitions: 5,
      },
    });
  });

  test('again by its holder, only the time of renewal is new', () => {
    expect(claimed(lease(good), 'a', times, now)['spec']).toEqual({
      ...good,
      leaseDurationSeconds: 15,
      renewTime: '2026-11-30T07:00:00.123000Z',
    });
  });

  test.each([2 ** 31 - 1, -1, 'many', undefined])(
    'after %j hands, it counts from the beginning',
    (leaseTransitions) => {
      const { spec } = claimed(lease({ ...good, leaseTransitions }), 'me', times, now);
      expect(spec).toMatchObject({ leaseTransitions: 1 });
    },
  );
});

test('released, it has no holder, lasts a second, and keeps the rest', () => {
  const before = lease(good, { labels: { a: 'b' } });
  const after = released(before, now);
  expect(after).toMatchObject({
    metadata: before.metadata,
    spec: { holderIdentity: '', leaseDurationSeconds: 1 },
  });
  expect(readLease(asObject(after), times).released).toBe(true);
  expect(transitionsOf(asObject(after))).toBe(4);
});
