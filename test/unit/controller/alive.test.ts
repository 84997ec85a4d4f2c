import { expect, test } from 'vitest';
import { aliveCheck, worksCheck } from '../../../src/controller/alive.ts';

const minute = 60_000;
const watch = (idle: number, age: number, hasSynced = true) => ({
  hasSynced,
  idleMs: () => idle,
  progressAgeMs: () => age,
});

test.each<[string, ReturnType<typeof watch>, string | undefined]>([
  ['that hears from the server', watch(0, 0), undefined],
  ['that was silent for the whole of a list, and a pause', watch(2 * minute, 2 * minute), undefined],
  ['of a server that is away, which is tried again and again', watch(minute, 14 * minute), undefined],
  ['whose loop has stopped', watch(5 * minute + 1, 0), 'has tried nothing for 300 s'],
  [
    'whose loop has stopped before the first list',
    watch(5 * minute + 1, Infinity, false),
    'has tried nothing for 300 s',
  ],
  [
    'that was not answered for as long as a kubelet waits',
    watch(0, 16 * minute),
    'has been without an answer for 960 s',
  ],
  ['that was never answered: readiness and the start say so', watch(0, Infinity, false), undefined],
])('a watch %s', (_, given, expected) => {
  const check = aliveCheck('nodes', () => [
    ['the watch of good', watch(0, 0)],
    ['the watch of Nodes', given],
  ]);
  expect(check.name).toBe('nodes');
  expect(check.problem()).toBe(expected && `the watch of Nodes ${expected}`);
});

test.each([
  [5 * minute, undefined],
  [5 * minute + 1, 'no request has been taken up or finished for 300 s, and 7 wait'],
])('a queue that stands still for %d ms: %s', (still, expected) => {
  expect(worksCheck('queue', { stillMs: () => still, ready: 7 }).problem()).toBe(expected);
});
