import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { buildCSR } from '../../support/csr.ts';
import { testKey, type TestKey } from '../../support/csr-keys.ts';
import {
  bitString,
  bytes,
  concat,
  contentOf,
  hex,
  integer,
  nullValue,
  oid,
  relength,
  sequence,
  set,
  tlv,
} from '../../support/der.ts';
import { refusalOf, refusedRows, type Row } from './refused.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const p256 = testKey('P-256');
const rsa = testKey('RSA-2048');
const algorithm = (type: string, ...parameters: Uint8Array[]) => ({
  signatureAlgorithm: sequence(oid(type), ...parameters),
});
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const RSA_SHA256 = '1.2.840.113549.1.1.11';

const unsigned = (part: Uint8Array): bigint => BigInt(`0x${Buffer.from(part).toString('hex')}`);

/** The numbers of a good signature, bent and written again. */
const numbers =
  (write: (r: bigint, s: bigint) => Uint8Array) =>
  (info: Uint8Array): Uint8Array => {
    const value = contentOf(p256.sign(info));
    const length = value[1] ?? 0;
    return write(unsigned(value.slice(2, 2 + length)), unsigned(value.slice(4 + length)));
  };
const bent = (change: (signature: Uint8Array) => Uint8Array) => ({
  signature: (info: Uint8Array) => change(p256.sign(info)),
});
const padded = (value: bigint): Uint8Array => tlv(2, concat(bytes(0), contentOf(integer(value))));

const littleEndian = (value: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(value.toReversed()).toString('hex')}`);

describe('signature algorithm', () => {
  const refusedOIDs: Row[] = [
    ['ECDSA with SHA-1', '1.2.840.10045.4.1'],
    ['ECDSA with SHA-224', '1.2.840.10045.4.3.1'],
    ['ECDSA with SHA3-256', '2.16.840.1.101.3.4.3.10'],
    ['RSA with SHA-1', '1.2.840.113549.1.1.5'],
    ['RSA with MD5', '1.2.840.113549.1.1.4'],
    ['RSA-PSS', '1.2.840.113549.1.1.10'],
    ['rsaEncryption', '1.2.840.113549.1.1.1'],
    ['Ed448', '1.3.101.113'],
    ['an unknown one', '1.2.3'],
  ].map(([name = '', type = '']) => [name, 'SignatureAlgorithmNotAllowed', algorithm(type)]);
  refusedRows([
    ...refusedOIDs,
    ['signed with SHA-1', 'SignatureAlgorithmNotAllowed', { hash: 'sha1' }],
    ['NULL beside ECDSA', 'SignatureParametersInvalid', algorithm(ECDSA_SHA256, nullValue())],
    ['parameters of its own', 'SignatureParametersInvalid', algorithm(ECDSA_SHA256, sequence())],
    ['RSA beside an ECDSA key', 'SignatureKeyMismatch', algorithm(RSA_SHA256, nullValue())],
    ['Ed25519 beside an ECDSA key', 'SignatureKeyMismatch', algorithm('1.3.101.112')],
    ['another hash', 'SignatureInvalid', algorithm('1.2.840.10045.4.3.3')],
    ['nothing', 'DERElementMissing', { signatureAlgorithm: sequence() }],
    ['a SET', 'DERTagUnexpected', { signatureAlgorithm: set(oid(ECDSA_SHA256)) }],
  ]);
});

describe('RSA signature', () => {
  refusedRows(
    [
      ['no parameters', 'SignatureParametersInvalid', algorithm(RSA_SHA256)],
      ['parameters of its own', 'SignatureParametersInvalid', algorithm(RSA_SHA256, sequence())],
      ['NULL with content', 'SignatureParametersInvalid', algorithm(RSA_SHA256, hex('050100'))],
      ['NULL twice', 'DERTrailingData', algorithm(RSA_SHA256, nullValue(), nullValue())],
      ['ECDSA beside an RSA key', 'SignatureKeyMismatch', algorithm(ECDSA_SHA256)],
      ['a byte too long', 'SignatureNotCanonical', { signature: (info) => concat(bytes(0), rsa.sign(info)) }],
      ['a byte too short', 'SignatureNotCanonical', { signature: (info) => rsa.sign(info).slice(1) }],
      ['empty', 'SignatureNotCanonical', { signature: bitString(bytes()) }],
      ['not below the modulus', 'SignatureInvalid', { signature: () => new Uint8Array(256).fill(0xff) }],
      ['zero', 'SignatureInvalid', { signature: () => new Uint8Array(256) }],
      ['of other bytes', 'SignatureInvalid', { signature: () => rsa.sign(bytes(1)) }],
    ],
    { key: 'RSA-2048' },
  );
});

test.each([
  ['PKCS #1', constants.RSA_PKCS1_PADDING, 'object'],
  ['PSS', constants.RSA_PKCS1_PSS_PADDING, 'string'],
])('RSA signature of %s under the name of PKCS #1', (_name, padding, outcome) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key: TestKey = {
    type: 'RSA-2048',
    hash: 'sha256',
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    sign: (data) => new Uint8Array(sign('sha256', data, { key: privateKey, padding })),
  };
  expect(typeof refusalOf(buildCSR({ key }).pem)).toBe(outcome);
});

describe('ECDSA signature', () => {
  refusedRows([
    ['of other bytes', 'SignatureInvalid', { signature: () => p256.sign(bytes(1)) }],
    ['r = 0', 'SignatureInvalid', { signature: numbers((_, s) => sequence(integer(0), integer(s))) }],
    ['s = 0', 'SignatureInvalid', { signature: numbers((r) => sequence(integer(r), integer(0))) }],
    ['both 0', 'SignatureInvalid', { signature: () => sequence(integer(0), integer(0)) }],
    ['r = 1, s = 1', 'SignatureInvalid', { signature: () => sequence(integer(1), integer(1)) }],
    ['r = s = n', 'SignatureInvalid', { signature: () => sequence(integer(ORDER), integer(ORDER)) }],
    [
      'r and s swapped',
      'SignatureInvalid',
      { signature: numbers((r, s) => sequence(integer(s), integer(r))) },
    ],
    [
      's + n',
      'SignatureNotCanonical',
      { signature: numbers((r, s) => sequence(integer(r), integer(s + ORDER + ORDER))) },
    ],
    [
      'r negative',
      'SignatureNotCanonical',
      { signature: numbers((r, s) => sequence(integer(-r), integer(s))) },
    ],
    [
      'the least r of 32 octets',
      'SignatureNotCanonical',
      { signature: numbers((_, s) => sequence(integer(-(2n ** 255n)), integer(s))) },
    ],
    [
      'r of 33 octets and its sign',
      'SignatureNotCanonical',
      { signature: numbers((_, s) => sequence(integer(2n ** 263n), integer(s))) },
    ],
    [
      's negative',
      'SignatureNotCanonical',
      { signature: numbers((r, s) => sequence(integer(r), integer(-s))) },
    ],
    [
      'r of 300 bytes',
      'SignatureNotCanonical',
      { signature: numbers((r, s) => sequence(integer(r + 2n ** 2392n), integer(s))) },
    ],
    [
      'r padded',
      'DERIntegerNotMinimal',
      {
        signature: numbers((r, s) =>
          sequence(tlv(2, concat(bytes(0, 0), contentOf(integer(r)))), integer(s)),
        ),
      },
    ],
    ['s padded', 'DERIntegerNotMinimal', { signature: numbers((r) => sequence(integer(r), padded(1n))) }],
    [
      'a third number',
      'DERTrailingData',
      { signature: numbers((r, s) => sequence(integer(r), integer(s), integer(1))) },
    ],
    ['a byte after it', 'DERTrailingData', bent((signature) => concat(signature, bytes(0)))],
    ['one number', 'DERElementMissing', { signature: numbers((r) => sequence(integer(r))) }],
    ['a SET', 'DERTagUnexpected', bent((signature) => signature.with(0, 0x31))],
    ['r and s side by side', 'DERTagUnexpected', bent(() => new Uint8Array(64).fill(1))],
    [
      'a length in two octets',
      'DERLengthNotMinimal',
      bent((signature) => relength(signature, { octets: 1 })),
    ],
    ['an indefinite length', 'DERLengthIndefinite', bent((signature) => relength(signature, 'indefinite'))],
    ['empty', 'DERElementMissing', { signature: bitString(bytes()) }],
    ['unused bits', 'DERBitStringNotCanonical', { signature: bitString(hex('3000'), 4) }],
    ['no octet for unused bits', 'DERBitStringNotCanonical', { signature: hex('0300') }],
    ['an OCTET STRING', 'DERTagUnexpected', { signature: tlv(4, bytes(0)) }],
    ['a constructed bit string', 'DERTagUnexpected', { signature: tlv(0x23, bitString(bytes(0))) }],
  ]);

  test.each(['low', 'high'] as const)('%s s is a signature of the same request', (which) => {
    const signature = numbers((r, s) => {
      const other = ORDER - s;
      return sequence(integer(r), integer(s < other === (which === 'low') ? s : other));
    });
    expect(decodeRequest(buildCSR({ signature }).pem).subject.commonName).toBe('system:node:n1');
  });
});

describe('Ed25519 signature', () => {
  const ed = testKey('Ed25519');
  /** The order of the base point (RFC 8032 §5.1), which S must be below. */
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const addL = (signature: Uint8Array): Uint8Array => {
    const s = (littleEndian(signature.slice(32)) + L).toString(16).padStart(64, '0');
    return concat(signature.slice(0, 32), hex(s).toReversed());
  };
  refusedRows(
    [
      ['63 bytes', 'SignatureNotCanonical', { signature: (info) => ed.sign(info).slice(1) }],
      ['65 bytes', 'SignatureNotCanonical', { signature: (info) => concat(ed.sign(info), bytes(0)) }],
      ['S not reduced', 'SignatureInvalid', { signature: (info) => addL(ed.sign(info)) }],
      ['of other bytes', 'SignatureInvalid', { signature: () => ed.sign(bytes(1)) }],
      ['NULL parameters', 'SignatureParametersInvalid', algorithm('1.3.101.112', nullValue())],
      ['ECDSA beside an Ed25519 key', 'SignatureKeyMismatch', algorithm(ECDSA_SHA256)],
    ],
    { key: 'Ed25519' },
  );
});
