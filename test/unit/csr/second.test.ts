import { AsnConvert } from '@peculiar/asn1-schema';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { type CertificationRequest, readRequest } from '../../../src/csr/request.ts';
import { crossCheck } from '../../../src/csr/second.ts';
import {
  attribute,
  buildCSR,
  type CSRSpec,
  extension,
  extensionRequest,
  generalName,
  OID,
  rdn,
  subjectAltName,
} from '../../support/csr.ts';
import { context, hex, sequence } from '../../support/der.ts';

const good: CSRSpec = {
  email: ['a@b.c'],
  uri: ['spiffe://a/b'],
  ip: ['10.0.0.1', '2001:db8::1:0:0:1', '::1'],
};
const { der } = buildCSR(good);
const read = readRequest(der, 64);
/** Bent requests keep the signature, which the second parser reads and does not verify. */
const bent = (change: CSRSpec): Uint8Array =>
  buildCSR({ ...good, signature: () => new Uint8Array(read.signature), ...change }).der;
const san = subjectAltName(generalName.dns('n1'));
const disagreement = expect.objectContaining({ code: 'ParsersDisagree' });

/** The same request, but for what the other parser would have to read otherwise. */
const otherwise: readonly (readonly [string, Partial<CertificationRequest>])[] = [
  ['CN', { subject: { ...read.subject, commonName: 'system:node:n2' } }],
  ['O', { subject: { ...read.subject, organization: ['system:masters'] } }],
  ['a missing DNS name', { sans: { ...read.sans, dns: [] } }],
  ['another DNS name', { sans: { ...read.sans, dns: ['n2'] } }],
  ['one more DNS name', { sans: { ...read.sans, dns: ['n1', 'n1'] } }],
  ['another address', { sans: { ...read.sans, ip: ['10.0.0.2', '2001:db8::1:0:0:1', '::1'] } }],
  ['another order', { sans: { ...read.sans, ip: read.sans.ip.toReversed() } }],
  ['another email', { sans: { ...read.sans, email: ['a@b.d'] } }],
  ['another URI', { sans: { ...read.sans, uri: [] } }],
  ['another key', { key: { ...read.key, bits: new Uint8Array(65) } }],
  ['another signature', { signature: new Uint8Array(70) }],
];

/** Requests in which the other parser sees what we say is not there. */
const unseen: readonly (readonly [string, CSRSpec])[] = [
  [
    'another CN',
    {
      subject: [
        rdn(OID.organization, 'system:nodes'),
        rdn(OID.commonName, 'system:node:n1'),
        rdn(OID.commonName, 'system:node:n2'),
      ],
    },
  ],
  ['another attribute', { subject: [rdn(OID.organization, 'system:nodes'), rdn(OID.country, 'CH')] }],
  ['a second extensionRequest', { attributes: [extensionRequest(san), extensionRequest(san)] }],
  ['a second value', { attributes: [attribute(OID.extensionRequest, sequence(san), sequence(san))] }],
  ['a second subjectAltName', { extensions: [san, san] }],
  ['no extension', { attributes: [] }],
  ['another extension', { extensions: [extension(OID.keyUsage, hex('03020780'))] }],
  ['another kind of name', { attributes: [extensionRequest(subjectAltName(context(8, hex('2a03'))))] }],
  ['an address of odd length', { ip: [new Uint8Array(5)] }],
  ['what it cannot parse', { attributes: [attribute(OID.extensionRequest, hex('0500'))] }],
];

describe('the second parser', () => {
  test('agrees on what both read', () => {
    expect(() => crossCheck(der, read)).not.toThrow();
    expect(() => crossCheck(bent({}), read)).not.toThrow();
  });

  test.each(otherwise)('disagrees on %s', (_name, change) => {
    expect(() => crossCheck(der, { ...read, ...change })).toThrow(disagreement);
  });

  test.each(unseen)('disagrees on %s', (_name, spec) => {
    expect(() => crossCheck(bent(spec), read)).toThrow(disagreement);
  });

  const names = [
    generalName.dns('n1'),
    ...['10.0.0.1', '2001:db8::1:0:0:1', '::1'].map(generalName.ip),
    generalName.email('a@b.c'),
    generalName.uri('spiffe://a/b'),
  ];
  test.each<readonly [string, string, CSRSpec]>([
    ['other extensions', 'extension', { extensions: [extension('2.5.29.18', sequence(...names))] }],
    ['other names', 'kind of name', { generalNames: [context(8, hex('2a03'))] }],
    ['what it cannot parse', 'refused', { attributes: [attribute(OID.extensionRequest, hex('0500'))] }],
    ['a name more', '', { generalNames: [generalName.dns('n2')] }],
  ])('says that it met %s', (_name, detail, change) => {
    expect(() => crossCheck(bent(change), read)).toThrow(
      expect.objectContaining({ code: 'ParsersDisagree', detail }),
    );
  });

  test('sees the names of several extensions in their order', () => {
    const extensions = names.map((name) => subjectAltName(name));
    expect(() => crossCheck(bent({ extensions }), read)).not.toThrow();
    expect(() => crossCheck(bent({ extensions: extensions.toReversed() }), read)).toThrow(disagreement);
  });

  test('disagrees on what is no request', () => {
    expect(() => crossCheck(hex('3000'), read)).toThrow(
      expect.objectContaining({ code: 'ParsersDisagree', detail: 'refused', cause: expect.any(Error) }),
    );
  });

  test('is asked about every request', () => {
    const { pem } = buildCSR();
    const parse: unknown = Reflect.get(AsnConvert, 'parse');
    expect(decodeRequest(pem)).toBeDefined();
    Reflect.set(AsnConvert, 'parse', () => {
      throw new Error('another parser');
    });
    try {
      expect(() => decodeRequest(pem)).toThrow(disagreement);
    } finally {
      Reflect.set(AsnConvert, 'parse', parse);
    }
  });
});
