import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareResourceVersions } from '../../../src/kube/resource-version.ts';

test.each([
  ['1', '2', -1],
  ['10', '9', 1],
  ['10', '10', 0],
  ['0', '1', -1],
  ['18446744073709551616', '18446744073709551615', 1],
  ['opaque', 'opaque', 0],
  ['opaque', 'other', undefined],
  ['', '', undefined],
  ['', '1', undefined],
  ['1', '', undefined],
  ['01', '1', undefined],
  ['-1', '1', undefined],
  ['1.0', '1', undefined],
  ['1e3', '5', undefined],
])('%j against %j: %j', (a, b, expected) => {
  expect(compareResourceVersions(a, b)).toBe(expected);
});

test('orders as the numbers do, beyond 2^53 too', () => {
  const version = fc.bigInt({ min: 0n, max: 2n ** 80n });
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(compareResourceVersions(String(a), String(b))).toBe(a === b ? 0 : a < b ? -1 : 1);
    }),
  );
});
