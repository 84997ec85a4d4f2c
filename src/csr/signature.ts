import { verify } from 'node:crypto';
import { signatureAlgorithms, type KeyKind, type SignatureAlgorithm } from './algorithms.ts';
import { octetAt } from './bytes.ts';
import { DERReader, TAG } from './der.ts';
import type { PublicKey } from './key.ts';
import { objectIdentifier } from './oid.ts';
import { refuse } from './refusal.ts';

/** AlgorithmIdentifier (RFC 5280 §4.1.1.2) with exactly the parameters that its algorithm has. */
export function readSignatureAlgorithm(identifier: DERReader): SignatureAlgorithm {
  const type = objectIdentifier(identifier.next(TAG.OBJECT_IDENTIFIER).content);
  const algorithm = signatureAlgorithms.get(type) ?? refuse('SignatureAlgorithmNotAllowed', type);
  const found = identifier.done ? 'absent' : identifier.peek() === TAG.NULL ? 'NULL' : 'other';
  if (found !== algorithm.parameters) refuse('SignatureParametersInvalid', `${algorithm.name}: ${found}`);
  if (found === 'NULL' && identifier.next(TAG.NULL).content.length > 0) {
    refuse('SignatureParametersInvalid', 'NULL with content');
  }
  identifier.end();
  return algorithm;
}

/** A number in the range of the curve's order at most, which has as many octets as its field. */
const fits = (number: Uint8Array, octets: number): boolean =>
  octetAt(number, 0) < 0x80 && number.length <= (octetAt(number, 0) === 0 ? octets + 1 : octets);

/** ECDSA-Sig-Value (RFC 3279 §2.2.3). Either of s and n - s is good: both are signatures of the same request. */
function isECDSASigValue(signature: Uint8Array, octets: number): boolean {
  const outer = new DERReader(signature, 'ECDSA signature');
  const value = outer.enter(TAG.SEQUENCE, 'ECDSA signature');
  outer.end();
  const r = value.integer();
  const s = value.integer();
  value.end();
  return fits(r, octets) && fits(s, octets);
}

const isCanonical: Readonly<Record<KeyKind, (signature: Uint8Array, octets: number) => boolean>> = {
  // As long as the modulus (RFC 8017 §8.2.2 step 1).
  RSA: (signature, octets) => signature.length === octets,
  ECDSA: isECDSASigValue,
  // R and S (RFC 8032 §5.1.6); that S is reduced, OpenSSL checks as §5.1.7 demands.
  Ed25519: (signature, octets) => signature.length === 2 * octets,
};

/** Proof of possession over the very bytes that were sent. */
export function checkSignature(
  signed: Uint8Array,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
  key: PublicKey,
): void {
  if (algorithm.kind !== key.shown.algorithm) {
    refuse('SignatureKeyMismatch', `${algorithm.name} with ${key.shown.algorithm}`);
  }
  if (!isCanonical[algorithm.kind](signature, key.octets)) refuse('SignatureNotCanonical');
  if (!verify(algorithm.hash, signed, key.handle, signature)) refuse('SignatureInvalid');
}
