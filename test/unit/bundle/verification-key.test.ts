import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Algorithm } from '../../../src/bundle/algorithms.ts';
import { importKey } from '../../../src/bundle/verification-key.ts';

const spki = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'spki' }));
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;
const ec = (namedCurve: string) => spki(generateKeyPairSync('ec', { namedCurve }).publicKey);
const good = rsa(2048);
const secret = 'x'.repeat(64);

describe('fits', () => {
  test.each<[string, Algorithm, string]>([
    ['RSA in SPKI', 'PS384', spki(good)],
    ['RSA in PKCS#1', 'RS256', String(good.export({ format: 'pem', type: 'pkcs1' }))],
    ['P-256', 'ES256', ec('P-256')],
    ['P-384', 'ES384', ec('P-384')],
    ['P-521', 'ES512', ec('P-521')],
    ['Ed25519', 'EdDSA', spki(generateKeyPairSync('ed25519').publicKey)],
    ['a secret with an end of line', 'HS512', `${secret}\n`],
  ])('%s', (_, algorithm, key) => {
    const imported = importKey({ id: 'a', algorithm, key });
    expect(imported.type).toBe(algorithm.startsWith('HS') ? 'secret' : 'public');
    if (imported.type === 'public') expect(imported.equals(createPublicKey(key))).toBe(true);
  });
});

describe('is refused', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  test.each<[string, Algorithm, string, RegExp]>([
    ['RSA of 1024 bits', 'RS256', spki(rsa(1024)), /RSA of 1024 bits: at least 2048/],
    [
      'RSA that anybody can sign by',
      'RS256',
      spki(createPublicKey({ key: { ...good.export({ format: 'jwk' }), e: 'AQ' }, format: 'jwk' })),
      /exponent 1: /,
    ],
    ['RSA of 2047 bits', 'PS256', spki(rsa(2047)), /RSA of 2047 bits/],
    [
      'RSA for PSS alone',
      'PS256',
      spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
      /type rsa-pss/,
    ],
    ['RSA for ECDSA', 'ES256', spki(good), /type rsa, and not ec/],
    ['ECDSA for RSA', 'RS256', ec('P-256'), /type ec, and not rsa/],
    ['another curve', 'ES384', ec('P-256'), /curve is prime256v1, and not secp384r1/],
    ['the curve of Bitcoin', 'ES256', ec('secp256k1'), /curve is secp256k1/],
    ['Ed448', 'EdDSA', spki(generateKeyPairSync('ed448').publicKey), /type ed448/],
    ['X25519', 'EdDSA', spki(generateKeyPairSync('x25519').publicKey), /type x25519/],
    ['a private key', 'ES256', String(privateKey.export({ format: 'pem', type: 'pkcs8' })), /private key/],
    [
      'an old private key',
      'ES256',
      String(privateKey.export({ format: 'pem', type: 'sec1' })),
      /private key/,
    ],
    ['two keys', 'RS256', spki(good) + spki(good), /exactly one/],
    ['a text', 'RS256', 'hello', /exactly one/],
    ['nothing', 'RS256', '', /exactly one/],
    ['half a key', 'RS256', spki(good).replace(/\n[^-]{20}/, '\n'), /no public key or certificate/],
    ['a public key as a secret', 'HS256', spki(good), /PEM file, and not a secret/],
    ['a short secret', 'HS256', 'x'.repeat(31), /at least 32 bytes/],
    ['a secret that is short for its hash', 'HS512', 'x'.repeat(63), /at least 64 bytes/],
  ])('%s', (_, algorithm, key, message) => {
    const importing = () => importKey({ id: 'release', algorithm, key });
    expect(importing).toThrow(expect.objectContaining({ name: 'PolicyError', code: 'KeyInvalid' }));
    expect(importing).toThrow(message);
    expect(importing).toThrow(/^key "release" for /);
  });
});
