import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  curves,
  keyAlgorithms,
  MAX_RSA_EXPONENT,
  rsaBits,
  smallOrderPoints,
  type KeyKind,
} from './algorithms.ts';
import { hex, octetAt } from './bytes.ts';
import type { DecodedRequest } from './decoded.ts';
import { DERReader, type Element, TAG } from './der.ts';
import { objectIdentifier } from './oid.ts';
import { DecodeRefusal, refuse } from './refusal.ts';

export interface PublicKey {
  readonly shown: DecodedRequest['key'];
  /** Octets of the modulus, or of a coordinate: what bounds the signature's numbers. */
  readonly octets: number;
  /** Content of the subjectPublicKey BIT STRING. */
  readonly bits: Uint8Array;
  readonly handle: KeyObject;
}

type Shown = Omit<PublicKey, 'bits' | 'handle'>;

/** The magnitude of an INTEGER that is not negative, without the octet that keeps its sign. */
const magnitude = (integer: Uint8Array): Uint8Array =>
  octetAt(integer, 0) === 0 ? integer.subarray(1) : integer;
const isNegative = (integer: Uint8Array): boolean => octetAt(integer, 0) >= 0x80;
const isOdd = (integer: Uint8Array): boolean => (octetAt(integer, integer.length - 1) & 1) === 1;

/** RSAPublicKey (RFC 8017 §A.1.1). */
function readRSA(parameters: DERReader, bits: Uint8Array): Shown {
  if (parameters.done || parameters.peek() !== TAG.NULL) refuse('KeyParametersInvalid', 'RSA wants NULL');
  if (parameters.next(TAG.NULL).content.length > 0) refuse('KeyParametersInvalid', 'NULL with content');
  const outer = new DERReader(bits, 'RSA key');
  const key = outer.enter(TAG.SEQUENCE, 'RSA key');
  outer.end();
  const modulus = key.integer();
  const exponent = key.integer();
  key.end();
  if (isNegative(modulus) || !isOdd(modulus)) refuse('KeyModulusInvalid');
  const digits = magnitude(modulus);
  const size = digits.length * 8 - (Math.clz32(octetAt(digits, 0)) - 24);
  if (size < rsaBits.min || size > rsaBits.max) refuse('KeySizeNotAllowed', `${size} bits`);
  // Of an exponent too long for a number to be exact, it is large enough to be refused.
  const e = exponent.reduce((value, octet) => value * 256 + octet, 0);
  if (isNegative(exponent) || !isOdd(exponent) || e < 3 || e > MAX_RSA_EXPONENT) refuse('KeyExponentInvalid');
  return { shown: { algorithm: 'RSA', curve: '', bits: size }, octets: digits.length };
}

/** ECPoint (RFC 5480 §2.2), uncompressed as Go wants it. That it lies on the curve, OpenSSL checks at import. */
function readECDSA(parameters: DERReader, bits: Uint8Array): Shown {
  if (parameters.done || parameters.peek() !== TAG.OBJECT_IDENTIFIER) {
    refuse('KeyParametersInvalid', 'ECDSA wants a named curve');
  }
  const type = objectIdentifier(parameters.next(TAG.OBJECT_IDENTIFIER).content);
  const curve = curves.get(type) ?? refuse('KeyCurveNotAllowed', type);
  const octets = Math.ceil(curve.bits / 8);
  if (bits[0] !== 0x04 || bits.length !== 1 + 2 * octets) refuse('KeyPointInvalid', 'not uncompressed');
  return { shown: { algorithm: 'ECDSA', curve: curve.name, bits: curve.bits }, octets };
}

/** 2^255 - 19 (RFC 8032 §5.1), little-endian. */
const isReduced = (y: Uint8Array): boolean =>
  octetAt(y, 0) < 0xed || y[31] !== 0x7f || y.subarray(1, 31).some((octet) => octet !== 0xff);

/** Encoded point (RFC 8032 §5.1.2). Go and OpenSSL also take unreduced ones, where §5.1.3 says no. */
function readEd25519(parameters: DERReader, bits: Uint8Array): Shown {
  if (!parameters.done) refuse('KeyParametersInvalid', 'Ed25519 wants none');
  if (bits.length !== 32) refuse('KeyPointInvalid', `${bits.length} bytes`);
  const y = bits.map((octet, i) => (i === 31 ? octet & 0x7f : octet));
  if (!isReduced(y)) refuse('KeyPointInvalid', 'not reduced');
  if (smallOrderPoints.has(hex(y))) refuse('KeyPointInvalid', 'small order');
  return { shown: { algorithm: 'Ed25519', curve: '', bits: 256 }, octets: 32 };
}

const readers: Readonly<Record<KeyKind, (parameters: DERReader, bits: Uint8Array) => Shown>> = {
  RSA: readRSA,
  ECDSA: readECDSA,
  Ed25519: readEd25519,
};

function importKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new DecodeRefusal('KeyPointInvalid', 'not on the curve', { cause });
  }
}

/** SubjectPublicKeyInfo (RFC 5280 §4.1). */
export function readKey({ whole, content }: Element): PublicKey {
  const info = new DERReader(content, 'public key');
  const algorithm = info.enter(TAG.SEQUENCE, 'public key algorithm');
  const type = objectIdentifier(algorithm.next(TAG.OBJECT_IDENTIFIER).content);
  const kind = keyAlgorithms.get(type) ?? refuse('KeyAlgorithmNotAllowed', type);
  const bits = info.octetsOfBitString();
  info.end();
  const read = readers[kind](algorithm, bits);
  algorithm.end();
  return { ...read, bits, handle: importKey(whole) };
}
