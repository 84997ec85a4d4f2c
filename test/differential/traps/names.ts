import { generalName, OID, rdn } from '../../support/csr.ts';
import {
  bytes,
  context,
  explicit,
  hex,
  latin1,
  oid,
  sequence,
  string,
  tlv,
  utf8,
} from '../../support/der.ts';
import { trap, type Trap } from '../trap.ts';

const KIND = 'RFC 5280 §4.2.1.6; Go skips it';
const IA5 = 'RFC 5280 §4.2.1.6 (IA5String)';
const LENGTH = 'RFC 5280 §4.2.1.6';
const MAPPED = 'RFC 4291 §2.5.5; Go copies an IPv4-mapped one as IPv4';
const URI = 'RFC 3986 §3; Go writes back what net/url makes of it';

const surplus = (name: Uint8Array): { generalNames: Uint8Array[] } => ({ generalNames: [name] });
const dns = (text: string | Uint8Array): { generalNames: Uint8Array[] } =>
  surplus(context(2, typeof text === 'string' ? latin1(text) : text));
const ip = (octets: Uint8Array): { generalNames: Uint8Array[] } => surplus(generalName.ip(octets));
const uri = (text: string): { uri: string[] } => ({ uri: [text] });

/** The names that the certificate will be good for. */
export const names: readonly Trap[] = [
  trap('name-none', 'an empty list of names', 'RFC 5280 §4.2.1.6 (SIZE 1..MAX)', 'SANsEmpty', {
    dns: [],
    ip: [],
  }),
  trap('name-65', 'one name more than the cap', 'the configured limit', 'SANsTooMany', {
    dns: [],
    ip: Array.from({ length: 65 }, (_, i) => `10.0.1.${i}`),
  }),
  trap(
    'name-other-name',
    'an otherName: a Kerberos principal',
    KIND,
    'SANOtherName',
    surplus(explicit(0, [oid('1.3.6.1.5.2.2'), explicit(0, sequence())])),
  ),
  trap(
    'name-other-name-upn',
    'an otherName: a Windows logon name',
    KIND,
    'SANOtherName',
    surplus(
      explicit(0, [oid('1.3.6.1.4.1.311.20.2.3'), explicit(0, string('utf8String', 'admin@example.com'))]),
    ),
  ),
  trap('name-x400', 'an x400Address', KIND, 'SANX400Address', surplus(explicit(3, sequence()))),
  trap(
    'name-directory',
    'a directoryName',
    KIND,
    'SANDirectoryName',
    surplus(explicit(4, sequence(rdn(OID.commonName, 'kubernetes')))),
  ),
  trap(
    'name-edi',
    'an ediPartyName',
    KIND,
    'SANEDIPartyName',
    surplus(explicit(5, explicit(1, string('utf8String', 'x')))),
  ),
  trap(
    'name-registered-id',
    'a registeredID',
    KIND,
    'SANRegisteredID',
    surplus(context(8, bytes(0x2a, 3, 4))),
  ),
  trap('name-tag-9', 'the tag [9]', KIND, 'SANKindUnknown', surplus(context(9, latin1('kubernetes')))),
  trap('name-tag-30', 'the tag [30]', KIND, 'SANKindUnknown', surplus(context(30, latin1('kubernetes')))),
  trap(
    'name-tag-high',
    'the tag [2] in the long form',
    'X.690 §8.1.2.2',
    'SANKindUnknown',
    surplus(tlv(bytes(0x9f, 0x02), latin1('kubernetes'))),
  ),
  trap(
    'name-tag-universal',
    'an IA5String without a context tag',
    KIND,
    'SANKindUnknown',
    surplus(string('ia5String', 'kubernetes')),
  ),
  trap(
    'name-tag-application',
    'the tag [APPLICATION 2]',
    KIND,
    'SANKindUnknown',
    surplus(tlv(0x42, latin1('kubernetes'))),
  ),
  trap(
    'name-tag-private',
    'the tag [PRIVATE 2]',
    KIND,
    'SANKindUnknown',
    surplus(tlv(0xc2, latin1('kubernetes'))),
  ),
  trap(
    'name-dns-constructed',
    'a constructed [2]',
    'X.690 §10.2; Go skips it',
    'SANKindUnknown',
    surplus(explicit(2, string('ia5String', 'kubernetes'))),
  ),
  trap(
    'name-dns-explicit',
    'a constructed [2] with bare text',
    'X.690 §10.2',
    'SANKindUnknown',
    surplus(explicit(2, latin1('kubernetes'))),
  ),
  trap(
    'name-ip-constructed',
    'a constructed [7]',
    'X.690 §10.2',
    'SANKindUnknown',
    surplus(explicit(7, tlv(4, bytes(10, 0, 0, 2)))),
  ),
  trap(
    'name-primitive-directory',
    'a primitive [4]',
    'X.690 §8.14',
    'SANKindUnknown',
    surplus(context(4, sequence(rdn(OID.commonName, 'x')))),
  ),
  trap(
    'name-end-of-contents',
    'end-of-contents octets among the names',
    'X.690 §8.1.5',
    'SANKindUnknown',
    surplus(bytes(0, 0)),
  ),

  trap('name-dns-empty', 'an empty DNS name', IA5, 'SANTextEmpty', dns('')),
  trap('name-dns-nul', 'a NUL in a DNS name', IA5, 'SANTextInvalid', dns('n1\0.evil.example')),
  trap('name-dns-newline', 'a newline in a DNS name', IA5, 'SANTextInvalid', dns('n1\nkubernetes')),
  trap('name-dns-tab', 'a tab in a DNS name', IA5, 'SANTextInvalid', dns('n1\t')),
  trap('name-dns-escape', 'a terminal escape in a DNS name', IA5, 'SANTextInvalid', dns('\x1b]0;x\x07')),
  trap('name-dns-delete', 'DEL in a DNS name', IA5, 'SANTextInvalid', dns('n1\x7f')),
  trap('name-dns-latin1', 'a Latin-1 byte in a DNS name', IA5, 'SANTextInvalid', dns('n\xf6')),
  trap('name-dns-utf8', 'UTF-8 in a DNS name', IA5, 'SANTextInvalid', dns(utf8('nö'))),
  trap('name-email-empty', 'an empty email address', IA5, 'SANTextEmpty', surplus(context(1, bytes()))),
  trap('name-email-latin1', 'a Latin-1 byte in an email address', IA5, 'SANTextInvalid', {
    email: ['\xf6@b.example'],
  }),
  trap('name-email-nul', 'a NUL in an email address', IA5, 'SANTextInvalid', { email: ['a@b\0.example'] }),

  ...[0, 1, 3, 5, 8, 12, 15, 17, 32].map((octets) =>
    trap(
      `name-ip-${octets}-bytes`,
      `an address of ${octets} bytes`,
      LENGTH,
      'SANAddressLength',
      ip(new Uint8Array(octets).fill(10)),
    ),
  ),
  trap('name-ip-text', 'an address as text', LENGTH, 'SANAddressLength', ip(latin1('10.0.0.2'))),
  trap(
    'name-ip-mapped',
    '::ffff:10.0.0.2',
    MAPPED,
    'SANAddressEmbedsIPv4',
    ip(hex('00000000000000000000ffff0a000002')),
  ),
  trap(
    'name-ip-compatible',
    '::10.0.0.2',
    MAPPED,
    'SANAddressEmbedsIPv4',
    ip(hex('0000000000000000000000000a000002')),
  ),

  trap('name-uri-empty', 'an empty URI', IA5, 'SANTextEmpty', uri('')),
  trap('name-uri-relative', 'a URI without a scheme', URI, 'SANURINotCanonical', uri('n1')),
  trap(
    'name-uri-upper-case',
    'a scheme in upper case, which Go lowers',
    URI,
    'SANURINotCanonical',
    uri('HTTP://example.com'),
  ),
  trap(
    'name-uri-percent',
    'percent-encoding of a plain letter',
    URI,
    'SANURINotCanonical',
    uri('http://example.com/%41'),
  ),
  trap(
    'name-uri-percent-host',
    'percent-encoding in the host',
    URI,
    'SANURINotCanonical',
    uri('http://ex%41mple.com/'),
  ),
  trap(
    'name-uri-percent-broken',
    'a broken percent-encoding',
    URI,
    'SANURINotCanonical',
    uri('http://example.com/%zz'),
  ),
  trap(
    'name-uri-space',
    'a space, which Go escapes',
    URI,
    'SANURINotCanonical',
    uri('http://example.com/a b'),
  ),
  trap('name-uri-user', 'a user', URI, 'SANURINotCanonical', uri('http://a:b@example.com/')),
  trap('name-uri-port', 'a port', URI, 'SANURINotCanonical', uri('http://example.com:443/')),
  trap('name-uri-query', 'a query', URI, 'SANURINotCanonical', uri('http://example.com/?a=b')),
  trap('name-uri-empty-query', 'an empty query', URI, 'SANURINotCanonical', uri('http://example.com/?')),
  trap(
    'name-uri-fragment',
    'an empty fragment, which Go drops',
    URI,
    'SANURINotCanonical',
    uri('http://example.com/#'),
  ),
  trap('name-uri-ipv6', 'an IPv6 host', URI, 'SANURINotCanonical', uri('http://[fd00::1]/')),
  trap('name-uri-empty-label', 'an empty label in the host', URI, 'SANURINotCanonical', uri('http://a..b/')),
  trap('name-uri-no-host', 'three slashes', URI, 'SANURINotCanonical', uri('file:///etc/hosts')),
  trap('name-uri-newline', 'a newline', IA5, 'SANTextInvalid', uri('http://example.com/\n')),
  trap('name-uri-latin1', 'a Latin-1 byte', IA5, 'SANTextInvalid', uri('http://example.com/\xf6')),
];
