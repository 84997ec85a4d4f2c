import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Crowd } from '../../../src/controller/crowd.ts';
import { FairOrder, type Waiting } from '../../../src/controller/fair-order.ts';

let sequence = 0;
const item = (group: string, priority: number): Waiting => ({ group, priority, sequence: (sequence += 1) });

function names(order: FairOrder<Waiting>, count = Infinity): string[] {
  const out: string[] = [];
  while (out.length < count) {
    const next = order.pop();
    if (next === undefined) break;
    out.push(`${next.group}${String(next.priority)}`);
  }
  return out;
}

test('one group: the newest first', () => {
  const order = new FairOrder<Waiting>();
  for (const priority of [2, 5, 1, 4]) order.add(item('a', priority));
  expect(names(order)).toEqual(['a5', 'a4', 'a2', 'a1']);
});

test('several groups: in turn, and in each round the newest first', () => {
  const order = new FairOrder<Waiting>();
  for (const priority of [9, 8, 7]) order.add(item('a', priority));
  order.add(item('b', 3));
  order.add(item('c', 5));
  order.add(item('c', 4));
  expect(names(order)).toEqual(['a9', 'c5', 'b3', 'a8', 'c4', 'a7']);
});

test('equals come in the order of their arrival', () => {
  const order = new FairOrder<Waiting>();
  for (const group of ['a', 'b', 'c']) order.add(item(group, 1));
  expect(names(order)).toEqual(['a1', 'b1', 'c1']);
});

test("a group of 5,000 delays another's one by no more than one of its own", () => {
  const order = new FairOrder<Waiting>();
  for (let n = 1000; n < 6000; n += 1) order.add(item('bad', n));
  names(order, 100);
  order.add(item('good', 1));
  expect(names(order, 2)).toContain('good1');
});

test('a group that adds one at a time gets no extra turns', () => {
  const order = new FairOrder<Waiting>();
  for (const group of ['x', 'y', 'z']) order.add(item(group, 1));
  const out: string[] = [];
  for (let n = 0; n < 6; n += 1) {
    order.add(item('greedy', 100 + n));
    out.push(...names(order, 1).map((name) => name.replace(/\d+/, '')));
  }
  expect(out).toEqual(['greedy', 'x', 'y', 'z', 'greedy', 'greedy']);
});

test('a group that is paused does not come, and gets no extra turns afterwards', () => {
  const order = new FairOrder<Waiting>();
  for (const group of ['a', 'b']) {
    for (const priority of [4, 3, 2, 1]) order.add(item(group, priority));
  }
  order.pause('a');
  order.add(item('a', 5));
  expect(names(order, 2)).toEqual(['b4', 'b3']);
  order.resume('a');
  order.resume('never paused');
  expect(names(order, 4)).toEqual(['a5', 'a4', 'b2', 'a3']);
  order.pause('a');
  expect([names(order), order.size]).toEqual([['b1'], 2]);
  order.resume('a');
  expect(names(order)).toEqual(['a2', 'a1']);
});

test('what is removed does not come', () => {
  const order = new FairOrder<Waiting>();
  const gone = item('a', 5);
  order.add(gone);
  order.add(item('a', 4));
  expect(order.delete(gone)).toBe(true);
  expect(order.delete(gone)).toBe(false);
  expect(order.size).toBe(1);
  expect(names(order)).toEqual(['a4']);
});

test('nothing is lost or repeated, sizes agree, and each group waits at most one turn of every other', () => {
  const addition = fc.record({ group: fc.constantFrom('a', 'b', 'c', 'd'), priority: fc.nat(9) });
  const step = fc.oneof(addition, fc.constant('pop' as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const order = new FairOrder<Waiting>();
      const held = new Set<Waiting>();
      const waitedFor = new Map<string, Map<string, number>>();
      for (const next of steps) {
        if (next === 'pop') {
          const popped = order.pop();
          expect(popped === undefined).toBe(held.size === 0);
          if (popped === undefined) continue;
          expect(held.delete(popped)).toBe(true);
          waitedFor.delete(popped.group);
          for (const group of new Set([...held].map((one) => one.group))) {
            const counts = waitedFor.get(group) ?? new Map<string, number>();
            waitedFor.set(group, counts.set(popped.group, (counts.get(popped.group) ?? 0) + 1));
            if (group !== popped.group) expect(counts.get(popped.group)).toBeLessThanOrEqual(2);
          }
        } else {
          const added = item(next.group, next.priority);
          order.add(added);
          held.add(added);
        }
        expect(order.size).toBe(held.size);
        expect(new Set(order)).toEqual(held);
      }
    }),
  );
});

test('the expendable one is the oldest of the biggest group', () => {
  const crowd = new Crowd<Waiting>();
  const items = [item('a', 1), item('b', 5), item('b', 3), item('b', 4), item('a', 0)];
  for (const one of items) crowd.add(one);
  const out: string[] = [];
  for (let next = crowd.expendable(); next !== undefined; next = crowd.expendable()) {
    out.push(`${next.group}${String(next.priority)}`);
    crowd.delete(next);
    crowd.delete(next);
  }
  expect(out.slice(0, 1)).toEqual(['b3']);
  expect([...out].sort()).toEqual(['a0', 'a1', 'b3', 'b4', 'b5']);
  expect(crowd.size).toBe(0);
});
