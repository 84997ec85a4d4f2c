import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import type { RefusalCode } from '../../../src/csr/refusals.ts';
import {
  attribute,
  attributeValue,
  buildCSR,
  type CSRSpec,
  extensionRequest,
  generalName,
  OID,
  rdn,
  subjectAltName,
} from '../../support/csr.ts';
import { rsaSpki, testKey } from '../../support/csr-keys.ts';
import {
  bitString,
  bytes,
  context,
  hex,
  integer,
  latin1,
  nullValue,
  oid,
  sequence,
  set,
  string,
  tlv,
} from '../../support/der.ts';

const O = rdn(OID.organization, 'system:nodes');
const CN = rdn(OID.commonName, 'system:node:n1');
const san = subjectAltName(generalName.dns('n1'));
const EC = oid('1.2.840.10045.2.1');
const P256 = oid('1.2.840.10045.3.1.7');
const RSA = oid('1.2.840.113549.1.1.1');
const ED = oid('1.3.101.112');
const spki = (algorithm: readonly Uint8Array[], key: Uint8Array): CSRSpec => ({
  spki: sequence(sequence(...algorithm), bitString(key)),
});
const ofType = (content: string): CSRSpec => ({ attributes: [sequence(tlv(6, hex(content)))] });
const rawPoint = testKey('P-256').spki.slice(-65);
const ff = (count: number): string => 'ff'.repeat(count);

type Row = readonly [name: string, code: RefusalCode, detail: string, change: CSRSpec];

/** What a refusal says beside its code: what was met, and where. */
const rows: readonly Row[] = [
  ['16385 bytes', 'CSRTooLarge', '16385 bytes', { pem: () => 'A'.repeat(16_385) }],
  ['a line before', 'PEMNotCanonical', 'bytes before the block', { pem: (text) => `\n${text}` }],
  [
    'a blank after the label',
    'PEMNotCanonical',
    'first or last line',
    { pem: (text) => text.replace('\n', ' \n') },
  ],
  ['no line feed at the end', 'PEMNotCanonical', 'first or last line', { pem: (text) => text.trimEnd() }],
  ['a blank line', 'PEMNotCanonical', 'base64', { pem: (text) => text.replace('\n', '\n\n') }],

  ['no bytes', 'DERElementMissing', 'request', { der: () => bytes() }],
  ['an empty request', 'DERElementMissing', 'request', { der: () => hex('3000') }],
  ['an empty request info', 'DERElementMissing', 'request info', { info: hex('3000') }],
  ['three bytes after it', 'DERTrailingData', 'request: 3 bytes', { surplus: [hex('040100')] }],
  ['a low tag', 'DERTagUnexpected', 'request info: 04 where 02 belongs', { version: hex('0400') }],

  [
    'an RDN that is a SEQUENCE',
    'DERTagUnexpected',
    'subject: 30 where 31 belongs',
    { subject: [sequence()] },
  ],
  ['an empty RDN', 'SubjectRDNMultiValued', 'empty', { subject: [O, CN, set()] }],
  [
    'a SET in an RDN',
    'DERTagUnexpected',
    'relative distinguished name: 31 where 30 belongs',
    { subject: [set(set())] },
  ],
  ['no type', 'DERElementMissing', 'subject attribute', { subject: [set(sequence())] }],
  ['OU', 'SubjectAttributeUnknown', '2.5.4.11', { subject: [O, CN, rdn(OID.organizationalUnit, 'x')] }],
  ['CN as IA5String', 'SubjectStringType', 'tag 22', { subject: [rdn(OID.commonName, 'n', 'ia5String')] }],
  ['266 bytes', 'SubjectValueTooLong', '266 bytes', { node: 'n'.repeat(254), dns: [] }],
  ['CN twice', 'SubjectNotSingle', '2.5.4.3 repeated', { subject: [O, CN, CN] }],
  ['O twice', 'SubjectNotSingle', '2.5.4.10 repeated', { subject: [O, O, CN] }],
  ['no CN', 'SubjectNotSingle', 'no commonName', { subject: [O] }],
  ['no O', 'SubjectNotSingle', 'no organizationName', { subject: [CN] }],
  [
    'two attributes in an RDN',
    'SubjectRDNMultiValued',
    '',
    { subject: [set(attributeValue(OID.commonName, 'a'), attributeValue(OID.organization, 'b'))] },
  ],

  ['no key', 'DERElementMissing', 'public key', { spki: sequence(sequence(EC, P256)) }],
  ['no kind of key', 'DERElementMissing', 'public key algorithm', spki([], rawPoint)],
  ['Ed448', 'KeyAlgorithmNotAllowed', '1.3.101.113', spki([oid('1.3.101.113')], bytes(1))],
  ['no curve', 'KeyParametersInvalid', 'ECDSA wants a named curve', spki([EC], rawPoint)],
  ['P-224', 'KeyCurveNotAllowed', '1.3.132.0.33', { key: 'P-224' }],
  ['a point cut off', 'KeyPointInvalid', 'not uncompressed', spki([EC, P256], rawPoint.slice(0, -1))],
  [
    'a point too long',
    'KeyPointInvalid',
    'not uncompressed',
    spki([EC, P256], new Uint8Array([...rawPoint, 0])),
  ],
  [
    'a point beside the curve',
    'KeyPointInvalid',
    'not on the curve',
    spki([EC, P256], rawPoint.with(64, (rawPoint[64] ?? 0) ^ 1)),
  ],
  ['RSA without NULL', 'KeyParametersInvalid', 'RSA wants NULL', spki([RSA], bytes())],
  ['NULL with content', 'KeyParametersInvalid', 'NULL with content', spki([RSA, hex('050100')], bytes())],
  ['RSA of no bytes', 'DERElementMissing', 'RSA key', spki([RSA, nullValue()], bytes())],
  ['no exponent', 'DERElementMissing', 'RSA key', spki([RSA, nullValue()], sequence(integer(3)))],
  ['2047 bits', 'KeySizeNotAllowed', '2047 bits', { spki: rsaSpki(2n ** 2047n - 1n, 65537n) }],
  ['Ed25519 with NULL', 'KeyParametersInvalid', 'Ed25519 wants none', spki([ED, nullValue()], bytes())],
  ['31 bytes of Ed25519', 'KeyPointInvalid', '31 bytes', spki([ED], new Uint8Array(31).fill(9))],
  ['y = 2^255 - 19', 'KeyPointInvalid', 'not reduced', spki([ED], hex(`ed${ff(30)}7f`))],
  ['y = 2^255 - 20', 'KeyPointInvalid', 'small order', spki([ED], hex(`ec${ff(30)}7f`))],

  [
    'an attribute that is a SET',
    'DERTagUnexpected',
    'attributes: 31 where 30 belongs',
    { attributes: [set()] },
  ],
  ['an empty attribute', 'DERElementMissing', 'attribute', { attributes: [sequence()] }],
  [
    'an empty attribute after it',
    'DERElementMissing',
    'attribute',
    { attributes: [extensionRequest(san), sequence()] },
  ],
  ['a type of 33 octets', 'DERObjectIdentifierInvalid', 'too long', ofType('2a'.repeat(33))],
  ['a type with a padded arc', 'DERObjectIdentifierInvalid', 'padded arc', ofType('2a8001')],
  ['a type beyond 31 bits', 'DERObjectIdentifierInvalid', 'arc too large', ofType('2a8880808000')],
  ['a type cut off', 'DERObjectIdentifierInvalid', 'cut off or empty', ofType('2a81')],
  ['an attribute unknown', 'AttributeUnknown', '1.2.3', { attributes: [attribute('1.2.3')] }],
  ['no value', 'AttributeValuesNotSingle', 'none', { attributes: [attribute(OID.extensionRequest)] }],
  [
    'a value that is NULL',
    'DERTagUnexpected',
    'extensionRequest values: 05 where 30 belongs',
    { attributes: [attribute(OID.extensionRequest, nullValue())] },
  ],
  [
    'two values',
    'AttributeValuesNotSingle',
    '',
    { attributes: [attribute(OID.extensionRequest, sequence(san), sequence(san))] },
  ],
  ['no extension', 'ExtensionsNotSingle', 'none', { extensions: [] }],
  ['subjectAltName twice', 'ExtensionsNotSingle', 'repeated', { extensions: [san, san] }],
  [
    'an extension that is a SET',
    'DERTagUnexpected',
    'extensions: 31 where 30 belongs',
    { extensions: [set()] },
  ],
  ['an empty extension', 'DERElementMissing', 'extension', { extensions: [sequence()] }],
  ['an empty extension after it', 'DERElementMissing', 'extension', { extensions: [san, sequence()] }],
  ['a value of no bytes', 'DERElementMissing', 'subjectAltName value', { sanValue: bytes() }],
  ['a name cut off', 'DERTruncated', 'general names', { sanValue: sequence(hex('8203')) }],

  ['65 names', 'SANsTooMany', 'more than 64', { dns: Array.from({ length: 65 }, () => 'n') }],
  ['tag [9]', 'SANKindUnknown', 'tag 137', { generalNames: [context(9, latin1('n'))] }],
  ['5 bytes of address', 'SANAddressLength', '5 bytes', { ip: [new Uint8Array(5)] }],

  ['no signature algorithm', 'DERElementMissing', 'signature algorithm', { signatureAlgorithm: sequence() }],
  ['SHA-1', 'SignatureAlgorithmNotAllowed', '1.2.840.10045.4.1', { hash: 'sha1' }],
  [
    'NULL beside ECDSA',
    'SignatureParametersInvalid',
    'ECDSA-SHA256: NULL',
    { signatureAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), nullValue()) },
  ],
  [
    'parameters of its own',
    'SignatureParametersInvalid',
    'ECDSA-SHA256: other',
    { signatureAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), sequence()) },
  ],
  [
    'RSA without NULL',
    'SignatureParametersInvalid',
    'RSA-SHA256: absent',
    { signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.11')) },
  ],
  [
    'NULL with content beside RSA',
    'SignatureParametersInvalid',
    'NULL with content',
    { signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.11'), hex('050100')) },
  ],
  [
    'RSA beside an ECDSA key',
    'SignatureKeyMismatch',
    'RSA-SHA256 with ECDSA',
    { signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.11'), nullValue()) },
  ],
  ['no signature value', 'DERElementMissing', 'ECDSA signature', { signature: bitString(bytes()) }],
  ['no numbers', 'DERElementMissing', 'ECDSA signature', { signature: bitString(sequence()) }],
];

describe('the detail of a refusal', () => {
  test('what the rows change is accepted unchanged', () => {
    expect(decodeRequest(buildCSR().pem)).toBeDefined();
  });

  test.each(rows)('of %s: %s (%s)', (_name, code, detail, change) => {
    expect(() => decodeRequest(buildCSR(change).pem)).toThrow(expect.objectContaining({ code, detail }));
  });

  test('of what nobody expected is empty: its cause says more', () => {
    expect(() => Reflect.apply(decodeRequest, undefined, [null])).toThrow(
      expect.objectContaining({ code: 'DecoderFailed', detail: '' }),
    );
  });

  test('of a key that OpenSSL refuses has its cause', () => {
    const { pem } = buildCSR(spki([EC, P256], new Uint8Array([4, ...new Uint8Array(64)])));
    expect(() => decodeRequest(pem)).toThrow(
      expect.objectContaining({ detail: 'not on the curve', cause: expect.any(Error) }),
    );
  });

  test('never holds text of the request', () => {
    const text = 'x'.repeat(20);
    const others: CSRSpec[] = [
      { subject: [O, CN, rdn(OID.organizationalUnit, text)] },
      { subject: [O, rdn(OID.commonName, string('ia5String', text))] },
      { attributes: [attribute(OID.challengePassword, string('utf8String', text))] },
      { generalNames: [context(9, latin1(text))] },
      { uri: [`${text}?`] },
    ];
    for (const change of others) {
      expect(() => decodeRequest(buildCSR(change).pem)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(text) }),
      );
    }
  });
});
