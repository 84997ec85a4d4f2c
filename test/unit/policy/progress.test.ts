import { expect, test } from 'vitest';
import { Progress } from '../../../src/policy/progress.ts';
import { maxQuestions } from '../../../src/policy/question.ts';

/** As large as the clock of a machine that has been up for a year. */
const start = 365n * 86_400n * 1_000_000_000n;

test('says which question is evaluated, and for how long', () => {
  const progress = new Progress();
  progress.begin(3, start);
  const { index, forMs } = progress.read(start + 250_000_000n);
  expect(index).toBe(3);
  expect(forMs).toBeCloseTo(250, 3);
});

test('tells every question of a message from every other, at any time', () => {
  const progress = new Progress();
  for (let index = 0; index < maxQuestions; index += 1) {
    for (const later of [0n, 1n, 7n, 8n, 999_999n]) {
      progress.begin(index, start + later);
      expect(progress.read(start + later).index).toBe(index);
    }
  }
});

test('is seen by whoever holds the same memory', () => {
  const thread = new Progress();
  const other = new Progress(thread.shared);
  other.begin(5, start);
  expect(thread.read(start).index).toBe(5);
});

test('begins anew with each question', () => {
  const progress = new Progress();
  progress.begin(0, start);
  progress.begin(1, start + 400_000_000n);
  expect(progress.read(start + 500_000_000n).forMs).toBeCloseTo(100, 3);
});
