import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { hardLimits } from '../../../src/csr/limits.ts';
import { buildCSR, generalName, rdn, OID } from '../../support/csr.ts';
import { bytes, context, explicit, hex, latin1, oid, sequence, string, tlv } from '../../support/der.ts';
import { refusalOf, refusedRows, type Row } from './refused.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);
const nothing = { dns: [], ip: [] };
const only = (name: Uint8Array) => ({ ...nothing, generalNames: [name] });
const after = (name: Uint8Array) => ({ generalNames: [name] });

const textRows = (kind: 'dns' | 'email' | 'uri'): Row[] => [
  [`an empty ${kind}`, 'SANTextEmpty', after(generalName[kind](''))],
  [`a NUL in ${kind}`, 'SANTextInvalid', after(generalName[kind]('n1\0.example.com'))],
  [`a line feed in ${kind}`, 'SANTextInvalid', after(generalName[kind]('n1\n'))],
  [`an escape in ${kind}`, 'SANTextInvalid', after(generalName[kind]('\x1b[2Jn1'))],
  [`a DEL in ${kind}`, 'SANTextInvalid', after(generalName[kind]('n1\x7f'))],
  [`Latin-1 in ${kind}`, 'SANTextInvalid', after(generalName[kind]('n\xe9'))],
];
const uris = [
  'n1',
  '//host/path',
  '/path',
  'https://',
  'https:///path',
  'https://host:80/',
  'https://user@host/',
  'https://host/?q',
  'https://host/#f',
  'https://host/%41',
  'https://[::1]/',
  'https://host./',
  'https://.host/',
  'https://a..b/',
  'HTTPS://host/',
  'https://ho st/',
  'urn:',
  'urn:/',
  'urn:a?b',
  'urn:a#b',
  'urn:%41',
  '1urn:a',
  'spiffe://a/b\\c',
  `https://${'a'.repeat(64)}/`,
  `https://${'a.'.repeat(127)}aa/`,
];

describe('names', () => {
  refusedRows([
    ['none', 'SANsEmpty', nothing],
    [
      'otherName',
      'SANOtherName',
      after(explicit(0, [oid('1.2.3'), explicit(0, string('utf8String', 'n2'))])),
    ],
    ['x400Address', 'SANX400Address', after(explicit(3, bytes()))],
    [
      'directoryName',
      'SANDirectoryName',
      after(explicit(4, sequence(rdn(OID.commonName, 'system:node:n2')))),
    ],
    ['ediPartyName', 'SANEDIPartyName', after(explicit(5, bytes()))],
    ['registeredID', 'SANRegisteredID', after(context(8, hex('2a03')))],
    ['tag [9]', 'SANKindUnknown', after(context(9, latin1('n2')))],
    ['a high tag number', 'SANKindUnknown', after(tlv(hex('9f02'), latin1('n2')))],
    ['constructed dNSName', 'SANKindUnknown', after(explicit(2, string('ia5String', 'n2')))],
    ['constructed iPAddress', 'SANKindUnknown', after(explicit(7, hex('0404 0a000002')))],
    ['primitive directoryName', 'SANKindUnknown', after(context(4, bytes()))],
    ['a universal IA5String', 'SANKindUnknown', after(string('ia5String', 'n2'))],
    ['an application tag', 'SANKindUnknown', after(tlv(0x42, latin1('n2')))],
    ['a private tag', 'SANKindUnknown', after(tlv(0xc2, latin1('n2')))],
    ['end of contents', 'SANKindUnknown', after(bytes(0, 0))],
    ['a length beyond the list', 'DERTruncated', after(tlv(0x82, latin1('n2'), { raw: bytes(3) }))],
    ['a length in two octets', 'DERLengthNotMinimal', after(tlv(0x82, latin1('n2'), { octets: 1 }))],
    ...textRows('dns'),
    ...textRows('email'),
    ...textRows('uri'),
    ...uris.map((uri): Row => [`URI ${uri.slice(0, 40)}`, 'SANURINotCanonical', after(generalName.uri(uri))]),
    ...[0, 3, 5, 8, 15, 17, 32].map((length): Row => [
      `${length} bytes of address`,
      'SANAddressLength',
      after(generalName.ip(new Uint8Array(length))),
    ]),
    ['an IPv4-mapped address', 'SANAddressEmbedsIPv4', after(generalName.ip('::ffff:a00:1'))],
    ['::ffff:0:0', 'SANAddressEmbedsIPv4', after(generalName.ip('::ffff:0:0'))],
    ['an IPv4-compatible address', 'SANAddressEmbedsIPv4', after(generalName.ip('::a00:1'))],
    ['::2', 'SANAddressEmbedsIPv4', after(generalName.ip('::2'))],
    ['::100', 'SANAddressEmbedsIPv4', after(generalName.ip('::100'))],
    ['65 names', 'SANsTooMany', { dns: names(64) }],
    ['1000 names', 'SANsTooMany', { dns: names(1000) }],
    ['100,000 names', 'CSRTooLarge', { sanValue: sequence(hex('82016e'.repeat(100_000))) }],
  ]);

  test('names too many are not read', () => {
    const dns = [...names(64), '\0'];
    expect(refusalOf(buildCSR({ ...nothing, dns }).pem)).toBe('SANsTooMany');
  });

  test.each([
    ['the cap', names(64)],
    ['wildcards and spaces as sent', ['*.example.com', ' n1', 'n1 ', 'N1.', '.', '10.0.0.1', '~']],
    ['the same name twice', ['n1', 'n1']],
  ])('%s', (_name, dns) => {
    expect(decodeRequest(buildCSR({ dns, ip: [] }).pem).sans.dns).toEqual(dns);
  });

  test.each([
    'spiffe://cluster.local/ns/default/sa/x',
    'https://example.com',
    'https://example.com/',
    "http://a_b-c.d/~x/@:!$&'()*+,;=",
    'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    'mailto:a@b.c',
    `https://${'a'.repeat(63)}/`,
    `https://${'a.'.repeat(126)}a/`,
    'a:b/c',
    'a://1.2.3.4//x',
  ])('URI %s is shown as sent', (uri) => {
    expect(decodeRequest(buildCSR({ uri: [uri] }).pem).sans.uri).toEqual([uri]);
  });

  test.each([
    ['::', '::'],
    ['::1', '::1'],
    ['fd00:0:0:0:0:0:0:1', 'fd00::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['64:ff9b::a00:1', '64:ff9b::a00:1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
  ])('address %s is %s', (sent, shown) => {
    expect(decodeRequest(buildCSR({ ip: [sent] }).pem).sans.ip).toEqual([shown]);
  });

  test('every name is accounted for, in order within its kind', () => {
    const text = fc.stringMatching(/^[\x20-\x7e]{1,20}$/);
    const name = fc.oneof(
      fc.tuple(fc.constant('dns' as const), text),
      fc.tuple(fc.constant('email' as const), text),
      fc.tuple(fc.constant('uri' as const), fc.stringMatching(/^spiffe:\/\/[a-z]{1,9}\/[a-z]{0,9}$/)),
      fc.tuple(fc.constant('ip' as const), fc.ipV4()),
    );
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 64 }), (all) => {
        const generalNames = all.map(([kind, value]) => generalName[kind](value));
        const of = (kind: string) => all.filter(([k]) => k === kind).map(([, value]) => value);
        expect(decodeRequest(buildCSR({ ...nothing, generalNames }).pem).sans).toEqual({
          dns: of('dns'),
          ip: of('ip'),
          email: of('email'),
          uri: of('uri'),
        });
      }),
    );
  });

  test('any text of a name is shown as sent or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
        const request = buildCSR(only(context(2, octets))).pem;
        const code = refusalOf(request);
        if (typeof code === 'string') expect(['SANTextEmpty', 'SANTextInvalid']).toContain(code);
        else expect(code).toMatchObject({ sans: { dns: [Buffer.from(octets).toString('utf8')] } });
      }),
    );
  });

  test('the hard limit holds whatever the caller says', () => {
    const limits = { maxRequestBytes: Infinity, maxSANs: Infinity };
    const { maxSANs } = hardLimits;
    expect(decodeRequest(buildCSR({ ...nothing, dns: names(maxSANs) }).pem, limits).sans.dns).toHaveLength(
      maxSANs,
    );
    expect(() => decodeRequest(buildCSR({ ...nothing, dns: names(maxSANs + 1) }).pem, limits)).toThrow(
      expect.objectContaining({ code: 'SANsTooMany' }),
    );
  });
});
