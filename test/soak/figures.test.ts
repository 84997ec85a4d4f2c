import { expect, test } from 'vitest';
import { quantile, slopePerHour } from './figures.ts';

const line = (perHour: number, noise: (index: number) => number = () => 0) =>
  Array.from({ length: 100 }, (_, index) => ({
    at: index,
    value: 150 + (perHour * index) / 3600 + noise(index),
  }));

test.each([0, 36, -360])('the slope of a straight line of %i an hour', (perHour) => {
  expect(slopePerHour(line(perHour))).toBeCloseTo(perHour, 6);
});

test('noise that is even on both sides tilts it little', () => {
  expect(slopePerHour(line(36, (index) => (index % 2 === 0 ? 1 : -1)))).toBeGreaterThan(30);
});

test('no samples, or one, have no slope', () => {
  expect(slopePerHour([])).toBe(0);
  expect(slopePerHour([{ at: 5, value: 7 }])).toBe(0);
});

test.each([
  [0.5, 3],
  [0.99, 5],
  [0, 1],
])('the quantile %d of 1 to 5 is %i', (share, expected) => {
  expect(quantile([5, 1, 4, 2, 3], share)).toBe(expected);
});
