import { describe, expect, test } from 'vitest';
import { WaitTimes } from '../../../src/controller/wait-times.ts';

const looks = (times: WaitTimes, count: number, asked?: number, uid = 'u') =>
  Array.from({ length: count }, () => times.next(uid, asked));

describe('without spread', () => {
  test.each<[string, number | undefined, number[]]>([
    ['nothing is asked', undefined, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]],
    ['5 s are asked', 5, [5000, 10_000, 20_000, 40_000, 60_000, 60_000]],
    ['the longest is asked', 60, [60_000, 60_000]],
    ['more than the longest is asked', 300, [300_000, 300_000]],
    ['a fraction is asked', 0.5, [500, 1000]],
  ])('%s', (_, asked, expected) => {
    expect(looks(new WaitTimes(() => 0), expected.length, asked)).toEqual(expected);
  });

  test('each request has its own', () => {
    const times = new WaitTimes(() => 0);
    looks(times, 5, undefined, 'a');
    expect(times.next('b', undefined)).toBe(1000);
  });

  test('begins anew when forgotten', () => {
    const times = new WaitTimes(() => 0);
    looks(times, 5);
    times.forget('u');
    expect(times.next('u', undefined)).toBe(1000);
  });

  test('thousands of looks stay bounded', () => {
    expect(looks(new WaitTimes(() => 0), 2000).at(-1)).toBe(60_000);
  });
});

test('is spread over a quarter more, never less than asked', () => {
  const times = new WaitTimes();
  const all = Array.from({ length: 500 }, (_, index) => times.next(String(index), 10));
  expect(Math.min(...all)).toBeGreaterThanOrEqual(10_000);
  expect(Math.max(...all)).toBeLessThan(12_500);
  expect(new Set(all).size).toBeGreaterThan(400);
});
