import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../../../src/controller/heap.ts';

interface Entry {
  value: number;
}

test('gives its items in order, whatever is added, changed and removed', () => {
  const step = fc.record({ index: fc.nat(20), value: fc.integer({ min: 0, max: 50 }), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const entries = Array.from({ length: 21 }, (): Entry => ({ value: 0 }));
      const model = new Set<Entry>();
      const heap = new Heap<Entry>((a, b) => a.value < b.value);
      for (const { index, value, remove } of steps) {
        const entry = entries[index]!;
        if (remove) {
          expect(heap.delete(entry)).toBe(model.delete(entry));
        } else {
          entry.value = value;
          heap.set(entry);
          model.add(entry);
        }
        expect(heap.size).toBe(model.size);
        expect(new Set(heap)).toEqual(model);
        expect(heap.peek()?.value).toBe(
          model.size === 0 ? undefined : Math.min(...[...model].map((e) => e.value)),
        );
      }
      const out: number[] = [];
      for (let next = heap.pop(); next !== undefined; next = heap.pop()) out.push(next.value);
      expect(out).toEqual([...model].map((e) => e.value).sort((a, b) => a - b));
      expect(heap.size).toBe(0);
    }),
  );
});
