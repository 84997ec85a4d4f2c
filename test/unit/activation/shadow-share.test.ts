import { beforeEach, expect, test } from 'vitest';
import { TimeShare } from '../../../src/activation/shadow-share.ts';

let now: number;
let share: TimeShare;
beforeEach(() => {
  now = 0;
  share = new TimeShare(0.1, 500, () => now);
});

/** Works for so long, and then rests for as long as is said. */
const work = (ms: number): number => {
  now += ms;
  const rest = share.spent(ms);
  now += rest;
  return rest;
};

test('a burst costs no rest', () => {
  expect(Array.from({ length: 250 }, () => work(2))).toEqual(Array(250).fill(0));
});

test.each([1, 30, 480, 500])('what takes %d ms each time comes to a tenth of all time', (ms) => {
  const times = 100_000 / ms;
  for (let count = 0; count < times; count += 1) work(ms);
  const part = (times * ms) / now;
  expect(part).toBeGreaterThan(0.095);
  expect(part).toBeLessThan(0.105);
});

test('time without work is made up for, up to the burst and no further', () => {
  work(500);
  now += 3_600_000;
  expect(work(500)).toBe(0);
  expect(work(100)).toBeCloseTo(900);
});
