import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { ecdsa, inverse, pointOf, signatureValue, toBigInt, type Curve } from './csr-ecdsa.ts';
import { bitString, concat, integer, nullValue, octetString, oid, sequence } from './der.ts';

/**
 * Keys for requests, derived from their names: every run makes the same ones, at no cost, and no private
 * key lies in the repository.
 */
export type KeyType =
  | 'P-256'
  | 'P-384'
  | 'P-521'
  | 'P-224'
  | 'secp256k1'
  | 'RSA-512'
  | 'RSA-1024'
  | 'RSA-2048'
  | 'RSA-3072'
  | 'RSA-4096'
  | 'RSA-8192'
  | 'Ed25519';

export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'md5';

export interface TestKey {
  readonly type: KeyType;
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** The hash that a client pairs with this key; null where the algorithm fixes it (RFC 8032). */
  readonly hash: HashName | null;
  /** Deterministic for every type. */
  readonly sign: (data: Uint8Array, hash?: HashName) => Uint8Array;
}

/** SEC 2 §2; the orders are needed because we sign ourselves. */
export const CURVES: Readonly<Partial<Record<KeyType, Curve & { readonly hash: HashName }>>> = {
  'P-256': {
    name: 'prime256v1',
    oid: '1.2.840.10045.3.1.7',
    octets: 32,
    hash: 'sha256',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  'P-384': {
    name: 'secp384r1',
    oid: '1.3.132.0.34',
    octets: 48,
    hash: 'sha384',
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  'P-521': {
    name: 'secp521r1',
    oid: '1.3.132.0.35',
    octets: 66,
    hash: 'sha512',
    order:
      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
  'P-224': {
    name: 'secp224r1',
    oid: '1.3.132.0.33',
    octets: 28,
    hash: 'sha256',
    order: 0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
  },
  secp256k1: {
    name: 'secp256k1',
    oid: '1.3.132.0.10',
    octets: 32,
    hash: 'sha256',
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  },
};

/** How far the two primes lie above the numbers that their names expand to: found once by search. */
const PRIME_OFFSETS: Readonly<Partial<Record<KeyType, readonly [bits: number, p: bigint, q: bigint]>>> = {
  'RSA-512': [512, 394n, 132n],
  'RSA-1024': [1024, 8n, 544n],
  'RSA-2048': [2048, 1448n, 802n],
  'RSA-3072': [3072, 1592n, 3304n],
  'RSA-4096': [4096, 662n, 2998n],
  'RSA-8192': [8192, 4074n, 15940n],
};

const RSA = '1.2.840.113549.1.1.1';
const EC = '1.2.840.10045.2.1';
const ED25519 = '1.3.101.112';

const expand = (label: string, octets: number): Uint8Array => {
  const blocks = Array.from({ length: Math.ceil(octets / 64) }, (_, i) =>
    createHash('sha512').update(`${label}:${i}`).digest(),
  );
  return new Uint8Array(Buffer.concat(blocks).subarray(0, octets));
};

const pkcs8 = (algorithm: Uint8Array, key: Uint8Array) =>
  createPrivateKey({
    key: Buffer.from(sequence(integer(0), algorithm, octetString(key))),
    format: 'der',
    type: 'pkcs8',
  });

/** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). */
export const spki = (algorithm: readonly Uint8Array[], key: Uint8Array): Uint8Array =>
  sequence(sequence(...algorithm), bitString(key));

/** An RSA SubjectPublicKeyInfo of any two numbers (RFC 8017 §A.1.1). */
export const rsaSpki = (modulus: bigint, exponent: bigint, parameters = nullValue()): Uint8Array =>
  spki([oid(RSA), parameters], sequence(integer(modulus), integer(exponent)));

const prime = (label: string, bits: number, offset: bigint): bigint =>
  (toBigInt(expand(label, bits / 8)) | (3n << BigInt(bits - 2)) | 1n) + offset;

function rsaKey(type: KeyType, e: bigint): TestKey {
  const [bits = 0, offsetP = 0n, offsetQ = 0n] = PRIME_OFFSETS[type] ?? [];
  const p = prime(`${type.toLowerCase()}-p`, bits / 2, offsetP);
  const q = prime(`${type.toLowerCase()}-q`, bits / 2, offsetQ);
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = [0n, p * q, e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)];
  const key = pkcs8(sequence(oid(RSA), nullValue()), sequence(...numbers.map(integer)));
  return {
    type,
    spki: rsaSpki(p * q, e),
    hash: 'sha256',
    sign: (data, hash = 'sha256') => new Uint8Array(sign(hash, data, key)),
  };
}

function ecKey(type: KeyType, curve: Curve & { readonly hash: HashName }): TestKey {
  const scalar = toBigInt(expand(type.toLowerCase(), curve.octets)) % curve.order;
  return {
    type,
    spki: spki([oid(EC), oid(curve.oid)], pointOf(curve, scalar)),
    hash: curve.hash,
    sign: (data, hash = curve.hash) => signatureValue(...ecdsa(curve, scalar, data, hash)),
  };
}

function ed25519Key(type: KeyType): TestKey {
  const key = pkcs8(sequence(oid(ED25519)), octetString(expand(type.toLowerCase(), 32)));
  return {
    type,
    spki: new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' })),
    hash: null,
    sign: (data) => new Uint8Array(sign(null, data, key)),
  };
}

const cache = new Map<string, TestKey>();

/** The key of that type; RSA exponents other than 65537 are for tests of the exponent. */
export function testKey(type: KeyType, exponent = 65537n): TestKey {
  const name = `${type}/${exponent}`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const curve = CURVES[type];
  const key =
    type === 'Ed25519' ? ed25519Key(type) : curve === undefined ? rsaKey(type, exponent) : ecKey(type, curve);
  cache.set(name, key);
  return key;
}

/** What anybody can "sign" with for an RSA key with e = 1 (RFC 8017 §9.2): the padded digest. */
export function paddedSha256(data: Uint8Array, octets: number): Uint8Array {
  const info = sequence(
    sequence(oid('2.16.840.1.101.3.4.2.1'), nullValue()),
    octetString(new Uint8Array(createHash('sha256').update(data).digest())),
  );
  const filler = new Uint8Array(octets - info.length - 3).fill(0xff);
  return concat(Uint8Array.of(0, 1), filler, Uint8Array.of(0), info);
}
