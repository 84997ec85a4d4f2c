import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '../../../src/kube/lines.ts';

test('gives the lines, wherever the chunks are cut', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\n/g, ''));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
      let bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const splitter = new LineSplitter(1 << 20);
      const out: string[] = [];
      for (const cut of cuts) {
        out.push(...splitter.push(bytes.subarray(0, cut)));
        bytes = bytes.subarray(cut);
      }
      out.push(...splitter.push(bytes));
      expect(out).toEqual(lines.filter((text) => text !== ''));
      expect(splitter.pending).toBe(0);
    }),
  );
});

test('knows that a line has not ended', () => {
  const splitter = new LineSplitter(100);
  expect(splitter.push(Buffer.from('a\nbc'))).toEqual(['a']);
  expect(splitter.pending).toBe(2);
});

test('refuses a line without end', () => {
  const splitter = new LineSplitter(10);
  expect(splitter.push(Buffer.from('123456789\n123456'))).toEqual(['123456789']);
  expect(() => splitter.push(Buffer.from('78901'))).toThrow('larger than 10 bytes');
});
