import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../src/csr/decode.ts';
import {
  attribute,
  buildCSR,
  extension,
  extensionRequest,
  generalName,
  OID,
  subjectAltName,
} from '../../support/csr.ts';
import {
  boolean,
  bytes,
  concat,
  explicit,
  hex,
  octetString,
  oid,
  sequence,
  set,
  string,
  tlv,
} from '../../support/der.ts';
import { refusedRows } from './refused.ts';

const names = sequence(generalName.dns('n1'));
const san = subjectAltName(generalName.dns('n1'));
const other = subjectAltName(generalName.dns('n2'));
const keyUsage = extension(OID.keyUsage, hex('03020780'));
const challenge = attribute(OID.challengePassword, string('utf8String', 'x'));

describe('attributes', () => {
  refusedRows([
    ['a challengePassword after it', 'AttributeUnknown', { attributes: [extensionRequest(san), challenge] }],
    ['a challengePassword before it', 'AttributeUnknown', { attributes: [challenge, extensionRequest(san)] }],
    ['a challengePassword alone', 'AttributeUnknown', { attributes: [challenge] }],
    [
      "Microsoft's extensionRequest",
      'AttributeUnknown',
      { attributes: [attribute(OID.microsoftExtensionRequest, sequence(san))] },
    ],
    [
      'an attribute nested deep',
      'AttributeUnknown',
      { attributes: [attribute('1.2.3', sequence(sequence(names)))] },
    ],
    [
      'extensionRequest twice',
      'AttributesNotSingle',
      { attributes: [extensionRequest(san), extensionRequest(san)] },
    ],
    [
      'another extensionRequest after it',
      'AttributesNotSingle',
      { attributes: [extensionRequest(san), extensionRequest(other)] },
    ],
    [
      'an extensionRequest of no extension before it',
      'ExtensionsNotSingle',
      { attributes: [extensionRequest(), extensionRequest(san)] },
    ],
    ['no value', 'AttributeValuesNotSingle', { attributes: [attribute(OID.extensionRequest)] }],
    [
      'two values',
      'AttributeValuesNotSingle',
      { attributes: [attribute(OID.extensionRequest, sequence(san), sequence(other))] },
    ],
    [
      'values in a SEQUENCE',
      'DERTagUnexpected',
      { attributes: [sequence(oid(OID.extensionRequest), sequence(san))] },
    ],
    [
      'something after the values',
      'DERTrailingData',
      { attributes: [sequence(oid(OID.extensionRequest), set(sequence(san)), set())] },
    ],
    ['an attribute that is a SET', 'DERTagUnexpected', { attributes: [set()] }],
    [
      'an explicit SET in [0]',
      'DERTagUnexpected',
      { attributesElement: explicit(0, set(extensionRequest(san))) },
    ],
    [
      'extensions with an explicit tag',
      'DERTagUnexpected',
      { attributes: [attribute(OID.extensionRequest, explicit(0, san))] },
    ],
  ]);
});

describe('extensions', () => {
  refusedRows([
    ['none', 'ExtensionsNotSingle', { extensions: [] }],
    ['subjectAltName twice', 'ExtensionsNotSingle', { extensions: [san, san] }],
    ['another subjectAltName after it', 'ExtensionsNotSingle', { extensions: [san, other] }],
    ['keyUsage alone', 'ExtensionUnknown', { extensions: [keyUsage] }],
    ['keyUsage after it', 'ExtensionUnknown', { extensions: [san, keyUsage] }],
    ['keyUsage before it', 'ExtensionUnknown', { extensions: [keyUsage, san] }],
    [
      'CA:TRUE after it',
      'ExtensionUnknown',
      { extensions: [san, extension(OID.basicConstraints, hex('30030101ff'))] },
    ],
    ['an unknown one', 'ExtensionUnknown', { extensions: [san, extension('1.2.3', names)] }],
    ['issuerAltName instead', 'ExtensionUnknown', { extensions: [extension('2.5.29.18', names)] }],
    ['critical', 'ExtensionCritical', { extensions: [extension(OID.subjectAltName, names, true)] }],
    [
      'critical FALSE written out',
      'DERBooleanNotCanonical',
      { extensions: [sequence(oid(OID.subjectAltName), boolean(false), octetString(names))] },
    ],
    [
      'critical as 01',
      'DERBooleanNotCanonical',
      { extensions: [sequence(oid(OID.subjectAltName), hex('010101'), octetString(names))] },
    ],
    [
      'critical of two octets',
      'DERBooleanNotCanonical',
      { extensions: [sequence(oid(OID.subjectAltName), hex('0102ffff'), octetString(names))] },
    ],
    ['no value', 'DERElementMissing', { extensions: [sequence(oid(OID.subjectAltName))] }],
    ['a value of no bytes', 'DERElementMissing', { sanValue: bytes() }],
    [
      'something after the value',
      'DERTrailingData',
      { extensions: [sequence(oid(OID.subjectAltName), octetString(names), octetString(names))] },
    ],
    ['a second list of names', 'DERTrailingData', { sanValue: concat(names, names) }],
    ['a byte after the names', 'DERTrailingData', { sanValue: concat(names, bytes(0)) }],
    ['names in a SET', 'DERTagUnexpected', { sanValue: set(generalName.dns('n1')) }],
    [
      'a constructed value',
      'DERTagUnexpected',
      { extensions: [sequence(oid(OID.subjectAltName), tlv(0x24, octetString(names)))] },
    ],
    [
      'a value that is no OCTET STRING',
      'DERTagUnexpected',
      { extensions: [sequence(oid(OID.subjectAltName), names)] },
    ],
    [
      'an extension that is a SET',
      'DERTagUnexpected',
      { extensions: [set(oid(OID.subjectAltName), octetString(names))] },
    ],
  ]);
});

test('a request of no attribute has no names, as for a client certificate', () => {
  expect(decodeRequest(buildCSR({ attributes: [] }).pem).sans).toEqual({
    dns: [],
    ip: [],
    email: [],
    uri: [],
  });
});
