import { attribute, attributeValue, extension, OID, rdn } from '../../support/csr.ts';
import {
  bitString,
  boolean,
  bytes,
  context,
  explicit,
  integer,
  latin1,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  string,
  utf8,
  type StringType,
} from '../../support/der.ts';
import type { Random } from './random.ts';

/** What mutations write into requests: much of it good, so that a good share is accepted. */
const STRING_TYPES: readonly StringType[] = [
  'utf8String',
  'printableString',
  'ia5String',
  'teletexString',
  'bmpString',
  'universalString',
  'numericString',
  'visibleString',
  'generalString',
];

export const stringType = (random: Random): StringType =>
  random.chance(0.7) ? random.pick(['utf8String', 'printableString']) : random.pick(STRING_TYPES);

const SUBJECT_TYPES = [
  OID.commonName,
  OID.organization,
  OID.organizationalUnit,
  OID.country,
  OID.locality,
  OID.province,
  OID.street,
  OID.serialNumber,
  OID.emailAddress,
  '2.5.4.17',
  '0.9.2342.19200300.100.1.25',
  '1.2.3.4',
  '1.3.6.1.4.1.57683.2',
] as const;

const subjectType = (random: Random): string =>
  random.chance(0.5) ? random.pick([OID.commonName, OID.organization]) : random.pick(SUBJECT_TYPES);

const PLAIN = [
  'system:nodes',
  'system:masters',
  'system:node:n1',
  'system:node:n2',
  'system:node:',
  'system:node:N1',
  'system:node:n1.eu.example.com',
  'system:node:a b',
  "O'Neil (x)/y=z+1, ?",
  'kubernetes-admin',
  '0',
  ' ',
  ' system:node:n1 ',
  'a'.repeat(64),
  'a'.repeat(65),
  'a'.repeat(265),
];

const ODD = [
  '',
  'system:node:n_1',
  'system:node:*',
  'system:node:a&b',
  'system:node:n@1',
  'system:node:nö1',
  'system:node:nö1',
  'system:node:ｎ１',
  'system:node:节点',
  'system:node:😀',
  'system:node:n1\0',
  'system:node:n1\0.example.com',
  'system:node:n1\n',
  'system:node:\u202en1',
  'system:node:n1\u200b',
  '\ufeffsystem:node:n1',
  'system:node:n1\u2028',
  'system:node:n1\u0301',
  'system:node:n1\uffff',
  'system:node:n1\u00ad',
  'system:node:n1\u{e0041}',
  'a'.repeat(266),
  'a'.repeat(3000),
  '#13026e31',
  'CN=x,O=y',
  '\\,+"<>;',
];

export const subjectText = (random: Random): string => random.pick(random.chance(0.65) ? PLAIN : ODD);

export const rdnOf = (random: Random): Uint8Array => {
  const first = (): Uint8Array =>
    attributeValue(subjectType(random), subjectText(random), stringType(random));
  return random.chance(0.85) ? set(first()) : set(first(), first());
};

/** A subject that may well be good: both attributes once, in any order, of any text. */
export function subjectOf(random: Random): Uint8Array {
  const type = (): StringType => random.pick(['utf8String', 'printableString']);
  const organization = random.chance(0.7) ? 'system:nodes' : subjectText(random);
  const rdns = [
    rdn(OID.organization, organization, type()),
    rdn(OID.commonName, subjectText(random), type()),
  ];
  return sequence(...(random.chance(0.5) ? rdns : rdns.toReversed()));
}

const DNS = [
  'n1',
  'n1.example.com',
  'N1',
  '*',
  '*.example.com',
  'kubernetes',
  'kubernetes.default.svc',
  'n1.',
  '10.0.0.1',
  'a..b',
  '-',
  'a b',
  'localhost',
  '_x',
  'xn--n-0ga1',
  'a'.repeat(255),
  '',
  'n1\0',
  'n\xf6',
  '\x7f',
  'a\nb',
  'a,DNS:b',
  'a"b\\',
  "'<>&",
];
const EMAIL = ['a@b.example', 'a', '"x y"@b', 'a@b@c', '@', '<a@b>', '', 'a\0@b', '\xf6'];
const URI = [
  'spiffe://example.com/n1',
  'http://example.com',
  'http://example.com/',
  'urn:a:b',
  'mailto:a@b',
  'http://example.com/a/../b',
  'http://ex_ample.com/',
  'http://EXAMPLE.com/A;b',
  'HTTP://a/',
  'http://a:1/',
  'http://u@a/',
  'http://a/?q',
  'http://a/#f',
  'http://a/%41',
  'http://a/%2f',
  'http://[::1]/',
  '//a/b',
  '/a',
  'a',
  'a:',
  ':',
  '',
  'http://a b/',
  'http://a/ b',
  'x:/y',
  'x:y//z',
  'x://',
  'x:///y',
  'http://1.2.3.4/',
  'http://a./',
  'http://-a/',
  'http://a/é',
  "h:'()*",
];

const address = (random: Random): Uint8Array => {
  const prefix = random.pick([
    bytes(10, 0, 0),
    bytes(0, 0, 0),
    bytes(127, 0, 0),
    new Uint8Array(15),
    bytes(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    bytes(0x20, 1, 0xd, 0xb8, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0),
    bytes(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0),
    bytes(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0),
    bytes(0x20, 2, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    random.bytes(3),
    random.bytes(15),
  ]);
  return Uint8Array.from([...prefix, random.int(256)]);
};

/** A name of a kind that is shown. */
export function shownName(random: Random): Uint8Array {
  switch (random.int(8)) {
    case 0:
      return context(1, latin1(random.pick(EMAIL)));
    case 1:
      return context(6, latin1(random.pick(URI)));
    case 2:
    case 3:
    case 4:
      return context(7, random.chance(0.9) ? address(random) : random.bytes(random.int(34)));
    default:
      return context(2, latin1(random.pick(DNS)));
  }
}

/** A name of any kind, or none. */
export function anyName(random: Random): Uint8Array {
  const tag = random.int(12);
  const content = random.pick([
    latin1('n2'),
    bytes(10, 0, 0, 2),
    string('ia5String', 'n2'),
    sequence(),
    bytes(),
  ]);
  const upn = [oid('1.3.6.1.4.1.311.20.2.3'), explicit(0, string('utf8String', 'admin'))];
  return random.pick([
    context(tag, content),
    explicit(tag, content),
    explicit(0, upn),
    string('ia5String', 'n2'),
  ]);
}

const sanOf = (random: Random): Uint8Array =>
  extension(
    OID.subjectAltName,
    sequence(...Array.from({ length: 1 + random.int(3) }, () => shownName(random))),
  );

export function extensionOf(random: Random): Uint8Array {
  const type = random.pick([
    OID.subjectAltName,
    OID.keyUsage,
    OID.basicConstraints,
    OID.extendedKeyUsage,
    '2.5.29.18',
    '2.5.29.7',
    '1.2.3.4',
  ]);
  const value = random.pick([
    sequence(shownName(random)),
    sequence(boolean(true)),
    bitString(bytes(0xa0), 5),
    nullValue(),
    bytes(),
  ]);
  return random.chance(0.4) ? sanOf(random) : extension(type, value, random.chance(0.3));
}

export function attributeOf(random: Random): Uint8Array {
  const extensions = (): Uint8Array => sequence(extensionOf(random));
  return random.pick([
    attribute(OID.extensionRequest, extensions()),
    attribute(OID.extensionRequest, extensions(), extensions()),
    attribute(OID.extensionRequest),
    attribute(OID.microsoftExtensionRequest, extensions()),
    attribute(OID.challengePassword, string('utf8String', 'secret')),
    attribute('1.2.840.113549.1.9.2', string('ia5String', 'x')),
    attribute('1.2.3.4', nullValue()),
    sequence(oid(OID.extensionRequest), octetString(bytes(1))),
  ]);
}

export const OIDS: readonly string[] = [
  ...Object.values(OID),
  '1.2.840.10045.2.1',
  '1.2.840.10045.3.1.7',
  '1.3.132.0.34',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.1',
  '1.2.840.113549.1.1.1',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.10',
  '1.3.101.112',
  '2.5.4.4294967299',
  '1.2.3.4',
];

/** Any small element, to be put where it does not belong. */
export const anyElement = (random: Random): Uint8Array =>
  random.pick([
    nullValue(),
    integer(random.int(300) - 150),
    boolean(random.chance(0.5)),
    sequence(),
    set(),
    octetString(random.bytes(random.int(4))),
    bitString(random.bytes(random.int(4))),
    oid(random.pick(OIDS)),
    string(stringType(random), 'x'),
    explicit(random.int(4), bytes()),
    context(random.int(10), utf8('x')),
    rdnOf(random),
    sanOf(random),
    attributeOf(random),
  ]);
