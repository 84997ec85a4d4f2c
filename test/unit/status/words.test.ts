import { expect, test } from 'vitest';
import { duration, span } from '../../../src/status/page/words.ts';

test.each([
  [-5, '0 s'],
  [0.9, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [61, '1 min 1 s'],
  [3599, '59 min 59 s'],
  [3600, '1 h'],
  [90_061, '1 d 1 h'],
  [172_800, '2 d'],
])('%d seconds are %s', (seconds, said) => {
  expect(span(seconds)).toBe(said);
});

test.each([
  [0, '0.0 ms'],
  [2_540_000, '2.5 ms'],
  [25_400_000, '25 ms'],
  [1_500_000_000, '1 s'],
])('%d nanoseconds are %s', (ns, said) => {
  expect(duration(ns)).toBe(said);
});
