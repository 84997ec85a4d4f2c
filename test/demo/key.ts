import { generateKeyPairSync, sign } from 'node:crypto';
import type { TestKey } from '../support/csr-keys.ts';

/** A new P-256 key, as a kubelet makes for every request. */
export function freshKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    type: 'P-256',
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    hash: 'sha256',
    sign: (data, hash = 'sha256') => new Uint8Array(sign(hash, data, privateKey)),
  };
}
