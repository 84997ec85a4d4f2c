import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { defaultLimits, effectiveLimits, hardLimits } from '../../../src/csr/limits.ts';
import { buildCSR } from '../../support/csr.ts';

describe('limits', () => {
  test('are 16 KiB and 64 names, and at most 64 KiB and 128 names', () => {
    expect(defaultLimits).toEqual({ maxRequestBytes: 16_384, maxSANs: 64 });
    expect(hardLimits).toEqual({ maxRequestBytes: 65_536, maxSANs: 128 });
  });

  test('are never above the hard ones', () => {
    expect(effectiveLimits({ maxRequestBytes: 1e9, maxSANs: 1e9 })).toEqual(hardLimits);
    expect(effectiveLimits({ maxRequestBytes: 7, maxSANs: 7 })).toEqual({ maxRequestBytes: 7, maxSANs: 7 });
  });

  const { pem } = buildCSR();
  test.each([
    ['as long as the cap', { ...defaultLimits, maxRequestBytes: pem.length }, undefined],
    ['a byte longer', { ...defaultLimits, maxRequestBytes: pem.length - 1 }, 'CSRTooLarge'],
    ['as many names as the cap', { ...defaultLimits, maxSANs: 2 }, undefined],
    ['a name more', { ...defaultLimits, maxSANs: 1 }, 'SANsTooMany'],
    // Nothing is below what is no number: the cap holds.
    ['a cap that is no number of bytes', { ...defaultLimits, maxRequestBytes: Number.NaN }, 'CSRTooLarge'],
    ['a cap that is no number of names', { ...defaultLimits, maxSANs: Number.NaN }, 'SANsTooMany'],
  ])('a request %s', (_name, limits, code) => {
    const decode = () => decodeRequest(pem, limits);
    if (code === undefined) expect(decode()).toBeDefined();
    else expect(decode).toThrow(expect.objectContaining({ code }));
  });
});
