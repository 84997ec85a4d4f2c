import { attribute, attributeValue, buildCSR, extension, OID, rdn } from '../../support/csr.ts';
import { testKey } from '../../support/csr-keys.ts';
import {
  bitString,
  bytes,
  concat,
  context,
  explicit,
  hex,
  integer,
  latin1,
  nullValue,
  octetString,
  oid,
  relength,
  sequence,
  set,
  string,
  TAG,
  tlv,
  type LengthForm,
} from '../../support/der.ts';
import { trap, type Trap } from '../trap.ts';
import { shiftedBy4 } from './ecdsa.ts';

const LENGTH = 'X.690 §10.1';
const STRINGS = 'X.690 §10.2';
const SEQUENCE = 'RFC 2986 §4';

const o = rdn(OID.organization, 'system:nodes');
const cn = rdn(OID.commonName, 'system:node:n1');
const names = sequence(context(2, latin1('n1')), context(7, bytes(10, 0, 0, 1)));
const san = extension(OID.subjectAltName, names);
const requested = attribute(OID.extensionRequest, sequence(san));
const { spki } = testKey('P-256');
const ecdsa = sequence(oid('1.2.840.10045.4.3.2'));
const long: LengthForm = { octets: 3 };

/** The same element at each level, so that no level is forgotten. */
function atEachLevel(
  name: string,
  bends: string,
  clause: string,
  code: 'DERLengthIndefinite' | 'DERLengthNotMinimal',
  form: LengthForm,
): Trap[] {
  const change = (element: Uint8Array): Uint8Array => relength(element, form);
  const at = (level: string, spec: Parameters<typeof trap>[4]): Trap =>
    trap(`${name}-${level}`, `${bends}: ${level}`, clause, code, spec);
  return [
    at('request', { der: ({ info, algorithm, signature }) => change(sequence(info, algorithm, signature)) }),
    at('info', { info: change(sequence(integer(0), sequence(o, cn), spki, explicit(0, requested))) }),
    at('version', { version: change(integer(0)) }),
    at('subject', { subject: change(sequence(o, cn)) }),
    at('rdn', { subject: [o, change(cn)] }),
    at('attribute-type-and-value', {
      subject: [o, set(change(attributeValue(OID.commonName, 'system:node:n1')))],
    }),
    at('common-name', {
      subject: [o, rdn(OID.commonName, change(string('printableString', 'system:node:n1')))],
    }),
    at('spki', { spki: change(spki) }),
    at('attributes', { attributesElement: change(explicit(0, requested)) }),
    at('attribute', { attributes: [change(requested)] }),
    at('values', { attributes: [sequence(oid(OID.extensionRequest), change(set(sequence(san))))] }),
    at('extensions', { attributes: [attribute(OID.extensionRequest, change(sequence(san)))] }),
    at('extension', { extensions: [change(san)] }),
    at('extension-value', {
      extensions: [sequence(oid(OID.subjectAltName), change(octetString(names)))],
    }),
    at('names', { sanValue: change(names) }),
    at('name', { generalNames: [change(context(2, latin1('n1')))] }),
    at('signature-algorithm', { signatureAlgorithm: change(ecdsa) }),
    at('signature', {
      der: ({ info, algorithm, signature }) => sequence(info, algorithm, change(signature)),
    }),
  ];
}

/** BER where DER is demanded, and bytes left over (X.690 §10, §11). */
export const der: readonly Trap[] = [
  ...atEachLevel('ber-indefinite', 'an indefinite length', LENGTH, 'DERLengthIndefinite', 'indefinite'),
  ...atEachLevel('ber-long-length', 'a length in three octets', LENGTH, 'DERLengthNotMinimal', long),

  trap('der-empty', 'an empty SEQUENCE', SEQUENCE, 'DERElementMissing', { der: () => sequence() }),
  trap('der-set', 'SET in the place of SEQUENCE', SEQUENCE, 'DERTagUnexpected', {
    der: ({ info, algorithm, signature }) => set(info, algorithm, signature),
  }),
  trap(
    'der-certificate',
    'an algorithm where the request information belongs',
    SEQUENCE,
    ['DERTagUnexpected', 'DERElementMissing'],
    {
      der: ({ info, algorithm, signature }) => sequence(algorithm, info, signature),
    },
  ),
  trap('der-cut', 'the last byte cut off', 'X.690 §8.1.3', 'DERTruncated', {
    der: (parts) => sequence(parts.info, parts.algorithm, parts.signature).slice(0, -1),
  }),
  trap('der-half', 'half of the request', 'X.690 §8.1.3', 'DERTruncated', {
    der: (parts) => sequence(parts.info, parts.algorithm, parts.signature).slice(0, 120),
  }),
  trap('der-length-beyond', 'a length of 2^32', 'X.690 §8.1.3', 'DERTruncated', {
    der: (parts) => tlv(TAG.sequence, parts.info, { raw: hex('850100000000') }),
  }),
  trap(
    'der-length-126-octets',
    'a length in 126 octets',
    'X.690 §8.1.3.5',
    ['DERTruncated', 'DERLengthNotMinimal'],
    {
      der: (parts) =>
        tlv(TAG.sequence, parts.info, { raw: concat(bytes(0xfe), new Uint8Array(125), bytes(9)) }),
    },
  ),
  trap(
    'der-length-reserved',
    'the length octet FF',
    'X.690 §8.1.3.5',
    ['DERTruncated', 'DERLengthNotMinimal'],
    {
      der: (parts) => tlv(TAG.sequence, parts.info, { raw: bytes(0xff) }),
    },
  ),
  trap('der-high-tag', 'a tag number below 31 in the long form', 'X.690 §8.1.2.4', 'DERTagUnexpected', {
    version: tlv(bytes(0x1f, 0x02), bytes(0)),
  }),
  trap(
    'der-length-overlaps',
    'a CN that claims a byte of what follows',
    'X.690 §8.1.3',
    ['DERTruncated', 'DERTagUnexpected'],
    {
      subject: [
        o,
        rdn(OID.commonName, tlv(TAG.printableString, latin1('system:node:n1'), { raw: bytes(15) })),
      ],
    },
  ),

  trap('der-trailing-request', 'a byte after the request', SEQUENCE, 'DERTrailingData', {
    der: ({ info, algorithm, signature }) => concat(sequence(info, algorithm, signature), bytes(0)),
  }),
  trap('der-trailing-second-request', 'a second request after the first', SEQUENCE, 'DERTrailingData', {
    der: ({ info, algorithm, signature }) =>
      concat(sequence(info, algorithm, signature), buildCSR({ node: 'n2' }).der),
  }),
  trap('der-surplus-request', 'a fourth element', SEQUENCE, 'DERTrailingData', { surplus: [nullValue()] }),
  trap('der-surplus-info', 'a fifth element inside the signed part', SEQUENCE, 'DERTrailingData', {
    infoSurplus: [nullValue()],
  }),
  trap('der-surplus-attributes-twice', 'a second attributes block', 'RFC 2986 §4.1', 'DERTrailingData', {
    infoSurplus: [explicit(0, requested)],
  }),
  trap('der-surplus-attribute-value', 'a third element beside a CN', 'RFC 5280 §4.1.2.4', 'DERTrailingData', {
    subject: [
      o,
      set(sequence(oid(OID.commonName), string('printableString', 'system:node:n1'), nullValue())),
    ],
  }),
  trap('der-surplus-spki', 'a third element in the public key', 'RFC 5280 §4.1', 'DERTrailingData', {
    spki: sequence(...splitSpki(), nullValue()),
  }),
  trap(
    'der-surplus-key-algorithm',
    'a third element in the key algorithm',
    'RFC 5280 §4.1.1.2',
    'DERTrailingData',
    {
      spki: sequence(
        sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'), nullValue()),
        ...splitSpki().slice(1),
      ),
    },
  ),
  trap('der-surplus-attribute', 'a third element in the attribute', 'RFC 2986 §4.1', 'DERTrailingData', {
    attributes: [sequence(oid(OID.extensionRequest), set(sequence(san)), nullValue())],
  }),
  trap('der-surplus-extension', 'a fourth element in the extension', 'RFC 5280 §4.1', 'DERTrailingData', {
    extensions: [sequence(oid(OID.subjectAltName), octetString(names), nullValue())],
  }),
  trap(
    'der-trailing-names',
    'a byte after the names',
    'RFC 5280 §4.2.1.6; Go ignores it',
    'DERTrailingData',
    {
      sanValue: concat(names, bytes(0)),
    },
  ),
  trap(
    'der-trailing-second-names',
    'a second list of names after the first',
    'RFC 5280 §4.2.1.6',
    'DERTrailingData',
    {
      sanValue: concat(names, sequence(context(2, latin1('kubernetes')))),
    },
  ),
  trap(
    'der-surplus-signature-algorithm',
    'a second parameter',
    'RFC 5280 §4.1.1.2',
    ['SignatureParametersInvalid', 'DERTrailingData'],
    {
      signatureAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), nullValue(), nullValue()),
    },
  ),
  trap('der-surplus-unknown-info', 'a private element inside the signed part', SEQUENCE, 'DERTrailingData', {
    infoSurplus: [tlv(0xc5, latin1('hidden'))],
  }),

  trap('der-constructed-string', 'a CN in two parts', STRINGS, ['SubjectStringType', 'DERTagUnexpected'], {
    subject: [
      o,
      rdn(
        OID.commonName,
        tlv(0x33, [string('printableString', 'system:node:'), string('printableString', 'n1')]),
      ),
    ],
  }),
  trap('der-constructed-octets', 'an extension value in two parts', STRINGS, 'DERTagUnexpected', {
    extensions: [
      sequence(
        oid(OID.subjectAltName),
        tlv(0x24, [octetString(names.slice(0, 4)), octetString(names.slice(4))]),
      ),
    ],
  }),
  trap('der-constructed-signature', 'a signature in parts', STRINGS, 'DERTagUnexpected', {
    der: ({ info, algorithm, signature }) => sequence(info, algorithm, tlv(0x23, signature)),
  }),
  trap('der-constructed-spki', 'a public key in parts', STRINGS, 'DERTagUnexpected', {
    spki: sequence(...splitSpki().slice(0, 1), tlv(0x23, splitSpki()[1] ?? bytes())),
  }),
  trap(
    'der-oid-padded',
    'an object identifier with a needless octet',
    'X.690 §8.19.2',
    'DERObjectIdentifierInvalid',
    {
      subject: [
        o,
        set(sequence(tlv(TAG.oid, hex('5580 04 03')), string('printableString', 'system:node:n1'))),
      ],
    },
  ),
  trap('der-oid-cut', 'an object identifier that is cut off', 'X.690 §8.19.2', 'DERObjectIdentifierInvalid', {
    subject: [o, set(sequence(tlv(TAG.oid, hex('550483')), string('printableString', 'system:node:n1')))],
  }),
  trap('der-oid-empty', 'an empty object identifier', 'X.690 §8.19.2', 'DERObjectIdentifierInvalid', {
    subject: [o, set(sequence(tlv(TAG.oid, bytes()), string('printableString', 'system:node:n1')))],
  }),
  trap(
    'der-oid-wraps-32',
    'an arc of 2^32 + 3, which is 3 in 32 bits',
    'X.690 §8.19',
    'DERObjectIdentifierInvalid',
    {
      subject: [o, rdn('2.5.4.4294967299', 'system:node:n1')],
    },
  ),
  trap('der-oid-wraps-64', 'an arc of 2^64 + 17', 'X.690 §8.19', 'DERObjectIdentifierInvalid', {
    extensions: [extension('2.5.29.18446744073709551633', names)],
  }),
  trap(
    'der-bit-string-unused',
    'four unused bits in the public key, which Go shifts out',
    'X.690 §8.6.2',
    'DERBitStringNotCanonical',
    {
      // An uncompressed point begins with 04: its first four bits are zero.
      spki: sequence(splitSpki()[0], bitString(shiftedBy4(spki.slice(-65)), 4)),
    },
  ),
  trap('der-bit-string-empty', 'a BIT STRING without content', 'X.690 §8.6.2', 'DERBitStringNotCanonical', {
    der: ({ info, algorithm }) => sequence(info, algorithm, tlv(TAG.bitString, bytes())),
  }),
  trap('der-version-missing', 'no version', 'RFC 2986 §4.1', 'DERTagUnexpected', { version: bytes() }),
  trap('der-subject-missing', 'no subject', 'RFC 2986 §4.1', ['DERTagUnexpected', 'SubjectNotSingle'], {
    subject: bytes(),
  }),
  trap('der-spki-missing', 'no public key', 'RFC 2986 §4.1', 'DERTagUnexpected', { spki: bytes() }),
  trap('der-attributes-missing', 'no attributes', 'RFC 2986 §4.1', 'DERElementMissing', {
    attributesElement: bytes(),
  }),
  trap('der-attributes-as-set', 'the attributes as SET, not [0]', 'RFC 2986 §4.1', 'DERTagUnexpected', {
    attributesElement: set(requested),
  }),
  trap('der-attributes-as-1', 'the attributes as [1]', 'RFC 2986 §4.1', 'DERTagUnexpected', {
    attributesElement: explicit(1, requested),
  }),
  trap('der-attributes-explicit', 'the attributes as [0] EXPLICIT', 'RFC 2986 §4.1', 'DERTagUnexpected', {
    attributesElement: explicit(0, set(requested)),
  }),
  trap('der-version-1', 'version 1', 'RFC 2986 §4.1; Go does not look', 'VersionNotZero', { version: 1 }),
  trap('der-version-2', 'version 2', 'RFC 2986 §4.1', 'VersionNotZero', { version: 2 }),
  trap('der-version-negative', 'version -1', 'RFC 2986 §4.1', 'VersionNotZero', { version: -1 }),
  trap('der-version-large', 'version 2^40', 'RFC 2986 §4.1', 'VersionNotZero', { version: 2n ** 40n }),
  trap('der-version-padded', 'version 0 in two octets', 'X.690 §8.3.2', 'DERIntegerNotMinimal', {
    version: tlv(TAG.integer, bytes(0, 0)),
  }),
  trap('der-version-empty', 'version without octets', 'X.690 §8.3.1', 'DERIntegerNotMinimal', {
    version: tlv(TAG.integer, bytes()),
  }),
  trap('der-version-enumerated', 'ENUMERATED version', 'RFC 2986 §4.1', 'DERTagUnexpected', {
    version: tlv(0x0a, bytes(0)),
  }),
];

/** Algorithm and key of the kubelet's SubjectPublicKeyInfo, as elements. */
function splitSpki(): [Uint8Array, Uint8Array] {
  const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
  return [algorithm, spki.slice(2 + algorithm.length)];
}
