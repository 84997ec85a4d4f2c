/** Why a decoder says no: what is wrong, by which rule, and what the sender can do. */
export interface Refusal {
  readonly meaning: string;
  readonly clause: string;
  readonly remedy: string;
}

/** For whoever builds requests by hand or with another tool than a kubelet. */
const ENCODE = 'Encode the request with a DER encoder, as kubelet and openssl do.';
const ARMOUR = 'Send the output of `openssl req` or of a kubelet unchanged, in UNIX line ends.';
const SUBJECT = 'Use the subject O=system:nodes, CN=system:node:NAME and nothing else.';
const ONLY_SANS = 'Ask for a subjectAltName extension and nothing else.';
const NAMES = 'Ask for DNS names and IP addresses only.';
const KEY = 'Use an ECDSA key on P-256, P-384 or P-521, an RSA key of 2048 to 8192 bits, or Ed25519.';
const SIGN = 'Sign with ECDSA or RSA PKCS #1 v1.5 over SHA-256, SHA-384 or SHA-512, or with Ed25519.';
const REPORT = 'Report it with the request attached: it is a fault of the decoder or an attack on it.';

const refusal = (meaning: string, clause: string, remedy: string): Refusal => ({ meaning, clause, remedy });

/** Every code there is, in the order in which the decoder comes to it. Codes never change their meaning. */
export const refusals = {
  CSRTooLarge: refusal(
    'The request has more bytes than the cap',
    'Configured limit, before RFC 7468',
    'Ask for fewer or shorter names, or raise the limit.',
  ),

  PEMMissing: refusal('There is no PEM block', 'RFC 7468 §2', ARMOUR),
  PEMNotSingle: refusal('There is more than one PEM block, or part of one', 'RFC 7468 §2', 'Send one block.'),
  PEMLabelWrong: refusal(
    'The PEM block is not a CERTIFICATE REQUEST',
    'RFC 7468 §7',
    'Send a request; `NEW CERTIFICATE REQUEST` and other labels are not read by Kubernetes.',
  ),
  PEMNotCanonical: refusal(
    'The PEM text is not the one way to write its bytes: base64 in lines of 64, line feeds, one at the end, nothing around',
    'RFC 7468 §3, stricttextualmsg',
    ARMOUR,
  ),

  DERTruncated: refusal('An element is longer than what holds it', 'X.690 §8.1.3', ENCODE),
  DERElementMissing: refusal('A required element is not there', 'RFC 2986 §4', ENCODE),
  DERTagUnexpected: refusal('An element has another tag than its place demands', 'X.690 §8.1.2', ENCODE),
  DERLengthIndefinite: refusal('A length is indefinite', 'X.690 §10.1', ENCODE),
  DERLengthNotMinimal: refusal('A length has more octets than it needs', 'X.690 §10.1', ENCODE),
  DERTrailingData: refusal('Something follows where nothing may', 'RFC 2986 §4', ENCODE),
  DERIntegerNotMinimal: refusal('An integer is empty or has needless octets', 'X.690 §8.3', ENCODE),
  DERBooleanNotCanonical: refusal(
    'A BOOLEAN is not TRUE written as FF; FALSE is the default and is left out',
    'X.690 §11.1 and §11.5',
    ENCODE,
  ),
  DERBitStringNotCanonical: refusal(
    'A bit string is empty or has unused bits',
    'X.690 §8.6 and §11.2',
    ENCODE,
  ),
  DERObjectIdentifierInvalid: refusal(
    'An object identifier is cut off, not minimal, beyond 31 bits in an arc or beyond 32 octets',
    'X.690 §8.19',
    ENCODE,
  ),

  VersionNotZero: refusal('The version is not v1(0)', 'RFC 2986 §4.1', ENCODE),

  SubjectNotSingle: refusal(
    'The subject is not exactly one organizationName and one commonName',
    'RFC 2986 §4.1; Go reads the last commonName, others the first',
    SUBJECT,
  ),
  SubjectRDNMultiValued: refusal(
    'A part of the subject does not hold exactly one attribute',
    'RFC 5280 §4.1.2.4',
    SUBJECT,
  ),
  SubjectAttributeUnknown: refusal('The subject holds another attribute', 'RFC 5280 §4.1.2.4', SUBJECT),
  SubjectStringType: refusal(
    'A subject value is neither PrintableString nor UTF8String',
    'RFC 5280 §4.1.2.4',
    SUBJECT,
  ),
  SubjectValueEmpty: refusal('A subject value is empty', 'X.520 §6.2 (SIZE 1..)', SUBJECT),
  SubjectValueTooLong: refusal(
    'A subject value is longer than system:node: and the longest node name',
    'Kubernetes: names are DNS subdomains of at most 253 characters',
    SUBJECT,
  ),
  SubjectValueInvalid: refusal(
    'A subject value has characters outside its type, or ones that cannot be seen',
    'X.680 §41.4, RFC 3629 §4',
    SUBJECT,
  ),

  KeyAlgorithmNotAllowed: refusal('The kind of key is not in the allow-table', 'RFC 5280 §4.1.2.7', KEY),
  KeyParametersInvalid: refusal(
    'The key parameters are not those of its algorithm: NULL for RSA, a named curve for ECDSA, none for Ed25519',
    'RFC 3279 §2.3.1, RFC 5480 §2.1.1, RFC 8410 §3',
    KEY,
  ),
  KeyCurveNotAllowed: refusal('The curve is not in the allow-table', 'RFC 5480 §2.1.1.1', KEY),
  KeyPointInvalid: refusal(
    'The public key is not an uncompressed point on its curve, or a point for which anyone can sign',
    'RFC 5480 §2.2, SEC 1 §2.3.4, RFC 8032 §5.1.3',
    KEY,
  ),
  KeySizeNotAllowed: refusal('The RSA modulus is smaller or larger than allowed', 'NIST SP 800-131A', KEY),
  KeyModulusInvalid: refusal('The RSA modulus is not a positive odd number', 'RFC 8017 §3.1', KEY),
  KeyExponentInvalid: refusal(
    'The RSA exponent is not an odd number from 3 to 2^31-1: with 1, anyone can sign',
    'RFC 8017 §3.1; Go crypto/rsa',
    KEY,
  ),

  AttributeUnknown: refusal('There is an attribute other than extensionRequest', 'RFC 2985 §5.4', ONLY_SANS),
  AttributesNotSingle: refusal(
    'There is more than one attribute',
    'RFC 2986 §4.1; Go merges extensionRequests, others read the first',
    ONLY_SANS,
  ),
  AttributeValuesNotSingle: refusal(
    'The extensionRequest does not have exactly one value',
    'RFC 2985 §5.4.2 (SINGLE VALUE TRUE)',
    ONLY_SANS,
  ),
  ExtensionUnknown: refusal(
    'An extension other than subjectAltName is requested',
    'RFC 5280 §4.2',
    ONLY_SANS,
  ),
  ExtensionsNotSingle: refusal('There is not exactly one requested extension', 'RFC 5280 §4.2', ONLY_SANS),
  ExtensionCritical: refusal(
    'subjectAltName is marked critical, which the certificate would not repeat',
    'RFC 5280 §4.2.1.6 (only beside an empty subject)',
    'Leave the critical flag out.',
  ),

  SANsEmpty: refusal('subjectAltName holds no name', 'RFC 5280 §4.2.1.6 (SIZE 1..MAX)', NAMES),
  SANsTooMany: refusal(
    'There are more names than the cap',
    'Configured limit, before RFC 5280 §4.2.1.6',
    'Ask for fewer names, or raise the limit.',
  ),
  SANOtherName: refusal('A name is an otherName', 'RFC 5280 §4.2.1.6', NAMES),
  SANX400Address: refusal('A name is an x400Address', 'RFC 5280 §4.2.1.6', NAMES),
  SANDirectoryName: refusal('A name is a directoryName', 'RFC 5280 §4.2.1.6', NAMES),
  SANEDIPartyName: refusal('A name is an ediPartyName', 'RFC 5280 §4.2.1.6', NAMES),
  SANRegisteredID: refusal('A name is a registeredID', 'RFC 5280 §4.2.1.6', NAMES),
  SANKindUnknown: refusal(
    'A name has a tag that GeneralName does not have, or is a string in constructed form',
    'RFC 5280 §4.2.1.6, X.690 §10.2; Go skips it',
    NAMES,
  ),
  SANTextEmpty: refusal('A name is empty', 'RFC 5280 §4.2.1.6', NAMES),
  SANTextInvalid: refusal('A name has bytes that are not visible ASCII or space', 'RFC 5280 §4.2.1.6', NAMES),
  SANURINotCanonical: refusal(
    'A URI is not of the plain form that Go writes back as it was',
    'RFC 3986 §3; Go net/url',
    NAMES,
  ),
  SANAddressLength: refusal('An IP address has neither 4 nor 16 bytes', 'RFC 5280 §4.2.1.6', NAMES),
  SANAddressEmbedsIPv4: refusal(
    'An IPv6 address is IPv4-mapped or IPv4-compatible, which parsers write in different ways',
    'RFC 4291 §2.5.5; Go copies an IPv4-mapped one as IPv4',
    'Ask for the IPv4 address in 4 bytes.',
  ),

  SignatureAlgorithmNotAllowed: refusal(
    'The signature algorithm is not in the allow-table',
    'RFC 2986 §4.2',
    SIGN,
  ),
  SignatureParametersInvalid: refusal(
    'The signature parameters are not those of its algorithm: NULL for RSA, none for the others',
    'RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3',
    SIGN,
  ),
  SignatureKeyMismatch: refusal('The signature algorithm does not fit the key', 'RFC 2986 §4.2', SIGN),
  SignatureNotCanonical: refusal(
    'The signature value is not of the one form that its algorithm has',
    'RFC 3279 §2.2.3, RFC 8017 §8.2.2, RFC 8032 §5.1.6',
    SIGN,
  ),
  SignatureInvalid: refusal('The signature does not fit the request and its key', 'RFC 2986 §4.2', SIGN),

  ParsersDisagree: refusal(
    'A second, independent parser reads the request otherwise or not at all',
    'The one-reading rule of this program',
    REPORT,
  ),
  DecoderFailed: refusal('The decoder met something it was not made for', 'Fail closed', REPORT),
} as const satisfies Readonly<Record<string, Refusal>>;

export type RefusalCode = keyof typeof refusals;

/** The table as Markdown rows: policies/README.md prints it, and a test keeps the two the same. */
export function refusalTable(): string {
  const rows = Object.entries(refusals).map(
    ([code, { meaning, clause, remedy }]) => `| \`${code}\` | ${meaning} | ${clause} | ${remedy} |`,
  );
  return ['| code | meaning | rule | remedy |', '|---|---|---|---|', ...rows].join('\n');
}
