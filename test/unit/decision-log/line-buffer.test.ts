import { expect, test } from 'vitest';
import { LineBuffer } from '../../../src/decision-log/line-buffer.ts';
import { numbered } from './observed.ts';

test('the oldest make room, and bytes are counted as they are written', () => {
  const buffer = new LineBuffer(35);
  expect(numbered(0, 5).map((line) => buffer.push(line))).toEqual([0, 0, 0, 1, 1]);
  expect([buffer.bytes, buffer.size]).toEqual([30, 3]);
  expect(buffer.push('äöü\n')).toBe(1);
  expect(buffer.bytes).toBe(27);
  expect(buffer.take(1000)).toEqual([...numbered(3, 2), 'äöü\n']);
  expect([buffer.bytes, buffer.size, buffer.take(1)]).toEqual([0, 0, []]);
});

test('a line that is larger than all of it leaves nothing behind', () => {
  const buffer = new LineBuffer(20);
  buffer.push('1\n');
  expect(buffer.push(`${'x'.repeat(30)}\n`)).toBe(2);
  expect([buffer.bytes, buffer.size]).toEqual([0, 0]);
});

test('at least one is taken, and no more than asked for', () => {
  const buffer = new LineBuffer(1e6);
  for (const line of numbered(0, 4)) buffer.push(line);
  expect([buffer.take(1), buffer.take(25), buffer.take(25)]).toEqual([
    numbered(0, 1),
    numbered(1, 2),
    numbered(3, 1),
  ]);
});

test('order is kept through a hundred thousand lines that come and go', () => {
  const buffer = new LineBuffer(5000);
  const taken: string[] = [];
  for (let at = 0; at < 100_000; at += 10) {
    for (const line of numbered(at, 10)) buffer.push(line);
    if (at % 20 === 0) taken.push(...buffer.take(200));
  }
  taken.push(...buffer.take(1e9));
  expect(taken).toEqual([...taken].sort());
  expect(taken.at(-1)).toBe(numbered(99_999, 1)[0]);
  expect([buffer.size, buffer.bytes]).toEqual([0, 0]);
});
