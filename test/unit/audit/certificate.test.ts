import { describe, expect, test } from 'vitest';
import { readCertificate, showCertificate } from '../../../src/audit/certificate.ts';
import { DecodeRefusal } from '../../../src/csr/refusal.ts';
import {
  buildCertificate,
  type CertificateSpec,
  clientAuth,
  serverAuth,
  toCertificatePEM,
} from '../../support/certificate.ts';
import { extension, OID, rdn } from '../../support/csr.ts';
import { bitString, bytes, concat, sequence } from '../../support/der.ts';

const read = (spec: CertificateSpec = {}) => {
  const certificate = readCertificate(toCertificatePEM(buildCertificate(spec)), 64);
  if (certificate === undefined) throw new Error('no certificate');
  return certificate;
};

describe('a certificate', () => {
  test('as the signer makes it, in PEM and in DER', () => {
    const expected = {
      serial: '1267',
      subject: 'O=system:nodes, CN=system:node:n1',
      issuer: 'CN=kubernetes',
      not_before: '2026-11-22T05:55:00Z',
      not_after: '2027-11-22T05:55:00Z',
      sans: { dns: ['n1'], ip: ['10.0.0.1'], email: [], uri: [] },
      key: { algorithm: 'ECDSA', curve: 'P-256', bits: 256 },
      usages: ['digital signature', 'server auth'],
    };
    expect(showCertificate(read())).toMatchObject(expected);
    const der = readCertificate(buildCertificate(), 64);
    expect(der && showCertificate(der)).toMatchObject(expected);
  });

  test.each<[string, CertificateSpec, string[]]>([
    [
      'both purposes',
      { extendedKeyUsage: [serverAuth, clientAuth] },
      ['client auth', 'digital signature', 'server auth'],
    ],
    ['one without a name', { extendedKeyUsage: ['1.2.3'] }, ['1.2.3', 'digital signature']],
    ['no purpose', { extendedKeyUsage: [] }, ['digital signature']],
    [
      'key usages of the second octet',
      { keyUsage: bitString(bytes(0x04, 0x80), 7) },
      ['cert sign', 'decipher only', 'server auth'],
    ],
    [
      'RSA',
      { keyUsage: bitString(bytes(0xa0), 5) },
      ['digital signature', 'key encipherment', 'server auth'],
    ],
  ])('usages: %s', (_, spec, usages) => {
    expect(read(spec).content).toMatchObject({ usages });
  });

  test('without names has none', () => {
    expect(read({ dns: [], ip: [] }).content).toMatchObject({ sans: { dns: [], ip: [] } });
  });
});

describe('without a single reading', () => {
  const twice = extension(OID.keyUsage, bitString(bytes(0x80), 7));
  test.each<[string, CertificateSpec, string]>([
    ['an extension twice', { extensions: [twice] }, 'ExtensionsNotSingle'],
    [
      'two common names',
      { subject: [rdn(OID.commonName, 'a'), rdn(OID.commonName, 'b')] },
      'SubjectNotSingle',
    ],
    [
      'more names than are read',
      { ip: Array.from({ length: 64 }, (_, i) => `10.0.0.${String(i)}`) },
      'SANsTooMany',
    ],
    ['an IPv4-mapped address', { ip: ['::ffff:10.0.0.1'] }, 'SANAddressEmbedsIPv4'],
    [
      'a value with something behind it',
      { keyUsage: concat(bitString(bytes(0x80), 7), sequence()) },
      'DERTrailingData',
    ],
  ])('%s', (_, spec, code) => {
    const { content } = read(spec);
    expect(content).toBeInstanceOf(DecodeRefusal);
    expect(content).toMatchObject({ code });
  });

  test('what it is called is shown all the same', () => {
    const shown = showCertificate(read({ extensions: [twice] }));
    expect(shown).toMatchObject({ subject: 'O=system:nodes, CN=system:node:n1' });
    expect(shown.sans).toBeUndefined();
  });
});

test.each<[string, Uint8Array]>([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('nonsense')],
  ['a request', toCertificatePEM(sequence())],
  ['more than any certificate has', Buffer.concat([buildCertificate(), Buffer.alloc(64 * 1024)])],
])('%s is no certificate', (_, content) => {
  expect(readCertificate(content, 64)).toBeUndefined();
});

describe('whatever a stranger serves', () => {
  test('a time that is none is shown as none', () => {
    const der = buildCertificate();
    const at = der.indexOf('271122055500Z');
    der.write('271322055500Z', at);
    const certificate = readCertificate(der, 64);
    expect(certificate && showCertificate(certificate).not_after).toBe('');
  });

  test('no byte that is changed makes it fail: it is read, or refused', () => {
    const der = buildCertificate();
    const outcomes = new Set<string>();
    for (let at = 0; at < der.length; at += 1) {
      for (const change of [0x01, 0x20, 0x80, 0xff]) {
        const changed = Buffer.from(der);
        changed[at] = (changed[at] ?? 0) ^ change;
        const certificate = readCertificate(changed, 64);
        if (certificate === undefined) outcomes.add('none');
        else {
          expect(showCertificate(certificate).serial).toMatch(/^[0-9a-f-]*$/);
          outcomes.add(certificate.content instanceof DecodeRefusal ? 'refused' : 'read');
        }
      }
    }
    expect([...outcomes].sort()).toEqual(['none', 'read', 'refused']);
  });
});
