import type { CSRSpec } from '../../support/csr.ts';
import { toBigInt } from '../../support/csr-ecdsa.ts';
import { CURVES, paddedSha256, rsaSpki, spki, testKey } from '../../support/csr-keys.ts';
import { bytes, concat, hex, integer, nullValue, oid, sequence, TAG, tlv } from '../../support/der.ts';
import { readTree, walk } from '../../support/der-tree.ts';
import { trap, type Trap } from '../trap.ts';

const RSA = '1.2.840.113549.1.1.1';
const EC = '1.2.840.10045.2.1';
const P256 = '1.2.840.10045.3.1.7';
const ED25519 = '1.3.101.112';
const rsaWithSha256 = sequence(oid('1.2.840.113549.1.1.11'), nullValue());
const ed25519 = sequence(oid(ED25519));

const rsa = testKey('RSA-2048');
const [modulus = 0n] = numbersOf(rsa.spki);
const point = pointOf(testKey('P-256').spki);

/** RSA with numbers of our own: nobody can sign for most of them, and none of them should get that far. */
const rsaNumbers = (n: bigint, e: bigint): CSRSpec => ({ key: rsa, spki: rsaSpki(n, e) });
const ecKey = (parameters: readonly Uint8Array[], key = point): CSRSpec => ({
  spki: spki([oid(EC), ...parameters], key),
});
const edwards = (key: Uint8Array, signature?: Uint8Array): CSRSpec => ({
  key: 'Ed25519',
  spki: spki([oid(ED25519)], key),
  ...(signature && { signature: () => signature }),
});

/** Keys that are too weak, or that several encodings stand for, or that anybody can sign with. */
export const key: readonly Trap[] = [
  trap('key-rsa-512', 'RSA of 512 bits', 'NIST SP 800-131A', 'KeySizeNotAllowed', { key: 'RSA-512' }),
  trap('key-rsa-1024', 'RSA of 1024 bits', 'NIST SP 800-131A', 'KeySizeNotAllowed', { key: 'RSA-1024' }),
  trap(
    'key-rsa-2047',
    'RSA of 2047 bits, which some libraries call 2048',
    'NIST SP 800-131A',
    'KeySizeNotAllowed',
    rsaNumbers((modulus >> 1n) | 1n, 65537n),
  ),
  trap(
    'key-rsa-8193',
    'RSA of 8193 bits',
    'cost of verification',
    'KeySizeNotAllowed',
    rsaNumbers(2n ** 8192n + 1n, 65537n),
  ),
  trap(
    'key-rsa-e1',
    'exponent 1: the padded digest is its own signature',
    'RFC 8017 §3.1; Go before 1.24 took it',
    'KeyExponentInvalid',
    {
      ...rsaNumbers(modulus, 1n),
      signature: (info) => paddedSha256(info, 256),
    },
  ),
  trap('key-rsa-e2', 'exponent 2', 'RFC 8017 §3.1', 'KeyExponentInvalid', rsaNumbers(modulus, 2n)),
  trap(
    'key-rsa-e-even',
    'exponent 65536',
    'RFC 8017 §3.1',
    'KeyExponentInvalid',
    rsaNumbers(modulus, 65536n),
  ),
  trap('key-rsa-e0', 'exponent 0', 'RFC 8017 §3.1', 'KeyExponentInvalid', rsaNumbers(modulus, 0n)),
  trap('key-rsa-e-negative', 'exponent -1', 'RFC 8017 §3.1', 'KeyExponentInvalid', rsaNumbers(modulus, -1n)),
  trap(
    'key-rsa-e-large',
    'exponent 2^31 + 1',
    'Go crypto/rsa',
    'KeyExponentInvalid',
    rsaNumbers(modulus, 2n ** 31n + 1n),
  ),
  trap(
    'key-rsa-e-wraps',
    'exponent 2^32 + 1, which is 1 in 32 bits',
    'Go crypto/rsa',
    'KeyExponentInvalid',
    rsaNumbers(modulus, 2n ** 32n + 1n),
  ),
  trap(
    'key-rsa-n-even',
    'an even modulus',
    'RFC 8017 §3.1',
    'KeyModulusInvalid',
    rsaNumbers(modulus - 1n, 65537n),
  ),
  trap(
    'key-rsa-n-negative',
    'a negative modulus',
    'RFC 8017 §3.1',
    'KeyModulusInvalid',
    rsaNumbers(-modulus, 65537n),
  ),
  trap('key-rsa-n-zero', 'modulus 0', 'RFC 8017 §3.1', 'KeyModulusInvalid', rsaNumbers(0n, 65537n)),
  trap('key-rsa-n-padded', 'a modulus with a needless zero', 'X.690 §8.3.2', 'DERIntegerNotMinimal', {
    key: rsa,
    spki: spki(
      [oid(RSA), nullValue()],
      sequence(tlv(TAG.integer, concat(bytes(0, 0), contentOfModulus())), integer(65537)),
    ),
  }),
  trap('key-rsa-surplus', 'a third number in the key', 'RFC 8017 §A.1.1', 'DERTrailingData', {
    key: rsa,
    spki: spki([oid(RSA), nullValue()], sequence(integer(modulus), integer(65537), integer(1))),
  }),
  trap('key-rsa-trailing', 'a byte after the key', 'RFC 8017 §A.1.1', 'DERTrailingData', {
    key: rsa,
    spki: spki([oid(RSA), nullValue()], concat(sequence(integer(modulus), integer(65537)), bytes(0))),
  }),
  trap('key-rsa-no-parameters', 'RSA without NULL', 'RFC 3279 §2.3.1', 'KeyParametersInvalid', {
    key: rsa,
    spki: spki([oid(RSA)], sequence(integer(modulus), integer(65537))),
  }),
  trap('key-rsa-other-parameters', 'RSA with a curve', 'RFC 3279 §2.3.1', 'KeyParametersInvalid', {
    key: rsa,
    spki: rsaSpki(modulus, 65537n, oid(P256)),
  }),
  trap('key-rsa-null-with-content', 'a NULL that is not empty', 'X.690 §8.8.2', 'KeyParametersInvalid', {
    key: rsa,
    spki: rsaSpki(modulus, 65537n, tlv(TAG.null, bytes(0))),
  }),
  trap('key-rsa-pss', 'a key for RSA-PSS only', 'RFC 4055 §1.2', 'KeyAlgorithmNotAllowed', {
    key: rsa,
    spki: spki([oid('1.2.840.113549.1.1.10')], sequence(integer(modulus), integer(65537))),
  }),

  trap('key-p224', 'P-224, which Go takes', 'RFC 5480 §2.1.1.1', 'KeyCurveNotAllowed', { key: 'P-224' }),
  trap('key-secp256k1', 'secp256k1', 'RFC 5480 §2.1.1.1', 'KeyCurveNotAllowed', { key: 'secp256k1' }),
  trap('key-ec-no-parameters', 'no curve', 'RFC 5480 §2.1.1', 'KeyParametersInvalid', ecKey([])),
  trap(
    'key-ec-implicit',
    'an implicit curve',
    'RFC 5480 §2.1.1',
    'KeyParametersInvalid',
    ecKey([nullValue()]),
  ),
  trap(
    'key-ec-explicit',
    'P-256 spelled out',
    'RFC 5480 §2.1.1',
    'KeyParametersInvalid',
    ecKey([explicitP256()]),
  ),
  trap('key-ec-other-oid', 'id-ecDH', 'RFC 5480 §2.1.2', 'KeyAlgorithmNotAllowed', {
    spki: spki([oid('1.3.132.1.12'), oid(P256)], point),
  }),
  trap(
    'key-ec-compressed',
    'a compressed point',
    'RFC 5480 §2.2',
    'KeyPointInvalid',
    ecKey([oid(P256)], compressed()),
  ),
  trap(
    'key-ec-hybrid',
    'a hybrid point',
    'X9.62 §4.3.6',
    'KeyPointInvalid',
    ecKey([oid(P256)], concat(bytes(6 + ((point[64] ?? 0) & 1)), point.slice(1))),
  ),
  trap(
    'key-ec-off-curve',
    'a point that is not on the curve',
    'SEC 1 §3.2.2.1',
    'KeyPointInvalid',
    ecKey([oid(P256)], concat(point.slice(0, 64), bytes((point[64] ?? 0) ^ 1))),
  ),
  trap(
    'key-ec-infinity',
    'the point at infinity',
    'SEC 1 §2.3.4',
    'KeyPointInvalid',
    ecKey([oid(P256)], bytes(0)),
  ),
  trap(
    'key-ec-zero',
    'the point (0, 0)',
    'SEC 1 §3.2.2.1',
    'KeyPointInvalid',
    ecKey([oid(P256)], concat(bytes(4), new Uint8Array(64))),
  ),
  trap(
    'key-ec-unreduced',
    'a coordinate above the prime',
    'SEC 1 §2.3.4',
    'KeyPointInvalid',
    ecKey([oid(P256)], concat(bytes(4), new Uint8Array(32).fill(0xff), point.slice(33))),
  ),
  trap(
    'key-ec-trailing',
    'a byte after the point',
    'SEC 1 §2.3.4',
    'KeyPointInvalid',
    ecKey([oid(P256)], concat(point, bytes(0))),
  ),
  trap(
    'key-ec-curve-swapped',
    'a P-256 point that says P-384',
    'SEC 1 §2.3.4',
    'KeyPointInvalid',
    ecKey([oid('1.3.132.0.34')]),
  ),

  trap('key-ed25519-null', 'Ed25519 with NULL', 'RFC 8410 §3', 'KeyParametersInvalid', {
    key: 'Ed25519',
    spki: spki([oid(ED25519), nullValue()], bits(testKey('Ed25519').spki)),
  }),
  trap(
    'key-ed25519-31',
    'a key of 31 bytes',
    'RFC 8032 §5.1.5',
    'KeyPointInvalid',
    edwards(new Uint8Array(31).fill(7)),
  ),
  trap(
    'key-ed25519-identity',
    'the identity: one signature fits everything',
    'RFC 8032 §5.1.7',
    'KeyPointInvalid',
    edwards(hex(`01${'00'.repeat(31)}`), identitySignature()),
  ),
  trap(
    'key-ed25519-order-2',
    'the point of order 2',
    'RFC 7748 §6.1',
    'KeyPointInvalid',
    edwards(hex(`ec${'ff'.repeat(30)}7f`), identitySignature()),
  ),
  trap(
    'key-ed25519-order-4',
    'a point of order 4',
    'RFC 7748 §6.1',
    'KeyPointInvalid',
    edwards(new Uint8Array(32), identitySignature()),
  ),
  trap(
    'key-ed25519-unreduced',
    'the identity written as p + 1',
    'RFC 8032 §5.1.3',
    'KeyPointInvalid',
    edwards(hex(`ee${'ff'.repeat(30)}7f`), identitySignature()),
  ),
  trap(
    'key-ed25519-identity-signed',
    'the identity with the sign bit',
    'RFC 8032 §5.1.3',
    'KeyPointInvalid',
    edwards(hex(`01${'00'.repeat(30)}80`), identitySignature()),
  ),
  trap('key-ed448', 'Ed448', 'RFC 8410 §3', 'KeyAlgorithmNotAllowed', {
    spki: spki([oid('1.3.101.113')], new Uint8Array(57)),
  }),
  trap('key-x25519', 'X25519, which cannot sign', 'RFC 8410 §3', 'KeyAlgorithmNotAllowed', {
    spki: spki([oid('1.3.101.110')], new Uint8Array(32).fill(9)),
    signatureAlgorithm: ed25519,
  }),
  trap('key-dsa', 'DSA', 'RFC 3279 §2.3.2', 'KeyAlgorithmNotAllowed', {
    spki: spki([oid('1.2.840.10040.4.1'), sequence(integer(23), integer(11), integer(4))], integer(8)),
  }),
  trap(
    'key-ml-dsa',
    'ML-DSA-44, which Kubernetes does not take yet',
    'RFC 9881 §4',
    'KeyAlgorithmNotAllowed',
    { spki: spki([oid('2.16.840.1.101.3.4.3.17')], new Uint8Array(1312)) },
  ),
  trap('key-unknown', 'an unknown algorithm', 'RFC 5280 §4.1.2.7', 'KeyAlgorithmNotAllowed', {
    spki: spki([oid('1.2.3.4.5')], point),
  }),
  trap('key-mismatch', "another's public key", 'RFC 2986 §4.2', 'SignatureInvalid', {
    spki: ecFrom('P-256'),
  }),
  trap(
    'key-rsa-under-ec-signature',
    'an RSA key, an ECDSA signature',
    'RFC 2986 §4.2',
    'SignatureKeyMismatch',
    { spki: rsa.spki },
  ),
  trap(
    'key-ec-under-rsa-signature',
    'an ECDSA key, an RSA signature',
    'RFC 2986 §4.2',
    'SignatureKeyMismatch',
    { key: rsa, spki: testKey('P-256').spki, signatureAlgorithm: rsaWithSha256 },
  ),
];

function bits(info: Uint8Array): Uint8Array {
  return info.slice(12);
}

function pointOf(info: Uint8Array): Uint8Array {
  return info.slice(-65);
}

function numbersOf(info: Uint8Array): bigint[] {
  return walk(readTree(info))
    .filter((node) => node.identifier[0] === TAG.integer)
    .map((node) => toBigInt(node.content));
}

function contentOfModulus(): Uint8Array {
  return walk(readTree(rsa.spki)).find((node) => node.identifier[0] === TAG.integer)?.content ?? bytes();
}

function compressed(): Uint8Array {
  return concat(bytes(2 + ((point[64] ?? 0) & 1)), point.slice(1, 33));
}

/** R = the identity and S = 0: good for every message under a key of small order, for some of them. */
function identitySignature(): Uint8Array {
  return concat(hex(`01${'00'.repeat(31)}`), new Uint8Array(32));
}

/** Some other point on P-256: the group's generator. */
function ecFrom(curve: 'P-256'): Uint8Array {
  const generator = hex(
    '04 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296 4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  );
  return spki([oid(EC), oid(CURVES[curve]?.oid ?? '')], generator);
}

/** ECParameters (X9.62 §6.1) of P-256. */
function explicitP256(): Uint8Array {
  const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const b = hex('5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b');
  const a = hex((p - 3n).toString(16));
  const generator = ecFrom('P-256').slice(-65);
  return sequence(
    integer(1),
    sequence(oid('1.2.840.10045.1.1'), integer(p)),
    sequence(tlv(TAG.octetString, a), tlv(TAG.octetString, b)),
    tlv(TAG.octetString, generator),
    integer(CURVES['P-256']?.order ?? 0n),
  );
}
