import { generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { curves, rsaBits, signatureAlgorithms } from '../csr/algorithms.ts';
import { element, objectIdentifier, sequence } from './der.ts';

/** `key` of the input document. */
export interface KeyDescription {
  readonly algorithm: string;
  readonly curve: string;
  readonly bits: number;
}

export interface SigningKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly sign: (hash: string | null, bytes: Uint8Array) => Uint8Array;
}

/** A key shorter than this does not hold its own signature. */
const minRSABits = 512;

/** Why there can be no such key, or undefined when there can. */
export function keyProblem({ algorithm, curve, bits }: KeyDescription): string | undefined {
  if (algorithm === 'ECDSA') {
    const known = [...curves.values()].find(({ name }) => name === curve);
    if (known === undefined) return `no key is made on curve ${curve}`;
    return known.bits === bits ? undefined : `a key on curve ${curve} has ${String(known.bits)} bits`;
  }
  if (curve !== '') return `only a key for ECDSA has a curve`;
  if (algorithm === 'Ed25519') return bits === 256 ? undefined : 'a key for Ed25519 has 256 bits';
  if (algorithm !== 'RSA') return `no key is made for ${algorithm}`;
  const fits = Number.isInteger(bits) && bits >= minRSABits && bits <= rsaBits.max;
  return fits ? undefined : `no RSA key of ${String(bits)} bits is made`;
}

/** The keys of one run: each kind is made once, when it is first asked for, and never written anywhere. */
export class KeyRing {
  readonly #keys = new Map<string, Promise<SigningKey>>();

  /** @param description one without `keyProblem` */
  get(description: KeyDescription): Promise<SigningKey> {
    const name = JSON.stringify([description.algorithm, description.curve, description.bits]);
    const known = this.#keys.get(name) ?? makeKey(description);
    this.#keys.set(name, known);
    return known;
  }
}

async function makeKey({ algorithm, curve, bits }: KeyDescription): Promise<SigningKey> {
  const generate = promisify(generateKeyPair);
  const { privateKey, publicKey } =
    algorithm === 'RSA'
      ? await generate('rsa', { modulusLength: bits })
      : algorithm === 'ECDSA'
        ? await generate('ec', { namedCurve: curve })
        : await generate('ed25519');
  return {
    spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    sign: (hash, bytes) => new Uint8Array(sign(hash, bytes, privateKey)),
  };
}

/** What Go's crypto/x509 signs with such a key, which is what kubelets are written in. */
const usualAlgorithms: Readonly<Record<string, string>> = {
  'P-256': 'ECDSA-SHA256',
  'P-384': 'ECDSA-SHA384',
  'P-521': 'ECDSA-SHA512',
};

export function usualAlgorithm({ algorithm, curve }: KeyDescription): string {
  if (algorithm === 'ECDSA') return usualAlgorithms[curve] ?? 'ECDSA-SHA256';
  return algorithm === 'RSA' ? 'RSA-SHA256' : 'Ed25519';
}

/** How to sign by an algorithm's name; undefined where there is none of it, or not for such a key. */
export function signingAlgorithm(
  name: string,
  key: KeyDescription,
): { readonly hash: string | null; readonly identifier: Uint8Array } | undefined {
  for (const [oid, algorithm] of signatureAlgorithms) {
    if (algorithm.name !== name || algorithm.kind !== key.algorithm) continue;
    const parameters = algorithm.parameters === 'NULL' ? [element(0x05)] : [];
    return { hash: algorithm.hash, identifier: sequence(objectIdentifier(oid), ...parameters) };
  }
  return undefined;
}
