import { attribute, extension, extensionRequest, OID, subjectAltName } from '../../support/csr.ts';
import {
  boolean,
  bytes,
  context,
  explicit,
  latin1,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  string,
  TAG,
  tlv,
} from '../../support/der.ts';
import { trap, type Trap } from '../trap.ts';

const ATTRIBUTES = 'RFC 2986 §4.1';
const MERGED = 'RFC 2986 §4.1; Go merges extensionRequests, others read the first';
const SINGLE = 'RFC 2985 §5.4.2 (SINGLE VALUE TRUE); Go reads the first';
const EXTENSIONS = 'RFC 5280 §4.2; the signer drops it';

const names = (...dns: readonly string[]): Uint8Array =>
  sequence(...dns.map((name) => context(2, latin1(name))));
const san = (...dns: readonly string[]): Uint8Array => extension(OID.subjectAltName, names(...dns));
const own = extensionRequest(subjectAltName(context(2, latin1('n1')), context(7, bytes(10, 0, 0, 1))));
const others = extensionRequest(san('kubernetes'));
const critical = (value: Uint8Array): Uint8Array =>
  sequence(oid(OID.subjectAltName), value, octetString(names('n1')));
const basicConstraints = extension(OID.basicConstraints, sequence(boolean(true)), true);
const keyUsage = extension(OID.keyUsage, tlv(TAG.bitString, bytes(5, 0xa0)), true);

/** What is asked for besides the subject: one extensionRequest, in it one subjectAltName. */
export const attributes: readonly Trap[] = [
  trap('attribute-request-twice', 'two extensionRequests with names in each', MERGED, 'AttributesNotSingle', {
    attributes: [own, others],
  }),
  trap('attribute-request-twice-swapped', 'the same, the other first', MERGED, 'AttributesNotSingle', {
    attributes: [others, own],
  }),
  trap(
    'attribute-request-twice-disjoint',
    'two extensionRequests, names in the second only',
    MERGED,
    ['AttributesNotSingle', 'ExtensionUnknown'],
    {
      attributes: [extensionRequest(basicConstraints), own],
    },
  ),
  trap(
    'attribute-request-empty-then-good',
    'an extensionRequest without values, which Go skips, then another',
    MERGED,
    ['AttributeValuesNotSingle', 'AttributesNotSingle'],
    {
      attributes: [attribute(OID.extensionRequest), own],
    },
  ),
  trap(
    'attribute-request-broken-then-good',
    'an extensionRequest that does not parse, which Go skips, then another',
    MERGED,
    ['DERTagUnexpected', 'AttributesNotSingle'],
    {
      attributes: [sequence(oid(OID.extensionRequest), octetString(names('n2'))), own],
    },
  ),
  trap(
    'attribute-good-then-broken',
    'the same, the other way round',
    MERGED,
    ['DERTagUnexpected', 'AttributesNotSingle'],
    {
      attributes: [own, sequence(oid(OID.extensionRequest), octetString(names('n2')))],
    },
  ),
  trap('attribute-values-two', 'two values in one extensionRequest', SINGLE, 'AttributeValuesNotSingle', {
    attributes: [attribute(OID.extensionRequest, sequence(san('n1')), sequence(san('kubernetes')))],
  }),
  trap('attribute-values-none', 'an extensionRequest without a value', SINGLE, 'AttributeValuesNotSingle', {
    attributes: [attribute(OID.extensionRequest)],
  }),
  trap('attribute-value-null', 'NULL as value', SINGLE, 'DERTagUnexpected', {
    attributes: [attribute(OID.extensionRequest, nullValue())],
  }),
  trap('attribute-values-sequence', 'values in a SEQUENCE', ATTRIBUTES, 'DERTagUnexpected', {
    attributes: [sequence(oid(OID.extensionRequest), sequence(sequence(san('n1'))))],
  }),
  trap(
    'attribute-microsoft',
    "Microsoft's extensionRequest",
    'MS-WCCE §2.2.2.7.7.1; Go ignores it',
    'AttributeUnknown',
    {
      attributes: [attribute(OID.microsoftExtensionRequest, sequence(san('n1')))],
    },
  ),
  trap(
    'attribute-microsoft-beside',
    "Microsoft's extensionRequest after the real one",
    'MS-WCCE §2.2.2.7.7.1',
    'AttributeUnknown',
    {
      attributes: [own, attribute(OID.microsoftExtensionRequest, sequence(san('kubernetes')))],
    },
  ),
  trap(
    'attribute-microsoft-before',
    'the same before the real one',
    'MS-WCCE §2.2.2.7.7.1',
    'AttributeUnknown',
    {
      attributes: [attribute(OID.microsoftExtensionRequest, sequence(san('kubernetes'))), own],
    },
  ),
  trap('attribute-challenge-password', 'a challengePassword', 'RFC 2985 §5.4.1', 'AttributeUnknown', {
    attributes: [own, attribute(OID.challengePassword, string('utf8String', 'secret'))],
  }),
  trap(
    'attribute-challenge-password-only',
    'a challengePassword and nothing else',
    'RFC 2985 §5.4.1',
    'AttributeUnknown',
    {
      attributes: [attribute(OID.challengePassword, string('utf8String', 'secret'))],
    },
  ),
  trap('attribute-unstructured-name', 'an unstructuredName', 'RFC 2985 §5.4.3', 'AttributeUnknown', {
    attributes: [own, attribute('1.2.840.113549.1.9.2', string('utf8String', 'x'))],
  }),
  trap('attribute-unknown', 'an unknown attribute', ATTRIBUTES, 'AttributeUnknown', {
    attributes: [own, attribute('1.2.3.4', nullValue())],
  }),
  trap('attribute-nested', 'an unknown attribute, a thousand deep', ATTRIBUTES, 'AttributeUnknown', {
    attributes: [own, attribute('1.2.3.4', nested(1000))],
  }),
  trap('attribute-not-sequence', 'an attribute that is no SEQUENCE', ATTRIBUTES, 'DERTagUnexpected', {
    attributes: [own, nullValue()],
  }),
  trap('attribute-extensions-bare', 'extensions without their attribute', ATTRIBUTES, 'DERTagUnexpected', {
    attributes: [sequence(san('n1'))],
  }),
  trap(
    'attribute-extensions-tagged',
    'extensions as in a certificate, [3]',
    'RFC 5280 §4.1',
    'DERTagUnexpected',
    { attributesElement: explicit(3, sequence(san('n1'))) },
  ),

  trap(
    'extension-none',
    'an extensionRequest without extensions',
    'RFC 5280 §4.1 (SIZE 1..MAX)',
    'ExtensionsNotSingle',
    { extensions: [] },
  ),
  trap('extension-names-twice', 'subjectAltName twice', 'RFC 5280 §4.2', 'ExtensionsNotSingle', {
    extensions: [san('n1'), san('kubernetes')],
  }),
  trap('extension-basic-constraints', 'CA:TRUE beside the names', EXTENSIONS, 'ExtensionUnknown', {
    extensions: [san('n1'), basicConstraints],
  }),
  trap('extension-basic-constraints-first', 'the same before the names', EXTENSIONS, 'ExtensionUnknown', {
    extensions: [basicConstraints, san('n1')],
  }),
  trap(
    'extension-key-usage',
    'keyUsage beside the names, as openssl likes to write',
    EXTENSIONS,
    'ExtensionUnknown',
    { extensions: [keyUsage, san('n1')] },
  ),
  trap('extension-extended-key-usage', 'clientAuth', EXTENSIONS, 'ExtensionUnknown', {
    extensions: [san('n1'), extension(OID.extendedKeyUsage, sequence(oid('1.3.6.1.5.5.7.3.2')))],
  }),
  trap('extension-issuer-alt-name', 'issuerAltName', EXTENSIONS, 'ExtensionUnknown', {
    extensions: [extension('2.5.29.18', names('n1'))],
  }),
  trap('extension-name-constraints', 'nameConstraints', EXTENSIONS, 'ExtensionUnknown', {
    extensions: [san('n1'), extension('2.5.29.30', sequence())],
  }),
  trap('extension-unknown', 'an unknown extension', EXTENSIONS, 'ExtensionUnknown', {
    extensions: [san('n1'), extension('1.2.3.4', nullValue())],
  }),
  trap('extension-netscape-names', "Netscape's server name", EXTENSIONS, 'ExtensionUnknown', {
    extensions: [san('n1'), extension('2.16.840.1.113730.1.12', string('ia5String', 'kubernetes'))],
  }),
  trap('extension-critical', 'critical names', 'RFC 5280 §4.2.1.6', 'ExtensionCritical', {
    extensions: [extension(OID.subjectAltName, names('n1'), true)],
  }),
  trap(
    'extension-critical-false',
    'critical, written out as FALSE',
    'X.690 §11.5',
    'DERBooleanNotCanonical',
    { extensions: [critical(boolean(false))] },
  ),
  trap('extension-critical-01', 'critical as 01', 'X.690 §11.1', 'DERBooleanNotCanonical', {
    extensions: [critical(tlv(TAG.boolean, bytes(1)))],
  }),
  trap('extension-critical-empty', 'critical without content', 'X.690 §8.2.1', 'DERBooleanNotCanonical', {
    extensions: [critical(tlv(TAG.boolean, bytes()))],
  }),
  trap('extension-value-empty', 'an empty extension value', 'RFC 5280 §4.2.1.6', 'DERElementMissing', {
    sanValue: bytes(),
  }),
  trap('extension-value-missing', 'no extension value', 'RFC 5280 §4.1', 'DERElementMissing', {
    extensions: [sequence(oid(OID.subjectAltName))],
  }),
  trap('extension-value-bare', 'names without their OCTET STRING', 'RFC 5280 §4.1', 'DERTagUnexpected', {
    extensions: [sequence(oid(OID.subjectAltName), names('n1'))],
  }),
  trap('extension-value-twice-wrapped', 'names in two OCTET STRINGs', 'RFC 5280 §4.1', 'DERTagUnexpected', {
    sanValue: octetString(names('n1')),
  }),
  trap('extension-value-set', 'names in a SET', 'RFC 5280 §4.2.1.6', 'DERTagUnexpected', {
    sanValue: set(context(2, latin1('n1'))),
  }),
  trap('extension-value-one-name', 'a name without its SEQUENCE', 'RFC 5280 §4.2.1.6', 'DERTagUnexpected', {
    sanValue: context(2, latin1('n1')),
  }),
];

function nested(depth: number): Uint8Array {
  let inner = nullValue();
  for (let i = 0; i < depth; i += 1) inner = sequence(inner);
  return inner;
}
