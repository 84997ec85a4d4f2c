import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { type Algorithm, keyKinds } from '../../src/bundle/algorithms.ts';

/** A key to sign with, and the one to verify with: PEM, or a secret that is both. */
export interface Pair {
  readonly algorithm: Algorithm;
  readonly signing: string;
  readonly verifying: string;
}

export function pair(algorithm: Algorithm): Pair {
  const wanted = keyKinds[algorithm];
  if (wanted.kind === 'secret') {
    const secret = `${randomBytes(wanted.bytes).toString('hex')}\n`;
    return { algorithm, signing: secret, verifying: secret };
  }
  const { privateKey } =
    wanted.kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : wanted.kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: wanted.curve })
        : generateKeyPairSync('ed25519');
  return { algorithm, signing: pem(privateKey), verifying: pem(createPublicKey(privateKey)) };
}

function pem(key: KeyObject): string {
  return String(key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }));
}
