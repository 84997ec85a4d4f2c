import { expect, test } from 'vitest';
import { backoffDelay } from '../../../src/controller/backoff.ts';

const backoff = { baseMs: 100, maxMs: 1_000 };

test.each([
  ['first failure', 1, 0, 50],
  ['first failure, latest', 1, 0.999_999, 100],
  ['doubles', 2, 0.999_999, 200],
  ['doubles again', 3, 0.999_999, 400],
  ['is capped', 5, 0.999_999, 1_000],
  ['and never below half of the cap', 5, 0, 500],
  ['for ever', 10_000, 0, 500],
  ['no failure counts as one', 0, 0, 50],
])('%s', (_, failures, random, expected) => {
  expect(backoffDelay(failures, backoff, () => random)).toBeCloseTo(expected, 2);
});
