import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { DecodeRefusal } from '../../../src/csr/refusal.ts';
import type { RequestContent } from '../../../src/verify/csr.ts';
import { inexpressible, signRequest } from '../../../src/verify/csr.ts';
import { KeyRing, usualAlgorithm } from '../../../src/verify/keys.ts';

const keys = new KeyRing();

const good: RequestContent = {
  subject: { common_name: 'system:node:n1', organization: ['system:nodes'] },
  sans: { dns: ['n1'], ip: ['10.0.0.1'], email: [], uri: [] },
  key: { algorithm: 'ECDSA', curve: 'P-256', bits: 256 },
  signature_algorithm: 'ECDSA-SHA256',
};

async function decoded(content: RequestContent) {
  expect(inexpressible(content)).toBeUndefined();
  return decodeRequest(new TextEncoder().encode(await signRequest(content, keys)));
}

/** What the decoder refuses a request for. */
async function refused(content: RequestContent): Promise<string> {
  return decoded(content).then(
    () => 'accepted',
    (cause: unknown) => (cause instanceof DecodeRefusal ? cause.code : 'no refusal'),
  );
}

describe('a request that is made is read as it was described', () => {
  test.each<[string, Partial<RequestContent>]>([
    ['the usual one', {}],
    ['names of all kinds', { sans: { dns: ['n1', '*.x'], ip: [], email: ['a@b.c'], uri: ['spiffe://x/y'] } }],
    [
      'addresses',
      { sans: { dns: [], ip: ['255.0.0.1', 'fd00::1', '::', '1:2:3:4:5:6:7:8'], email: [], uri: [] } },
    ],
    ['no names', { sans: { dns: [], ip: [], email: [], uri: [] } }],
    ['a name that is no PrintableString', { subject: { common_name: 'é_*', organization: ['x'] } }],
    ['a long subject', { subject: { common_name: 'n'.repeat(200), organization: ['x'.repeat(128)] } }],
    ['P-384', { key: { algorithm: 'ECDSA', curve: 'P-384', bits: 384 } }],
    ['P-521', { key: { algorithm: 'ECDSA', curve: 'P-521', bits: 521 } }],
    ['Ed25519', { key: { algorithm: 'Ed25519', curve: '', bits: 256 } }],
    ['RSA', { key: { algorithm: 'RSA', curve: '', bits: 2048 } }],
  ])('%s', async (_, changed) => {
    const content = { ...good, ...changed };
    const signed = { ...content, signature_algorithm: usualAlgorithm(content.key) };
    const { subject, sans, key, signatureAlgorithm } = await decoded(signed);
    expect({ subject, sans, key, signatureAlgorithm }).toEqual({
      subject: { commonName: content.subject.common_name, organization: content.subject.organization },
      sans: content.sans,
      key: content.key,
      signatureAlgorithm: signed.signature_algorithm,
    });
  });

  test('with the hash that is asked for', async () => {
    const { signatureAlgorithm } = await decoded({ ...good, signature_algorithm: 'ECDSA-SHA512' });
    expect(signatureAlgorithm).toBe('ECDSA-SHA512');
  });
});

test.each<[string, Partial<RequestContent>, string]>([
  ['two organizations', { subject: { common_name: 'a', organization: ['x', 'y'] } }, 'SubjectNotSingle'],
  ['an empty name', { sans: { ...good.sans, dns: [''] } }, 'SANTextEmpty'],
  ['letters beyond ASCII', { sans: { ...good.sans, dns: ['ä'] } }, 'SANTextInvalid'],
  ['an IPv4-compatible address', { sans: { ...good.sans, ip: ['::a00:1'] } }, 'SANAddressEmbedsIPv4'],
])('%s: made, and left to the decoder to refuse', async (_, changed, code) => {
  expect(await refused({ ...good, ...changed })).toBe(code);
});

test.each<[string, Partial<RequestContent>, string]>([
  ['no address', { sans: { ...good.sans, ip: ['n1'] } }, 'sans.ip: "n1" is no IP address'],
  ['another spelling', { sans: { ...good.sans, ip: ['FD00::1'] } }, 'sans.ip: "FD00::1" is shown as fd00::1'],
  ['bits of no curve', { key: { algorithm: 'ECDSA', curve: 'P-256', bits: 255 } }, 'key: '],
  ['a curve that is not known', { key: { algorithm: 'ECDSA', curve: 'P-224', bits: 224 } }, 'key: '],
  ['a curve of RSA', { key: { algorithm: 'RSA', curve: 'P-256', bits: 2048 } }, 'key: '],
  ['an endless RSA key', { key: { algorithm: 'RSA', curve: '', bits: 65_536 } }, 'key: '],
  ['half a bit', { key: { algorithm: 'RSA', curve: '', bits: 2048.5 } }, 'key: '],
  ['Ed448 by another name', { key: { algorithm: 'Ed25519', curve: '', bits: 448 } }, 'key: '],
  ['a signature of another key', { signature_algorithm: 'RSA-SHA256' }, 'signature_algorithm: '],
])('%s: no request can say that', (_, changed, problem) => {
  const found = inexpressible({ ...good, ...changed });
  expect(`${found?.path.join('.') ?? ''}: ${found?.problem ?? ''}`).toContain(problem);
});
