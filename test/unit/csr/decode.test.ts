import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { DecodeRefusal } from '../../../src/csr/refusal.ts';
import { buildCSR, type CSRSpec } from '../../support/csr.ts';
import { latin1 } from '../../support/der.ts';
import { refusalOf } from './refused.ts';

const node = 'ip-10-0-0-1.eu-central-1.compute.internal';

/** What kubelets 1.22 to 1.36 send: pkg/kubelet/certificate/kubelet.go and client-go's certificate manager. */
const kubelet: readonly (readonly [string, CSRSpec])[] = [
  ['one name and one address', {}],
  ['addresses only', { dns: [] }],
  ['names only, up to 1.30', { ip: [] }],
  ['an IPv6 address only', { dns: [], ip: ['fd00::1'] }],
  ['dual stack', { ip: ['10.0.0.1', 'fd00::1'] }],
  [
    'every kind of address',
    {
      dns: ['n1', 'n1.example.com', 'n1.internal.example'],
      ip: ['10.0.0.1', '203.0.113.1', '2001:db8::1', 'fd00::1'],
    },
  ],
  ['a node name with dots', { node }],
  ['the longest node name', { node: 'n'.repeat(253), dns: [] }],
  ['an upper-case hostname', { dns: ['IP-10-0-0-1'] }],
  ['sixty-four addresses', { dns: [], ip: Array.from({ length: 64 }, (_, i) => `10.0.0.${i}`) }],
  ['RSA 2048', { key: 'RSA-2048' }],
  ['RSA 3072', { key: 'RSA-3072' }],
  ['RSA 4096', { key: 'RSA-4096' }],
  ['P-384', { key: 'P-384' }],
  ['a client request, without names', { attributes: [] }],
];

describe('decodeRequest', () => {
  test.each(kubelet)('accepts from a kubelet: %s', (_name, spec) => {
    expect(decodeRequest(buildCSR(spec).pem)).toMatchObject({
      subject: { commonName: `system:node:${spec.node ?? 'n1'}`, organization: ['system:nodes'] },
      sans: {
        dns: spec.attributes ? [] : (spec.dns ?? [spec.node ?? 'n1']),
        ip: spec.attributes ? [] : (spec.ip ?? ['10.0.0.1']),
        email: [],
        uri: [],
      },
    });
  });

  test('shows the whole request', () => {
    const { der, pem } = buildCSR({ email: ['a@b.c'], uri: ['spiffe://a/b'] });
    expect(decodeRequest(pem)).toEqual({
      subject: { commonName: 'system:node:n1', organization: ['system:nodes'] },
      sans: { dns: ['n1'], ip: ['10.0.0.1'], email: ['a@b.c'], uri: ['spiffe://a/b'] },
      key: { algorithm: 'ECDSA', curve: 'P-256', bits: 256 },
      signatureAlgorithm: 'ECDSA-SHA256',
      fingerprint: `sha256:${createHash('sha256').update(der).digest('hex')}`,
    });
  });

  test('the result is frozen all the way down', () => {
    const open = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null
        ? [...(Object.isFrozen(value) ? [] : [value]), ...Object.values(value).flatMap(open)]
        : [];
    expect(open(decodeRequest(buildCSR({ email: ['a@b.c'] }).pem))).toEqual([]);
  });

  test('bytes in the middle of a larger buffer are read at their place', () => {
    const { pem } = buildCSR();
    const larger = new Uint8Array(pem.length + 20).fill(0x41);
    larger.set(pem, 10);
    expect(decodeRequest(larger.subarray(10, 10 + pem.length))).toEqual(decodeRequest(pem));
    expect(decodeRequest(Buffer.from(pem))).toEqual(decodeRequest(pem));
  });

  test.each([
    ['empty', 'PEMMissing', new Uint8Array()],
    ['3 MiB of A', 'CSRTooLarge', new Uint8Array(3 * 2 ** 20).fill(0x41)],
    ['16 KiB of zeros', 'PEMMissing', new Uint8Array(16 * 1024)],
    ['16 KiB of dashes', 'PEMMissing', new Uint8Array(16 * 1024).fill(0x2d)],
    ['BEGIN without end', 'PEMNotSingle', latin1('-----BEGIN '.repeat(1000))],
  ])('%s: %s', (_name, code, request) => {
    expect(refusalOf(request)).toBe(code);
  });

  test.each([null, undefined, {}, 'text', new ArrayBuffer(8), { length: 1 }])(
    '%j is refused, not thrown upon',
    (value) => {
      expect(() => Reflect.apply(decodeRequest, undefined, [value])).toThrow(DecodeRefusal);
    },
  );

  test('what nobody expected is a refusal with its cause', () => {
    expect(() => Reflect.apply(decodeRequest, undefined, [null])).toThrow(
      expect.objectContaining({ code: 'DecoderFailed', cause: expect.any(TypeError) }),
    );
  });
});
