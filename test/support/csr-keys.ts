import { createECDH, createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import {
  bitString,
  concat,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  TAG,
  tlv,
} from './der.ts';

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
  readonly sign: (data: Uint8Array, hash?: HashName) => Uint8Array;
  readonly privateKey: KeyObject;
}

const CURVES: Partial<
  Record<KeyType, { name: string; oid: string; octets: number; hash: HashName; order: bigint }>
> = {
  'P-256': { name: 'prime256v1', oid: '1.2.840.10045.3.1.7', octets: 32, hash: 'sha256', order: 2n ** 255n },
  'P-384': { name: 'secp384r1', oid: '1.3.132.0.34', octets: 48, hash: 'sha384', order: 2n ** 383n },
  'P-521': { name: 'secp521r1', oid: '1.3.132.0.35', octets: 66, hash: 'sha512', order: 2n ** 520n },
  'P-224': { name: 'secp224r1', oid: '1.3.132.0.33', octets: 28, hash: 'sha256', order: 2n ** 223n },
  secp256k1: { name: 'secp256k1', oid: '1.3.132.0.10', octets: 32, hash: 'sha256', order: 2n ** 255n },
};

/** How far the two primes lie above the numbers that their names expand to: found once by search. */
const PRIME_OFFSETS: Partial<Record<KeyType, readonly [bits: number, p: bigint, q: bigint]>> = {
  'RSA-512': [512, 394n, 132n],
  'RSA-1024': [1024, 8n, 544n],
  'RSA-2048': [2048, 1448n, 802n],
  'RSA-3072': [3072, 1592n, 3304n],
  'RSA-4096': [4096, 662n, 2998n],
  'RSA-8192': [8192, 4074n, 15940n],
};

const expand = (label: string, octets: number): Buffer => {
  const blocks = Array.from({ length: Math.ceil(octets / 64) }, (_, i) =>
    createHash('sha512').update(`${label}:${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, octets);
};

const toBigInt = (octets: Uint8Array): bigint => BigInt(`0x${Buffer.from(octets).toString('hex')}`);

const toOctets = (value: bigint, octets: number): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(octets * 2, '0'), 'hex'));

const prime = (label: string, bits: number, offset: bigint): bigint =>
  (toBigInt(expand(label, bits / 8)) | (3n << BigInt(bits - 2)) | 1n) + offset;

const inverse = (value: bigint, modulus: bigint): bigint => {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
};

const pkcs8 = (algorithm: Uint8Array, key: Uint8Array): KeyObject =>
  createPrivateKey({
    key: Buffer.from(sequence(integer(0), algorithm, octetString(key))),
    format: 'der',
    type: 'pkcs8',
  });

const rsaPrivateKey = (type: KeyType, label: string, e: bigint): KeyObject => {
  const [bits = 0, offsetP = 0n, offsetQ = 0n] = PRIME_OFFSETS[type] ?? [];
  const p = prime(`${label}-p`, bits / 2, offsetP);
  const q = prime(`${label}-q`, bits / 2, offsetQ);
  const d = inverse(e, (p - 1n) * (q - 1n));
  const numbers = [0n, p * q, e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)];
  return pkcs8(sequence(oid('1.2.840.113549.1.1.1'), nullValue()), sequence(...numbers.map(integer)));
};

const ecPrivateKey = (type: KeyType, label: string): KeyObject => {
  const curve = CURVES[type];
  if (curve === undefined) throw new TypeError(`no curve ${type}`);
  const scalar = toOctets(toBigInt(expand(label, curve.octets)) % curve.order, curve.octets);
  const pair = createECDH(curve.name);
  pair.setPrivateKey(scalar);
  const key = sequence(
    integer(1),
    octetString(scalar),
    explicit(1, bitString(new Uint8Array(pair.getPublicKey()))),
  );
  return pkcs8(sequence(oid('1.2.840.10045.2.1'), oid(curve.oid)), key);
};

const ed25519PrivateKey = (label: string): KeyObject =>
  pkcs8(sequence(oid('1.3.101.112')), octetString(new Uint8Array(expand(label, 32))));

const make = (type: KeyType, exponent: bigint): TestKey => {
  const label = type.toLowerCase();
  const privateKey = type.startsWith('RSA-')
    ? rsaPrivateKey(type, label, exponent)
    : type === 'Ed25519'
      ? ed25519PrivateKey(label)
      : ecPrivateKey(type, label);
  const fixed = type === 'Ed25519';
  const usual = fixed ? null : (CURVES[type]?.hash ?? 'sha256');
  return {
    type,
    spki: new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })),
    hash: usual,
    sign: (data, hash) => new Uint8Array(sign(fixed ? null : (hash ?? usual), data, privateKey)),
    privateKey,
  };
};

const cache = new Map<string, TestKey>();

/** The key of that type; RSA exponents other than 65537 are for tests of the exponent. */
export function testKey(type: KeyType, exponent = 65537n): TestKey {
  const name = `${type}/${exponent}`;
  const key = cache.get(name) ?? make(type, exponent);
  cache.set(name, key);
  return key;
}

/** An RSA SubjectPublicKeyInfo of any two numbers (RFC 8017 §A.1.1). */
export function rsaSpki(modulus: bigint, exponent: bigint, parameters: Uint8Array = nullValue()): Uint8Array {
  const key = sequence(integer(modulus), integer(exponent));
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), parameters), bitString(key));
}

/** What the holder of an RSA key with e = 1 signs with, and so anybody (RFC 8017 §9.2): the padded digest. */
export function paddedSha256(data: Uint8Array, octets: number): Uint8Array {
  const info = sequence(
    sequence(oid('2.16.840.1.101.3.4.2.1'), nullValue()),
    tlv(TAG.octetString, new Uint8Array(createHash('sha256').update(data).digest())),
  );
  const filler = new Uint8Array(octets - info.length - 3).fill(0xff);
  return concat(Uint8Array.of(0, 1), filler, Uint8Array.of(0), info);
}
