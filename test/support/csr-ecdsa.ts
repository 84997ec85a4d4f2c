import { createECDH, createHash } from 'node:crypto';
import { integer, sequence } from './der.ts';

/**
 * ECDSA with a nonce that follows from the message (the idea of RFC 6979, not its letter), so that a request
 * is the same bytes in every run and generated corpus files can be compared. Never for keys that matter.
 */
export interface Curve {
  /** OpenSSL's name. */
  readonly name: string;
  readonly oid: string;
  readonly octets: number;
  readonly order: bigint;
}

export const toBigInt = (octets: Uint8Array): bigint => BigInt(`0x${Buffer.from(octets).toString('hex')}`);

export const toOctets = (value: bigint, octets: number): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(octets * 2, '0'), 'hex'));

export const inverse = (value: bigint, modulus: bigint): bigint => {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
};

/** The uncompressed point (SEC 1 §2.3.3) of that scalar. */
export const pointOf = (curve: Curve, scalar: bigint): Uint8Array => {
  const pair = createECDH(curve.name);
  pair.setPrivateKey(toOctets(scalar, curve.octets));
  return new Uint8Array(pair.getPublicKey());
};

/** r and s (SEC 1 §4.1.3). */
export function ecdsa(curve: Curve, scalar: bigint, data: Uint8Array, hash: string): [r: bigint, s: bigint] {
  const digest = createHash(hash).update(data).digest();
  const surplus = BigInt(Math.max(0, digest.length * 8 - curve.order.toString(2).length));
  const z = toBigInt(digest) >> surplus;
  const seed = createHash('sha512').update(toOctets(scalar, curve.octets)).update(digest).digest();
  const nonce = (toBigInt(seed) % (curve.order - 1n)) + 1n;
  const r = toBigInt(pointOf(curve, nonce).subarray(1, 1 + curve.octets)) % curve.order;
  const s = (inverse(nonce, curve.order) * (z + r * scalar)) % curve.order;
  return [r, s];
}

/** ECDSA-Sig-Value (RFC 3279 §2.2.3). */
export const signatureValue = (r: bigint, s: bigint): Uint8Array => sequence(integer(r), integer(s));
