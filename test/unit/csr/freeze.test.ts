import { expect, test } from 'vitest';
import { freeze } from '../../../src/csr/freeze.ts';

test('what cannot be changed is left as it is', () => {
  expect(freeze({ text: 'a', number: 1, nothing: null })).toEqual({ text: 'a', number: 1, nothing: null });
  for (const value of ['a', 1, true, null, undefined]) expect(freeze(value)).toBe(value);
});

test('objects and lists are frozen all the way down', () => {
  const value = freeze({ list: [{ inner: {} }] });
  expect([value, value.list, value.list[0], value.list[0]?.inner].every(Object.isFrozen)).toBe(true);
});
