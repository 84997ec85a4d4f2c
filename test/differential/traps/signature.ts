import { buildCSR, type CSRSpec } from '../../support/csr.ts';
import { readTree } from '../../support/der-tree.ts';
import { signatureValue, toOctets } from '../../support/csr-ecdsa.ts';
import { testKey } from '../../support/csr-keys.ts';
import {
  bitString,
  bytes,
  concat,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  TAG,
  tlv,
} from '../../support/der.ts';
import { trap, type Trap } from '../trap.ts';
import { parts, shiftedBy4, withR, withS } from './ecdsa.ts';

const ECDSA = '1.2.840.10045.4.3.2';
const RSA = '1.2.840.113549.1.1.11';
const ED25519 = '1.3.101.112';
/** The order of Ed25519's group (RFC 8032 §5.1). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const algorithm = (type: string, ...parameters: readonly Uint8Array[]): CSRSpec => ({
  signatureAlgorithm: sequence(oid(type), ...parameters),
});

const VALUE = 'RFC 3279 §2.2.3';
const p256 = testKey('P-256');

/** The proof that the requestor holds the key. */
export const signature: readonly Trap[] = [
  trap(
    'signature-ecdsa-sha1',
    'ECDSA with SHA-1, which Go takes in requests',
    'RFC 9155',
    'SignatureAlgorithmNotAllowed',
    { hash: 'sha1' },
  ),
  trap(
    'signature-rsa-sha1',
    'RSA with SHA-1, which Go takes in requests',
    'RFC 9155',
    'SignatureAlgorithmNotAllowed',
    { key: 'RSA-2048', hash: 'sha1' },
  ),
  trap('signature-rsa-md5', 'RSA with MD5', 'RFC 6151', 'SignatureAlgorithmNotAllowed', {
    key: 'RSA-2048',
    hash: 'md5',
  }),
  trap(
    'signature-rsa-pss',
    'RSA-PSS, whose parameters have several encodings',
    'RFC 4055 §3.1',
    'SignatureAlgorithmNotAllowed',
    { key: 'RSA-2048', ...algorithm('1.2.840.113549.1.1.10', sequence()) },
  ),
  trap(
    'signature-ecdsa-sha224',
    'ECDSA with SHA-224',
    'RFC 5758 §3.2',
    'SignatureAlgorithmNotAllowed',
    algorithm('1.2.840.10045.4.3.1'),
  ),
  trap(
    'signature-unknown',
    'an unknown algorithm',
    'RFC 2986 §4.2',
    'SignatureAlgorithmNotAllowed',
    algorithm('1.2.3.4'),
  ),
  trap(
    'signature-key-oid',
    'rsaEncryption as signature algorithm',
    'RFC 2986 §4.2',
    'SignatureAlgorithmNotAllowed',
    { key: 'RSA-2048', ...algorithm('1.2.840.113549.1.1.1', nullValue()) },
  ),
  trap(
    'signature-other-hash',
    'SHA-384 announced, SHA-256 used',
    'RFC 2986 §4.2',
    'SignatureInvalid',
    algorithm('1.2.840.10045.4.3.3'),
  ),
  trap(
    'signature-ecdsa-for-ed25519',
    'ECDSA announced under an Ed25519 key',
    'RFC 2986 §4.2',
    'SignatureKeyMismatch',
    { key: 'Ed25519', ...algorithm(ECDSA) },
  ),

  trap(
    'signature-ecdsa-null',
    'ECDSA with NULL',
    'RFC 5758 §3.2',
    'SignatureParametersInvalid',
    algorithm(ECDSA, nullValue()),
  ),
  trap(
    'signature-ecdsa-curve',
    'ECDSA with a curve',
    'RFC 5758 §3.2',
    'SignatureParametersInvalid',
    algorithm(ECDSA, oid('1.2.840.10045.3.1.7')),
  ),
  trap(
    'signature-ecdsa-hidden',
    'ECDSA with any bytes as parameters',
    'RFC 5758 §3.2',
    'SignatureParametersInvalid',
    algorithm(ECDSA, octetString(bytes(1, 2, 3))),
  ),
  trap('signature-rsa-no-null', 'RSA without NULL', 'RFC 4055 §5', 'SignatureParametersInvalid', {
    key: 'RSA-2048',
    ...algorithm(RSA),
  }),
  trap(
    'signature-rsa-null-with-content',
    'a NULL that is not empty',
    'X.690 §8.8.2',
    'SignatureParametersInvalid',
    { key: 'RSA-2048', ...algorithm(RSA, tlv(TAG.null, bytes(0))) },
  ),
  trap('signature-ed25519-null', 'Ed25519 with NULL', 'RFC 8410 §3', 'SignatureParametersInvalid', {
    key: 'Ed25519',
    ...algorithm(ED25519, nullValue()),
  }),

  trap('signature-flipped', 'one bit flipped', 'RFC 2986 §4.2', 'SignatureInvalid', {
    signature: withS((s) => s ^ 1n),
  }),
  trap('signature-other-request', "another request's signature", 'RFC 2986 §4.2', 'SignatureInvalid', {
    signature: () => p256.sign(bytes(1)),
  }),
  trap('signature-empty', 'no signature', 'RFC 2986 §4.2', ['SignatureNotCanonical', 'DERElementMissing'], {
    signature: () => bytes(),
  }),
  trap('signature-zero', 'r = s = 0', 'SEC 1 §4.1.4', ['SignatureInvalid', 'SignatureNotCanonical'], {
    signature: () => signatureValue(0n, 0n),
  }),
  trap(
    'signature-r-negative',
    'r with the sign of a negative number',
    VALUE,
    ['SignatureNotCanonical', 'SignatureInvalid'],
    { signature: withR((r) => -r) },
  ),
  trap(
    'signature-s-plus-n',
    's + n in the place of s',
    'SEC 1 §4.1.4',
    ['SignatureNotCanonical', 'SignatureInvalid'],
    { signature: withS((s, n) => s + n) },
  ),
  trap(
    'signature-r-plus-n',
    'r + n in the place of r',
    'SEC 1 §4.1.4',
    ['SignatureNotCanonical', 'SignatureInvalid'],
    { signature: withR((r, n) => r + n) },
  ),
  trap(
    'signature-r-padded',
    'r with a needless zero',
    'X.690 §8.3.2',
    ['DERIntegerNotMinimal', 'SignatureNotCanonical'],
    { signature: padR },
  ),
  trap('signature-ecdsa-surplus', 'a third number', VALUE, ['DERTrailingData', 'SignatureNotCanonical'], {
    signature: (info) => sequence(...parts(info).map(integer), integer(1)),
  }),
  trap(
    'signature-ecdsa-trailing',
    'a byte after the signature',
    VALUE,
    ['DERTrailingData', 'SignatureNotCanonical'],
    { signature: (info) => concat(p256.sign(info), bytes(0)) },
  ),
  trap(
    'signature-ecdsa-raw',
    'r and s without their SEQUENCE',
    'IEEE P1363',
    ['DERTagUnexpected', 'SignatureNotCanonical'],
    { signature: (info) => concat(...parts(info).map((n) => toOctets(n, 32))) },
  ),
  trap(
    'signature-rsa-short',
    'an RSA signature without its first byte',
    'RFC 8017 §8.2.2',
    'SignatureNotCanonical',
    { key: 'RSA-2048', signature: (info) => testKey('RSA-2048').sign(info).slice(1) },
  ),
  trap(
    'signature-rsa-long',
    'an RSA signature with a zero before it',
    'RFC 8017 §8.2.2',
    'SignatureNotCanonical',
    { key: 'RSA-2048', signature: (info) => concat(bytes(0), testKey('RSA-2048').sign(info)) },
  ),
  trap('signature-ed25519-s-plus-l', 'S + L in the place of S', 'RFC 8032 §5.1.7', 'SignatureInvalid', {
    key: 'Ed25519',
    signature: unreducedS,
  }),
  trap(
    'signature-ed25519-long',
    'an Ed25519 signature of 65 bytes',
    'RFC 8032 §5.1.6',
    'SignatureNotCanonical',
    { key: 'Ed25519', signature: (info) => concat(testKey('Ed25519').sign(info), bytes(0)) },
  ),
  trap(
    'signature-unused-bits',
    'four unused bits, which Go shifts out',
    'X.690 §8.6.2',
    'DERBitStringNotCanonical',
    {
      key: 'RSA-2048',
      node: nodeWithSmallSignature(),
      der: ({ info, algorithm: id, signature: given }) =>
        sequence(info, id, bitString(shiftedBy4(given.slice(-256)), 4)),
    },
  ),
  trap('signature-octet-string', 'an OCTET STRING', 'RFC 2986 §4.2', 'DERTagUnexpected', {
    der: ({ info, algorithm: id, signature: given }) => sequence(info, id, octetString(given.slice(3))),
  }),
  trap('signature-missing', 'no signature element', 'RFC 2986 §4.2', 'DERElementMissing', {
    der: ({ info, algorithm: id }) => sequence(info, id),
  }),
  trap('signature-algorithm-missing', 'no algorithm element', 'RFC 2986 §4.2', 'DERTagUnexpected', {
    der: ({ info, signature: given }) => sequence(info, given),
  }),
];

function padR(info: Uint8Array): Uint8Array {
  const [r, s] = parts(info);
  return sequence(tlv(TAG.integer, concat(bytes(0, 0), toOctets(r, 32))), integer(s));
}

function unreducedS(info: Uint8Array): Uint8Array {
  const good = testKey('Ed25519').sign(info);
  const s = good.slice(32).toReversed();
  const raised = BigInt(`0x${Buffer.from(s).toString('hex')}`) + L;
  return concat(good.slice(0, 32), toOctets(raised, 32).toReversed());
}

/** A node name whose RSA signature begins with four zero bits: one in sixteen does. */
function nodeWithSmallSignature(): string {
  return Array.from({ length: 500 }, (_, i) => `n${i}`).find(hasSmallSignature) ?? 'n1';
}

function hasSmallSignature(node: string): boolean {
  const signed = readTree(buildCSR({ key: 'RSA-2048', node }).der).children[2]?.content ?? bytes();
  return (signed[1] ?? 0xff) < 0x10;
}
