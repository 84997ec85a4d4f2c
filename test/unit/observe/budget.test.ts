import { expect, test } from 'vitest';
import { Budget, Budgets } from '../../../src/observe/budget.ts';

const allowance = { burst: 3, refillMs: 1_000 };
const taken = (budget: Budget, tries: number) =>
  Array.from({ length: tries }, () => budget.take()).filter(Boolean).length;

test('so many in a row, and one more after each time, never more', () => {
  let now = 0;
  const budget = new Budget(allowance, () => now);
  expect([budget.isFull, taken(budget, 10), budget.isFull]).toEqual([true, 3, false]);
  now = 999;
  expect(taken(budget, 10)).toBe(0);
  now = 2_500;
  expect(taken(budget, 10)).toBe(2);
  now = 3_000;
  expect(taken(budget, 10)).toBe(1);
  now = 1_000_000;
  expect([budget.isFull, taken(budget, 10)]).toEqual([true, 3]);
});

test('a clock that is set back gives and takes nothing', () => {
  let now = 10_000;
  const budget = new Budget(allowance, () => now);
  taken(budget, 2);
  now = 0;
  expect(taken(budget, 10)).toBe(1);
  now = 1_000;
  expect(taken(budget, 10)).toBe(1);
});

test('of many, those that are full are forgotten first, then the oldest', () => {
  let now = 0;
  const budgets = new Budgets(() => new Budget({ burst: 1, refillMs: 1_000 }, () => now), 3);
  const take = (...keys: string[]) => keys.map((key) => budgets.take(key));
  expect(take('a', 'b', 'c')).toEqual([true, true, true]);
  expect(take('a', 'b', 'c')).toEqual([false, false, false]);
  // No room: `a` is forgotten, and gets another one.
  expect(take('d', 'a')).toEqual([true, true]);
  expect(take('c', 'd')).toEqual([false, false]);
  now = 1_000;
  expect(take('e', 'f', 'g')).toEqual([true, true, true]);
  expect(take('e', 'f', 'g')).toEqual([false, false, false]);
});
