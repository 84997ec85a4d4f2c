import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { verifySignature } from '../../../src/bundle/signature.ts';
import { members } from '../../support/bundle.ts';

const key = String(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
const verification = { keys: [{ id: 'a', algorithm: 'EdDSA' as const, key }], scope: undefined };
const base64 = (text: string) => Buffer.from(text).toString('base64url');
const token = (payload: string) => `${base64('{"alg": "EdDSA"}')}.${base64(payload)}.AAAA`;
const many = (text: string) => `[${text.repeat(40_000)}1]`;

/** What is read before anything is verified, and so is chosen by whoever serves bundles. */
test.each<[string, string | object, RegExp]>([
  ['many signatures', `{"signatures": ${many('1,')}}`, /json: more than 32768 values/],
  ['many files', { signatures: [token(`{"files": ${many('{},')}}`)] }, /payload.*more than 32768 values/],
  ['a number of many digits', `{"signatures": 0.1${'0'.repeat(2_000_000)}1}`, /too many digits/],
  ['a long text', `{"signatures": ["${'x'.repeat(5_000_000)}"]}`, /more than 4194304 bytes/],
])('a signature of %s is refused for that', async (_, content, message) => {
  await expect(verifySignature(members({ '.signatures.json': content }), verification)).rejects.toThrow(
    expect.objectContaining({ code: 'SignatureMalformed', message: expect.stringMatching(message) }),
  );
});
