import { createECDH } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { smallOrderPoints } from '../../../src/csr/algorithms.ts';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { buildCSR } from '../../support/csr.ts';
import { paddedSha256, rsaSpki, testKey } from '../../support/csr-keys.ts';
import {
  bitString,
  bytes,
  concat,
  hex,
  integer,
  nullValue,
  oid,
  sequence,
  set,
  tlv,
} from '../../support/der.ts';
import { refusalOf, refusedRows, type Row } from './refused.ts';

const EC = oid('1.2.840.10045.2.1');
const P256 = oid('1.2.840.10045.3.1.7');
const RSA = oid('1.2.840.113549.1.1.1');
const ED = oid('1.3.101.112');

const spki = (algorithm: readonly Uint8Array[], key: Uint8Array) => ({
  spki: sequence(sequence(...algorithm), bitString(key)),
});
const rawPoint = testKey('P-256').spki.slice(-65);
const compressed = (): Uint8Array => {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return new Uint8Array(pair.getPublicKey(null, 'compressed'));
};
const ecKey = (point: Uint8Array) => spki([EC, P256], point);
/** The prime of P-256 (FIPS 186-5): a coordinate as large as that is not reduced. */
const FIELD = hex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff');

const rsaKey = testKey('RSA-2048').spki;
const publicNumbers = rsaKey.slice(24);
const modulus = BigInt(`0x${Buffer.from(publicNumbers.slice(9, 9 + 256)).toString('hex')}`);
const rsa = (n: bigint, e: bigint) => ({ spki: rsaSpki(n, e) });
const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

const ff = (count: number): string => 'ff'.repeat(count);
const ed25519 = (point: Uint8Array | string) => spki([ED], typeof point === 'string' ? hex(point) : point);

test('the fixture is taken apart rightly', () => {
  expect(rsaSpki(modulus, 65537n)).toEqual(rsaKey);
});

describe('ECDSA keys', () => {
  refusedRows([
    ['P-224', 'KeyCurveNotAllowed', { key: 'P-224' }],
    ['secp256k1', 'KeyCurveNotAllowed', { key: 'secp256k1' }],
    ['no parameters', 'KeyParametersInvalid', spki([EC], rawPoint)],
    ['NULL parameters', 'KeyParametersInvalid', spki([EC, nullValue()], rawPoint)],
    ['parameters of its own', 'KeyParametersInvalid', spki([EC, sequence(integer(1))], rawPoint)],
    ['parameters twice', 'DERTrailingData', spki([EC, P256, P256], rawPoint)],
    ['a compressed point', 'KeyPointInvalid', ecKey(compressed())],
    ['a hybrid point', 'KeyPointInvalid', ecKey(rawPoint.with(0, 6 + ((rawPoint[64] ?? 0) & 1)))],
    ['the point at infinity', 'KeyPointInvalid', ecKey(bytes(0))],
    ['no point', 'KeyPointInvalid', ecKey(bytes())],
    ['a point of another curve', 'KeyPointInvalid', ecKey(testKey('P-384').spki.slice(-97))],
    ['a point cut off', 'KeyPointInvalid', ecKey(rawPoint.slice(0, -1))],
    ['a point and a byte', 'KeyPointInvalid', ecKey(concat(rawPoint, bytes(0)))],
    ['a point beside the curve', 'KeyPointInvalid', ecKey(rawPoint.with(64, (rawPoint[64] ?? 0) ^ 1))],
    ['(0, 0)', 'KeyPointInvalid', ecKey(concat(bytes(4), new Uint8Array(64)))],
    ['x not reduced', 'KeyPointInvalid', ecKey(concat(bytes(4), FIELD, rawPoint.slice(33)))],
    ['y not reduced', 'KeyPointInvalid', ecKey(concat(rawPoint.slice(0, 33), FIELD))],
    [
      'the key of another node',
      'SignatureInvalid',
      { spki: testKey('P-256').spki.slice(), signature: bitString(testKey('P-256').sign(bytes(1))) },
    ],
    [
      'an unused bit',
      'DERBitStringNotCanonical',
      { spki: sequence(sequence(EC, P256), bitString(rawPoint, 1)) },
    ],
    ['an empty bit string', 'DERBitStringNotCanonical', { spki: sequence(sequence(EC, P256), hex('0300')) }],
    [
      'a constructed bit string',
      'DERTagUnexpected',
      { spki: sequence(sequence(EC, P256), tlv(0x23, bitString(rawPoint))) },
    ],
    [
      'something after the bit string',
      'DERTrailingData',
      { spki: sequence(sequence(EC, P256), bitString(rawPoint), set()) },
    ],
    ['id-ecDH', 'KeyAlgorithmNotAllowed', spki([oid('1.3.132.1.12'), P256], rawPoint)],
    ['an unknown algorithm', 'KeyAlgorithmNotAllowed', spki([oid('1.2.3')], rawPoint)],
    ['DSA', 'KeyAlgorithmNotAllowed', spki([oid('1.2.840.10040.4.1'), sequence()], rawPoint)],
    ['X25519', 'KeyAlgorithmNotAllowed', spki([oid('1.3.101.110')], new Uint8Array(32))],
    ['Ed448', 'KeyAlgorithmNotAllowed', spki([oid('1.3.101.113')], new Uint8Array(57))],
    ['ML-DSA-44', 'KeyAlgorithmNotAllowed', spki([oid('2.16.840.1.101.3.4.3.17')], new Uint8Array(1312))],
    ['no algorithm', 'DERElementMissing', spki([], rawPoint)],
  ]);
});

describe('RSA keys', () => {
  refusedRows(
    [
      ['512 bits', 'KeySizeNotAllowed', { key: 'RSA-512' }],
      ['1024 bits', 'KeySizeNotAllowed', { key: 'RSA-1024' }],
      ['2047 bits', 'KeySizeNotAllowed', rsa(ones(2047), 65537n)],
      ['8193 bits', 'KeySizeNotAllowed', rsa(ones(8193), 65537n)],
      ['an even modulus', 'KeyModulusInvalid', rsa(ones(2048) - 1n, 65537n)],
      ['modulus 0', 'KeyModulusInvalid', rsa(0n, 65537n)],
      ['a negative modulus', 'KeyModulusInvalid', rsa(-modulus, 65537n)],
      ['the least odd modulus of 2048 bits', 'KeyModulusInvalid', rsa(1n - 2n ** 2047n, 65537n)],
      ['exponent 0', 'KeyExponentInvalid', rsa(modulus, 0n)],
      ['exponent 1', 'KeyExponentInvalid', rsa(modulus, 1n)],
      ['exponent 2', 'KeyExponentInvalid', rsa(modulus, 2n)],
      ['exponent -3', 'KeyExponentInvalid', rsa(modulus, -3n)],
      ['the least odd exponent of 32 bits', 'KeyExponentInvalid', rsa(modulus, 1n - 2n ** 31n)],
      ['exponent 2^4000 + 1', 'KeyExponentInvalid', rsa(modulus, 2n ** 4000n + 1n)],
      ['exponent 65536', 'KeyExponentInvalid', rsa(modulus, 65536n)],
      ['exponent 2^31 + 1', 'KeyExponentInvalid', rsa(modulus, 2n ** 31n + 1n)],
      ['exponent 2^64 + 1', 'KeyExponentInvalid', rsa(modulus, 2n ** 64n + 1n)],
      ['no parameters', 'KeyParametersInvalid', spki([RSA], publicNumbers)],
      ['parameters of its own', 'KeyParametersInvalid', spki([RSA, sequence()], publicNumbers)],
      ['NULL with content', 'KeyParametersInvalid', spki([RSA, hex('050100')], publicNumbers)],
      ['NULL twice', 'DERTrailingData', spki([RSA, nullValue(), nullValue()], publicNumbers)],
      ['id-RSASSA-PSS', 'KeyAlgorithmNotAllowed', spki([oid('1.2.840.113549.1.1.10')], publicNumbers)],
      [
        'a third number',
        'DERTrailingData',
        spki([RSA, nullValue()], sequence(integer(modulus), integer(3), integer(3))),
      ],
      ['a key and a byte', 'DERTrailingData', spki([RSA, nullValue()], concat(publicNumbers, bytes(0)))],
      ['no exponent', 'DERElementMissing', spki([RSA, nullValue()], sequence(integer(modulus)))],
      ['a SET of numbers', 'DERTagUnexpected', spki([RSA, nullValue()], set(integer(modulus), integer(3)))],
      [
        'a padded modulus',
        'DERIntegerNotMinimal',
        spki(
          [RSA, nullValue()],
          sequence(tlv(2, concat(bytes(0, 0), publicNumbers.slice(9, 265))), integer(65537)),
        ),
      ],
      [
        'a padded exponent',
        'DERIntegerNotMinimal',
        spki([RSA, nullValue()], sequence(integer(modulus), hex('020400010001'))),
      ],
    ],
    { key: 'RSA-2048' },
  );

  test('a signature that anybody can make with exponent 1 does not help', () => {
    const request = buildCSR({
      key: 'RSA-2048',
      spki: rsaSpki(modulus, 1n),
      signature: (info) => paddedSha256(info, 256),
    });
    expect(refusalOf(request.pem)).toBe('KeyExponentInvalid');
  });

  test.each([2n ** 31n - 1n, 3n, 65537n])('exponent %s passes the key', (e) => {
    expect(refusalOf(buildCSR({ key: 'RSA-2048', ...rsa(modulus, e) }).pem)).toEqual(
      e === 65537n
        ? expect.objectContaining({ key: { algorithm: 'RSA', curve: '', bits: 2048 } })
        : 'SignatureInvalid',
    );
  });

  test('the true size is shown', () => {
    for (const bits of [2048, 2049, 2055, 2056, 2057, 8191, 8192]) {
      expect(refusalOf(buildCSR({ key: 'RSA-2048', ...rsa(ones(bits), 3n) }).pem)).toBe(
        bits === 2048 ? 'SignatureInvalid' : 'SignatureNotCanonical',
      );
    }
    const odd = testKey('RSA-3072');
    expect(decodeRequest(buildCSR({ key: odd }).pem).key.bits).toBe(3072);
  });
});

describe('Ed25519 keys', () => {
  const noncanonical: Row[] = ['ed', 'ee', 'ff'].flatMap((first) =>
    ['7f', 'ff'].map((last): Row => [
      `y = ${first}ff…${last}`,
      'KeyPointInvalid',
      ed25519(`${first}${'ff'.repeat(30)}${last}`),
    ]),
  );
  const smallOrder: Row[] = [...smallOrderPoints].flatMap((point): Row[] => [
    [`order 8: ${point.slice(0, 8)}`, 'KeyPointInvalid', ed25519(point)],
    [
      `order 8: ${point.slice(0, 8)} with a sign`,
      'KeyPointInvalid',
      ed25519(hex(point).with(31, hex(point)[31]! | 0x80)),
    ],
  ]);
  refusedRows(
    [
      ['31 bytes', 'KeyPointInvalid', ed25519(new Uint8Array(31).fill(9))],
      ['33 bytes', 'KeyPointInvalid', ed25519(new Uint8Array(33).fill(9))],
      ['NULL parameters', 'KeyParametersInvalid', spki([ED, nullValue()], new Uint8Array(32).fill(9))],
      ['no point of the curve', 'SignatureInvalid', ed25519(`02${'00'.repeat(31)}`)],
      ...noncanonical,
      ...smallOrder,
    ],
    { key: 'Ed25519' },
  );

  test('the neutral point would have one signature for every request', () => {
    const signature = concat(bytes(1), new Uint8Array(63));
    const request = buildCSR({
      key: 'Ed25519',
      ...ed25519(`01${'00'.repeat(31)}`),
      signature: () => signature,
    });
    expect(refusalOf(request.pem)).toBe('KeyPointInvalid');
  });

  // One octet less than the prime each: any y passes the key, and the signature of another fails.
  test.each([
    ['its first octet', `00${ff(30)}7f`],
    ['its second octet', `ed00${ff(29)}7f`],
    ['its middle', `ed${ff(14)}fe${ff(15)}7f`],
    ['its last octet but one', `ed${ff(29)}fe7f`],
    ['its last octet', `ff${ff(30)}7e`],
    ['its last octet, with a sign', `ff${ff(30)}fe`],
  ])('y is reduced by %s', (_where, point) => {
    expect(refusalOf(buildCSR({ key: 'Ed25519', ...ed25519(point) }).pem)).toBe('SignatureInvalid');
  });
});

test.each([
  ['P-256', 'sha256', { algorithm: 'ECDSA', curve: 'P-256', bits: 256 }, 'ECDSA-SHA256'],
  ['P-256', 'sha384', { algorithm: 'ECDSA', curve: 'P-256', bits: 256 }, 'ECDSA-SHA384'],
  ['P-256', 'sha512', { algorithm: 'ECDSA', curve: 'P-256', bits: 256 }, 'ECDSA-SHA512'],
  ['P-384', 'sha256', { algorithm: 'ECDSA', curve: 'P-384', bits: 384 }, 'ECDSA-SHA256'],
  ['P-384', 'sha384', { algorithm: 'ECDSA', curve: 'P-384', bits: 384 }, 'ECDSA-SHA384'],
  ['P-521', 'sha512', { algorithm: 'ECDSA', curve: 'P-521', bits: 521 }, 'ECDSA-SHA512'],
  ['RSA-2048', 'sha256', { algorithm: 'RSA', curve: '', bits: 2048 }, 'RSA-SHA256'],
  ['RSA-3072', 'sha384', { algorithm: 'RSA', curve: '', bits: 3072 }, 'RSA-SHA384'],
  ['RSA-4096', 'sha512', { algorithm: 'RSA', curve: '', bits: 4096 }, 'RSA-SHA512'],
  ['RSA-8192', 'sha512', { algorithm: 'RSA', curve: '', bits: 8192 }, 'RSA-SHA512'],
  ['Ed25519', undefined, { algorithm: 'Ed25519', curve: '', bits: 256 }, 'Ed25519'],
] as const)('%s with %s is accepted', (key, hash, shown, signatureAlgorithm) => {
  const spec = hash === undefined ? { key } : { key, hash };
  expect(decodeRequest(buildCSR(spec).pem)).toMatchObject({ key: shown, signatureAlgorithm });
});
