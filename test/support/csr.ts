import { testKey, type HashName, type KeyType, type TestKey } from './csr-keys.ts';
import {
  bitString,
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
  type StringType,
} from './der.ts';

/** Object identifiers of a kubelet's request and of those that are not one. */
export const OID = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  locality: '2.5.4.7',
  province: '2.5.4.8',
  street: '2.5.4.9',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
  extensionRequest: '1.2.840.113549.1.9.14',
  microsoftExtensionRequest: '1.3.6.1.4.1.311.2.1.14',
  challengePassword: '1.2.840.113549.1.9.7',
  subjectAltName: '2.5.29.17',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Everything may be replaced, at the level where a test bends it; what is left out is as a kubelet sends it. */
export interface CSRSpec {
  /** Names the subject's CN `system:node:<node>` and, unless `dns` says otherwise, the one dNSName. */
  readonly node?: string;
  readonly key?: KeyType | TestKey;
  readonly hash?: HashName;
  readonly dns?: readonly string[];
  /** Text (`10.0.0.1`, `fd00::1`) or the octets themselves. */
  readonly ip?: readonly (string | Uint8Array)[];
  readonly email?: readonly string[];
  readonly uri?: readonly string[];
  /** GeneralNames as elements, after the ones above. */
  readonly generalNames?: readonly Uint8Array[];
  /** The whole extnValue content, instead of a SEQUENCE of those names. */
  readonly sanValue?: Uint8Array;
  /** Extension elements, instead of one subjectAltName. */
  readonly extensions?: readonly Uint8Array[];
  /** Attribute elements, instead of one extensionRequest. */
  readonly attributes?: readonly Uint8Array[];
  /** The whole [0] element; empty bytes leave it out. */
  readonly attributesElement?: Uint8Array;
  /** A number, or the whole version element. */
  readonly version?: bigint | number | Uint8Array;
  /** The RDNs as elements, or the whole Name. */
  readonly subject?: readonly Uint8Array[] | Uint8Array;
  readonly spki?: Uint8Array;
  /** Elements after the attributes, inside the signed part. */
  readonly infoSurplus?: readonly Uint8Array[];
  /** The whole CertificationRequestInfo. */
  readonly info?: Uint8Array;
  /** The whole AlgorithmIdentifier. */
  readonly signatureAlgorithm?: Uint8Array;
  /** The whole BIT STRING, or a function of the signed bytes that gives the octets in it. */
  readonly signature?: Uint8Array | ((info: Uint8Array) => Uint8Array);
  /** Elements after the signature, inside the outer SEQUENCE. */
  readonly surplus?: readonly Uint8Array[];
  /** The whole request. */
  readonly der?: (parts: { info: Uint8Array; algorithm: Uint8Array; signature: Uint8Array }) => Uint8Array;
  /** Changes the armoured text (Latin-1, so any byte can be put in). */
  readonly pem?: (text: string) => string;
}

export interface BuiltCSR {
  readonly der: Uint8Array;
  /** The bytes of `spec.request`. */
  readonly pem: Uint8Array;
}

/** AttributeTypeAndValue; the value is text of that string type, or an element of its own. */
export function attributeValue(
  type: string,
  value: string | Uint8Array,
  stringType: StringType = 'printableString',
): Uint8Array {
  return sequence(oid(type), typeof value === 'string' ? string(stringType, value) : value);
}

/** A RelativeDistinguishedName with one attribute. */
export function rdn(type: string, value: string | Uint8Array, stringType?: StringType): Uint8Array {
  return set(attributeValue(type, value, stringType));
}

/** Extension; `critical` is written only when true, as DER wants of a DEFAULT. */
export function extension(type: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(oid(type), ...(critical ? [Uint8Array.of(1, 1, 0xff)] : []), octetString(value));
}

/** Attribute with its SET of values (RFC 2986 §4.1). */
export const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(type), set(...values));

export const extensionRequest = (...extensions: readonly Uint8Array[]): Uint8Array =>
  attribute(OID.extensionRequest, sequence(...extensions));

export const subjectAltName = (...names: readonly Uint8Array[]): Uint8Array =>
  extension(OID.subjectAltName, sequence(...names));

/** GeneralName (RFC 5280 §4.2.1.6): the kinds that a certificate request of ours may show. */
export const generalName = {
  email: (text: string): Uint8Array => context(1, latin1(text)),
  dns: (text: string): Uint8Array => context(2, latin1(text)),
  uri: (text: string): Uint8Array => context(6, latin1(text)),
  ip: (address: string | Uint8Array): Uint8Array =>
    context(7, typeof address === 'string' ? ipOctets(address) : address),
} as const;

/** The 4 or 16 octets of an address. Plain notations only: `::` once, no embedded IPv4. */
export function ipOctets(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [head = '', tail] = text.split('::');
  const front = head.split(':').filter(Boolean);
  const back = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const all = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return Uint8Array.from(
    all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16)]),
  );
}

/** Go's default algorithm for each key type (crypto/x509 signingParamsForKey), and the weaker hashes. */
export function signatureAlgorithm(key: TestKey, hash: HashName | null = key.hash): Uint8Array {
  if (key.type === 'Ed25519') return sequence(oid('1.3.101.112'));
  const ecdsa = { md5: '0', sha1: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4' };
  const rsa = { md5: '4', sha1: '5', sha256: '11', sha384: '12', sha512: '13' };
  return key.type.startsWith('RSA-')
    ? sequence(oid(`1.2.840.113549.1.1.${rsa[hash ?? 'sha256']}`), nullValue())
    : sequence(oid(`1.2.840.10045.4.${ecdsa[hash ?? 'sha256']}`));
}

export const BEGIN = '-----BEGIN CERTIFICATE REQUEST-----';
export const END = '-----END CERTIFICATE REQUEST-----';

/** The armour as Go's encoding/pem writes it: 64 columns, a newline after each line. */
export function toPEM(der: Uint8Array, columns = 64): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
  return [BEGIN, ...lines, END, ''].join('\n');
}

/** The subject of a kubelet's request: O, then CN (kubelet.go; pkix.Name's order). */
export const kubeletSubject = (node: string): Uint8Array[] => [
  rdn(OID.organization, 'system:nodes'),
  rdn(OID.commonName, `system:node:${node}`),
];

const subjectOf = (spec: CSRSpec): Uint8Array =>
  spec.subject instanceof Uint8Array
    ? spec.subject
    : sequence(...(spec.subject ?? kubeletSubject(spec.node ?? 'n1')));

const attributesOf = (spec: CSRSpec): Uint8Array => {
  if (spec.attributesElement !== undefined) return spec.attributesElement;
  const names = [
    ...(spec.dns ?? [spec.node ?? 'n1']).map(generalName.dns),
    ...(spec.ip ?? ['10.0.0.1']).map(generalName.ip),
    ...(spec.email ?? []).map(generalName.email),
    ...(spec.uri ?? []).map(generalName.uri),
    ...(spec.generalNames ?? []),
  ];
  const san = spec.sanValue ? extension(OID.subjectAltName, spec.sanValue) : subjectAltName(...names);
  return explicit(0, spec.attributes ?? [extensionRequest(...(spec.extensions ?? [san]))]);
};

const infoOf = (spec: CSRSpec, key: TestKey): Uint8Array => {
  const version = spec.version ?? 0;
  return sequence(
    version instanceof Uint8Array ? version : integer(version),
    subjectOf(spec),
    spec.spki ?? key.spki,
    attributesOf(spec),
    ...(spec.infoSurplus ?? []),
  );
};

/** A request as the kubelet makes it, but for what `spec` replaces; signed last, so the signature is good. */
export function buildCSR(spec: CSRSpec = {}): BuiltCSR {
  const key = typeof spec.key === 'object' ? spec.key : testKey(spec.key ?? 'P-256');
  const info = spec.info ?? infoOf(spec, key);
  const algorithm = spec.signatureAlgorithm ?? signatureAlgorithm(key, spec.hash);
  const { signature: given } = spec;
  const signature =
    given instanceof Uint8Array
      ? given
      : bitString(given === undefined ? key.sign(info, spec.hash) : given(info));
  const der =
    spec.der?.({ info, algorithm, signature }) ??
    sequence(info, algorithm, signature, ...(spec.surplus ?? []));
  const text = toPEM(der);
  return { der, pem: latin1(spec.pem === undefined ? text : spec.pem(text)) };
}
