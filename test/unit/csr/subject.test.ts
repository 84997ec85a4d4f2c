import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import { attributeValue, buildCSR, OID, rdn } from '../../support/csr.ts';
import {
  bytes,
  hex,
  latin1,
  nullValue,
  oid,
  sequence,
  set,
  string,
  TAG,
  tlv,
  utf8,
} from '../../support/der.ts';
import { refusedRows, type Row } from './refused.ts';

const O = rdn(OID.organization, 'system:nodes');
const CN = rdn(OID.commonName, 'system:node:n1');
const cn = (value: Uint8Array): Uint8Array[] => [O, rdn(OID.commonName, value)];
const utf8CN = (text: string | Uint8Array): Uint8Array[] => cn(string('utf8String', text));
const attribute = attributeValue(OID.commonName, 'system:node:n1');

const stringTypes: Row[] = (
  [
    'numericString',
    'teletexString',
    'ia5String',
    'visibleString',
    'generalString',
    'universalString',
    'bmpString',
  ] as const
).map((type) => [`CN as ${type}`, 'SubjectStringType', { subject: cn(string(type, '1')) }]);

const unseen: Row[] = [
  ['NUL', '\0'],
  ['tab', '\t'],
  ['line feed', '\n'],
  ['escape', '\x1b[2J'],
  ['DEL', '\x7f'],
  ['C1', '\x9b'],
  ['soft hyphen', '\u00ad'],
  ['right-to-left override', '\u202e'],
  ['isolate', '\u2066'],
  ['zero-width space', '\u200b'],
  ['byte order mark', '\ufeff'],
  ['line separator', '\u2028'],
  ['paragraph separator', '\u2029'],
  ['tag character', '\u{e0041}'],
  ['noncharacter', '\uffff'],
  ['noncharacter of plane 1', '\u{1fffe}'],
].map(([name, text]) => [
  `${name} in CN`,
  'SubjectValueInvalid',
  { subject: utf8CN(`system:node:n1${text}`) },
]);

describe('subject', () => {
  refusedRows([
    ['empty', 'SubjectNotSingle', { subject: [] }],
    ['no O', 'SubjectNotSingle', { subject: [CN] }],
    ['no CN', 'SubjectNotSingle', { subject: [O] }],
    ['O twice', 'SubjectNotSingle', { subject: [O, O, CN] }],
    [
      'O system:masters after it',
      'SubjectNotSingle',
      { subject: [O, rdn(OID.organization, 'system:masters'), CN] },
    ],
    [
      'O system:masters before it',
      'SubjectNotSingle',
      { subject: [rdn(OID.organization, 'system:masters'), O, CN] },
    ],
    ['CN twice', 'SubjectNotSingle', { subject: [O, CN, CN] }],
    ['another CN before it', 'SubjectNotSingle', { subject: [O, rdn(OID.commonName, 'system:node:n2'), CN] }],
    ['another CN after it', 'SubjectNotSingle', { subject: [O, CN, rdn(OID.commonName, 'system:node:n2')] }],
    ['a hundred CNs', 'SubjectNotSingle', { subject: [O, ...Array.from({ length: 100 }, () => CN)] }],
    ['two attributes in an RDN', 'SubjectRDNMultiValued', { subject: [O, set(attribute, attribute)] }],
    [
      'O and CN in one RDN',
      'SubjectRDNMultiValued',
      { subject: [set(attribute, attributeValue(OID.organization, 'system:nodes'))] },
    ],
    ['an empty RDN', 'SubjectRDNMultiValued', { subject: [O, CN, set()] }],
    ['an RDN that is a SEQUENCE', 'DERTagUnexpected', { subject: [O, sequence(attribute)] }],
    ['an attribute that is a SET', 'DERTagUnexpected', { subject: [O, set(set(oid(OID.commonName)))] }],
    ['no value', 'DERElementMissing', { subject: [O, set(sequence(oid(OID.commonName)))] }],
    [
      'two values',
      'DERTrailingData',
      {
        subject: [
          O,
          set(sequence(oid(OID.commonName), string('utf8String', 'a'), string('utf8String', 'b'))),
        ],
      },
    ],
    ['a type that is no OID', 'DERTagUnexpected', { subject: [O, set(sequence(nullValue()))] }],
    [
      'a type that is padded',
      'DERObjectIdentifierInvalid',
      { subject: [O, set(sequence(hex('0604 55800403'), string('utf8String', 'a')))] },
    ],
    ['OU', 'SubjectAttributeUnknown', { subject: [O, CN, rdn(OID.organizationalUnit, 'x')] }],
    ['C', 'SubjectAttributeUnknown', { subject: [rdn(OID.country, 'CH'), O, CN] }],
    ['serialNumber', 'SubjectAttributeUnknown', { subject: [O, CN, rdn(OID.serialNumber, '1')] }],
    [
      'emailAddress',
      'SubjectAttributeUnknown',
      { subject: [O, CN, rdn(OID.emailAddress, 'a', 'ia5String')] },
    ],
    ['an unknown attribute', 'SubjectAttributeUnknown', { subject: [O, CN, rdn('1.2.3', 'x')] }],
    ['a constructed string', 'SubjectStringType', { subject: cn(tlv(0x33, string('printableString', 'a'))) }],
    ['a constructed UTF8String', 'SubjectStringType', { subject: cn(tlv(0x2c, string('utf8String', 'a'))) }],
    ['an OCTET STRING', 'SubjectStringType', { subject: cn(tlv(TAG.octetString, latin1('a'))) }],
    ...stringTypes,
    ['an empty CN', 'SubjectValueEmpty', { subject: utf8CN('') }],
    ['an empty O', 'SubjectValueEmpty', { subject: [rdn(OID.organization, ''), CN] }],
    ['a CN too long', 'SubjectValueTooLong', { subject: utf8CN(`system:node:${'n'.repeat(254)}`) }],
    ['an asterisk in a PrintableString', 'SubjectValueInvalid', { subject: [O, rdn(OID.commonName, '*')] }],
    [
      'an ampersand in a PrintableString',
      'SubjectValueInvalid',
      { subject: [O, rdn(OID.commonName, 'a&b')] },
    ],
    ['an at sign in a PrintableString', 'SubjectValueInvalid', { subject: [O, rdn(OID.commonName, 'a@b')] }],
    [
      'a NUL in a PrintableString',
      'SubjectValueInvalid',
      { subject: [O, rdn(OID.commonName, 'system:node:n1\0')] },
    ],
    [
      'UTF-8 in a PrintableString',
      'SubjectValueInvalid',
      { subject: cn(tlv(TAG.printableString, utf8('é'))) },
    ],
    ['Latin-1 in a UTF8String', 'SubjectValueInvalid', { subject: utf8CN(bytes(0xe9)) }],
    ['overlong UTF-8', 'SubjectValueInvalid', { subject: utf8CN(bytes(0xc1, 0xa1)) }],
    ['a surrogate in UTF-8', 'SubjectValueInvalid', { subject: utf8CN(bytes(0xed, 0xa0, 0x80)) }],
    ['UTF-8 beyond Unicode', 'SubjectValueInvalid', { subject: utf8CN(bytes(0xf4, 0x90, 0x80, 0x80)) }],
    ['a byte order mark at the head', 'SubjectValueInvalid', { subject: utf8CN('\ufeffsystem:node:n1') }],
    ['UTF-8 cut off', 'SubjectValueInvalid', { subject: utf8CN(bytes(0xe2, 0x82)) }],
    ...unseen,
  ]);

  test.each([
    ['CN before O', [CN, O], 'system:node:n1'],
    ['CN as UTF8String', utf8CN('system:node:n1'), 'system:node:n1'],
    ['O as UTF8String', [rdn(OID.organization, 'system:nodes', 'utf8String'), CN], 'system:node:n1'],
    ['the longest node name', utf8CN(`system:node:${'n'.repeat(253)}`), `system:node:${'n'.repeat(253)}`],
    [
      'every PrintableString character',
      cn(string('printableString', "aZ09 '()+,-./:=?")),
      "aZ09 '()+,-./:=?",
    ],
    ['UTF-8 of two, three and four bytes', utf8CN('é€𝄞'), 'é€𝄞'],
    ['what looks like an RDN', utf8CN('n1, O=system:masters+CN="x"\\'), 'n1, O=system:masters+CN="x"\\'],
    ['what looks like hexadecimal', utf8CN('#0c0161'), '#0c0161'],
  ])('%s is read as it is', (_name, subject, commonName) => {
    const decoded = decodeRequest(buildCSR({ subject }).pem);
    expect(decoded.subject).toEqual({ commonName, organization: ['system:nodes'] });
  });
});
