import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { safeJson } from '../text/json.ts';
import { type Algorithm, keyKinds } from './algorithms.ts';
import { PolicyError } from './error.ts';

/** A key that bundles may be signed with. */
export interface VerificationKey {
  /** The name by which a signature says that it was made with this key. */
  readonly id: string;
  /** The only algorithm for which this key is used, whatever a signature says. */
  readonly algorithm: Algorithm;
  /** PEM of a public key or certificate; for HMAC the secret, every byte of it. */
  readonly key: string;
}

/** What a bundle's signature is held to. */
export interface Verification {
  /** Any key makes a signature mandatory. */
  readonly keys: readonly VerificationKey[];
  /** Scope that the signature must name; undefined and empty: none. */
  readonly scope: string | undefined;
}

/**
 * The key, fit for its algorithm.
 * @throws PolicyError KeyInvalid; the message never shows the key
 */
export function importKey({ id, algorithm, key }: VerificationKey): KeyObject {
  const wanted = keyKinds[algorithm];
  const refuse = (what: string, cause?: unknown): PolicyError =>
    new PolicyError('KeyInvalid', `key ${safeJson(id)} for ${algorithm}: ${what}`, { cause });
  if (wanted.kind === 'secret') {
    // A public key that is taken for a secret is a secret that everybody has.
    if (key.includes('-----BEGIN')) throw refuse('this is a PEM file, and not a secret');
    if (Buffer.byteLength(key) < wanted.bytes) {
      throw refuse(`the secret must have at least ${String(wanted.bytes)} bytes`);
    }
    return createSecretKey(key, 'utf8');
  }
  const labels = [...key.matchAll(/-----BEGIN ([^-\n]*)-----/g)].map(([, label = '']) => label);
  if (labels.some((label) => label.includes('PRIVATE'))) {
    throw refuse('this is a private key: keep it with whoever signs, and give its public key');
  }
  if (labels.length !== 1) throw refuse('exactly one public key or certificate in PEM is expected');
  let found: KeyObject;
  try {
    found = createPublicKey({ key, format: 'pem' });
  } catch (cause) {
    throw refuse('no public key or certificate can be read from the PEM file', cause);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = found;
  if (type !== wanted.kind) throw refuse(`this is a key of type ${String(type)}, and not ${wanted.kind}`);
  if (wanted.kind === 'ec' && details?.namedCurve !== wanted.curve) {
    throw refuse(`its curve is ${String(details?.namedCurve)}, and not ${wanted.curve}`);
  }
  if (wanted.kind === 'rsa' && Number(details?.modulusLength) < 2048) {
    throw refuse(`RSA of ${String(details?.modulusLength)} bits: at least 2048 are needed`);
  }
  // By an exponent of 1 everybody can sign, and OpenSSL takes it.
  if (wanted.kind === 'rsa' && (details?.publicExponent ?? 0n) < 3n) {
    throw refuse(`RSA with the exponent ${String(details?.publicExponent)}: it must be 3 or more`);
  }
  return found;
}
