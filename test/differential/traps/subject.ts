import { attributeValue, OID, rdn } from '../../support/csr.ts';
import {
  bytes,
  hex,
  integer,
  latin1,
  sequence,
  set,
  string,
  utf8,
  type StringType,
} from '../../support/der.ts';
import { trap, type Trap } from '../trap.ts';

const NAME = 'RFC 5280 §4.1.2.4';
const LAST = 'RFC 5280 §4.1.2.4; Go reads the last CN, others the first';
const STRINGS = 'RFC 5280 §4.1.2.4; Go reads some types and skips others';

const o = rdn(OID.organization, 'system:nodes');
const cn = rdn(OID.commonName, 'system:node:n1');
const otherCN = rdn(OID.commonName, 'system:node:n2');

const wrongTypes: readonly StringType[] = [
  'numericString',
  'teletexString',
  'ia5String',
  'visibleString',
  'generalString',
  'universalString',
  'bmpString',
];

const otherAttributes: Readonly<Record<string, string>> = {
  'organizational-unit': OID.organizationalUnit,
  country: OID.country,
  locality: OID.locality,
  province: OID.province,
  street: OID.street,
  'postal-code': '2.5.4.17',
  'serial-number': OID.serialNumber,
  'domain-component': '0.9.2342.19200300.100.1.25',
  'user-id': '0.9.2342.19200300.100.1.1',
  'kubernetes-uid': '1.3.6.1.4.1.57683.2',
  unknown: '1.2.3.4',
};

const commonName = (
  value: Uint8Array | string,
  type: StringType = 'utf8String',
): { subject: Uint8Array[] } => ({
  subject: [o, rdn(OID.commonName, typeof value === 'string' ? value : string(type, value), type)],
});

const after = (text: string): Uint8Array => utf8(`system:node:${text}`);

/** Who the certificate will speak for. */
export const subject: readonly Trap[] = [
  trap('subject-cn-twice', 'a second CN', LAST, 'SubjectNotSingle', { subject: [o, cn, otherCN] }),
  trap('subject-cn-twice-swapped', 'the same, the other first', LAST, 'SubjectNotSingle', {
    subject: [o, otherCN, cn],
  }),
  trap('subject-cn-same-twice', 'the same CN twice', LAST, 'SubjectNotSingle', { subject: [o, cn, cn] }),
  trap('subject-o-twice', 'O twice', NAME, 'SubjectNotSingle', { subject: [o, o, cn] }),
  trap('subject-o-masters', 'a second O, system:masters', NAME, 'SubjectNotSingle', {
    subject: [o, rdn(OID.organization, 'system:masters'), cn],
  }),
  trap('subject-o-masters-first', 'the same, before', NAME, 'SubjectNotSingle', {
    subject: [rdn(OID.organization, 'system:masters'), o, cn],
  }),
  trap('subject-empty', 'no RDN', NAME, 'SubjectNotSingle', { subject: [] }),
  trap('subject-o-missing', 'no O', NAME, 'SubjectNotSingle', { subject: [cn] }),
  trap('subject-cn-missing', 'no CN', NAME, 'SubjectNotSingle', { subject: [o] }),

  trap('subject-rdn-of-two', 'O and CN in one RDN', NAME, 'SubjectRDNMultiValued', {
    subject: [
      set(attributeValue(OID.commonName, 'system:node:n1'), attributeValue(OID.organization, 'system:nodes')),
    ],
  }),
  trap('subject-rdn-of-two-cn', 'two CN in one RDN', NAME, 'SubjectRDNMultiValued', {
    subject: [
      o,
      set(attributeValue(OID.commonName, 'system:node:n1'), attributeValue(OID.commonName, 'system:node:n2')),
    ],
  }),
  trap(
    'subject-rdn-with-unknown',
    'an unknown attribute beside the CN',
    NAME,
    ['SubjectRDNMultiValued', 'SubjectAttributeUnknown'],
    {
      subject: [o, set(attributeValue('1.2.3.4', 'x'), attributeValue(OID.commonName, 'system:node:n1'))],
    },
  ),
  trap('subject-rdn-empty', 'an empty RDN', 'X.501 §9.3 (SIZE 1..)', 'SubjectRDNMultiValued', {
    subject: [o, cn, set()],
  }),
  trap('subject-rdn-sequence', 'an RDN that is a SEQUENCE', NAME, 'DERTagUnexpected', {
    subject: [o, sequence(attributeValue(OID.commonName, 'system:node:n1'))],
  }),
  trap('subject-as-set', 'a Name that is a SET', NAME, 'DERTagUnexpected', { subject: set(o, cn) }),

  ...Object.entries(otherAttributes).map(([name, type]) =>
    trap(`subject-attribute-${name}`, `${name} in the subject`, NAME, 'SubjectAttributeUnknown', {
      subject: [o, cn, rdn(type, 'x')],
    }),
  ),
  trap('subject-attribute-email', 'an email address in the subject', NAME, 'SubjectAttributeUnknown', {
    subject: [o, cn, rdn(OID.emailAddress, 'a@b.example', 'ia5String')],
  }),
  trap('subject-attribute-before', 'an OU before the CN', NAME, 'SubjectAttributeUnknown', {
    subject: [o, rdn(OID.organizationalUnit, 'x'), cn],
  }),

  ...wrongTypes.map((type) =>
    trap(`subject-cn-${type.toLowerCase()}`, `a CN of type ${type}`, STRINGS, 'SubjectStringType', {
      subject: [o, rdn(OID.commonName, type === 'numericString' ? '12' : 'system:node:n1', type)],
    }),
  ),
  trap('subject-o-ia5string', 'an O of type IA5String', STRINGS, 'SubjectStringType', {
    subject: [rdn(OID.organization, 'system:nodes', 'ia5String'), cn],
  }),
  trap('subject-cn-integer', 'a CN that is an INTEGER', STRINGS, 'SubjectStringType', {
    subject: [o, rdn(OID.commonName, integer(7))],
  }),
  trap('subject-cn-sequence', 'a CN that is a SEQUENCE', STRINGS, 'SubjectStringType', {
    subject: [o, rdn(OID.commonName, sequence())],
  }),
  trap(
    'subject-cn-bmp-nul',
    'a BMPString with the trailing NUL that Go strips',
    STRINGS,
    'SubjectStringType',
    {
      subject: [o, rdn(OID.commonName, 'system:node:n1\0', 'bmpString')],
    },
  ),
  trap(
    'subject-cn-skipped-then-cn',
    'a UniversalString CN, which Go skips, then another',
    STRINGS,
    ['SubjectStringType', 'SubjectNotSingle'],
    {
      subject: [o, rdn(OID.commonName, 'system:node:n2', 'universalString'), cn],
    },
  ),
  trap(
    'subject-cn-then-skipped',
    'the same, the other way round',
    STRINGS,
    ['SubjectStringType', 'SubjectNotSingle'],
    {
      subject: [o, cn, rdn(OID.commonName, 'system:node:n2', 'universalString')],
    },
  ),

  trap(
    'subject-utf8-latin1',
    'a Latin-1 byte in a UTF8String',
    'RFC 3629 §4',
    'SubjectValueInvalid',
    commonName(latin1('system:node:n\xf6')),
  ),
  trap(
    'subject-utf8-overlong',
    'an overlong slash',
    'RFC 3629 §4',
    'SubjectValueInvalid',
    commonName(hex('6e c0af')),
  ),
  trap(
    'subject-utf8-surrogate',
    'half of a surrogate pair',
    'RFC 3629 §4',
    'SubjectValueInvalid',
    commonName(hex('6e eda080')),
  ),
  trap(
    'subject-utf8-beyond',
    'a code point above 10FFFF',
    'RFC 3629 §4',
    'SubjectValueInvalid',
    commonName(hex('6e f4908080')),
  ),
  trap(
    'subject-utf8-cut',
    'a character cut off',
    'RFC 3629 §4',
    'SubjectValueInvalid',
    commonName(hex('6e c3')),
  ),
  trap(
    'subject-cn-nul',
    'a NUL inside',
    'X.680 §41',
    'SubjectValueInvalid',
    commonName(after('n1\0.example.com')),
  ),
  trap(
    'subject-cn-newline',
    'a newline inside',
    'X.680 §41',
    'SubjectValueInvalid',
    commonName(after('n1\nx')),
  ),
  trap(
    'subject-cn-escape',
    'a terminal escape',
    'X.680 §41',
    'SubjectValueInvalid',
    commonName(after('\x1b[31mn1')),
  ),
  trap('subject-cn-delete', 'DEL', 'X.680 §41', 'SubjectValueInvalid', commonName(after('n1\x7f'))),
  trap('subject-cn-c1', 'a C1 control', 'X.680 §41', 'SubjectValueInvalid', commonName(after('n1\u0085'))),
  trap(
    'subject-cn-bidi',
    'a bidi override',
    'Unicode UAX 9',
    'SubjectValueInvalid',
    commonName(after('n1\u202e2n')),
  ),
  trap(
    'subject-cn-zero-width',
    'a zero-width space',
    'Unicode §23.2',
    'SubjectValueInvalid',
    commonName(after('n1\u200b')),
  ),
  trap(
    'subject-cn-bom',
    'a byte order mark',
    'Unicode §23.8',
    'SubjectValueInvalid',
    commonName(utf8('\ufeffsystem:node:n1')),
  ),
  trap(
    'subject-cn-line-separator',
    'a line separator',
    'Unicode §5.8',
    'SubjectValueInvalid',
    commonName(after('n1\u2028')),
  ),
  trap(
    'subject-cn-noncharacter',
    'a noncharacter',
    'Unicode §23.7',
    'SubjectValueInvalid',
    commonName(after('n1\uffff')),
  ),
  trap(
    'subject-cn-language-tag',
    'an invisible tag character',
    'Unicode §23.9',
    'SubjectValueInvalid',
    commonName(after('n1\u{e0041}')),
  ),
  trap(
    'subject-cn-printable-at',
    '@ in a PrintableString',
    'X.680 §41.4',
    'SubjectValueInvalid',
    commonName(after('n@1'), 'printableString'),
  ),
  trap(
    'subject-cn-printable-asterisk',
    '* in a PrintableString, which Go takes',
    'X.680 §41.4',
    'SubjectValueInvalid',
    commonName(after('*'), 'printableString'),
  ),
  trap(
    'subject-cn-printable-ampersand',
    '& in a PrintableString, which Go takes',
    'X.680 §41.4',
    'SubjectValueInvalid',
    commonName(after('a&b'), 'printableString'),
  ),
  trap(
    'subject-cn-printable-underscore',
    '_ in a PrintableString',
    'X.680 §41.4',
    'SubjectValueInvalid',
    commonName(after('n_1'), 'printableString'),
  ),
  trap(
    'subject-cn-printable-nul',
    'a NUL in a PrintableString',
    'X.680 §41.4',
    'SubjectValueInvalid',
    commonName(after('n1\0'), 'printableString'),
  ),
  trap(
    'subject-cn-printable-high',
    'a byte above 7F in a PrintableString',
    'X.680 §41.4',
    'SubjectValueInvalid',
    commonName(latin1('n\xf61'), 'printableString'),
  ),
  trap(
    'subject-cn-empty',
    'an empty CN',
    'X.520 §6.2 (SIZE 1..)',
    'SubjectValueEmpty',
    commonName(bytes(), 'printableString'),
  ),
  trap('subject-o-empty', 'an empty O', 'X.520 §6.2 (SIZE 1..)', 'SubjectValueEmpty', {
    subject: [rdn(OID.organization, string('utf8String', '')), cn],
  }),
  trap(
    'subject-cn-long',
    'a CN one character too long',
    'DNS-1123 subdomain',
    'SubjectValueTooLong',
    commonName(after('a'.repeat(254))),
  ),
  trap('subject-o-long', 'an O of 5000 characters', 'X.520 §6.4.1', 'SubjectValueTooLong', {
    subject: [rdn(OID.organization, 'x'.repeat(5000)), cn],
  }),
  trap('subject-value-missing', 'an attribute without a value', NAME, 'DERElementMissing', {
    subject: [o, set(sequence(string('printableString', '').slice(0, 0)))],
  }),
];
