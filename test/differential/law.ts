import { createHash } from 'node:crypto';
import type { DecodedRequest } from '../../src/csr/decoded.ts';
import type { RefusalCode } from '../../src/csr/refusals.ts';
import type { OracleAnswer, OracleCertificate, OracleReading } from '../oracle/answer.ts';
import { OID } from '../support/csr.ts';
import { unarmoured } from './armour.ts';
import { kubeletForm } from './form.ts';
import type { Judge } from './judge.ts';
import type { Reading } from './reading.ts';

/** Refusals that no request should ever meet: the decoder proper did not see what stopped the request. */
const FAULTS: readonly RefusalCode[] = ['DecoderFailed', 'ParsersDisagree'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * The law: whatever we accept, Go accepts and reads identically, and the signer would copy nothing into the
 * certificate that we do not show. Gives every breach of it in one request; the law does not mind refusals,
 * but for those that say that the decoder itself went wrong.
 */
export function breaches(
  request: Uint8Array,
  ours: Reading,
  theirs: OracleAnswer,
  judge?: Judge,
): readonly string[] {
  if (!ours.accepted) return FAULTS.includes(ours.code) ? [`${ours.code}: ${String(ours.cause)}`] : [];
  if (theirs.error !== undefined) return [`Go refuses it: ${theirs.error}`];
  if (theirs.signature !== '') return [`Go finds no good signature: ${theirs.signature}`];
  const { decoded } = ours;
  return [
    ...fieldDifferences(shownByUs(decoded), shownByGo(theirs)),
    ...differences('the fingerprint', decoded.fingerprint, fingerprintOf(request)),
    ...differences('the form', kubeletForm(request, decoded), ''),
    ...(theirs.serving === '' ? certificateBreaches(decoded, theirs) : []),
    ...(judge?.(decoded) === true ? judgeBreaches(decoded, theirs) : []),
  ];
}

function differences(what: string, ours: unknown, theirs: unknown): string[] {
  const [a, b] = [JSON.stringify(ours), JSON.stringify(theirs)];
  return a === b ? [] : [`${what} differs: ours ${a}, Go's ${b}`];
}

function fieldDifferences(ours: Fields, theirs: Fields): string[] {
  const fields = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...fields].flatMap((field) => differences(field, ours[field], theirs[field]));
}

/** Everything that the document shows, and what it says by showing nothing else. */
function shownByUs({ subject, sans, key, signatureAlgorithm }: DecodedRequest): Fields {
  return {
    commonName: subject.commonName,
    organization: subject.organization,
    // As sorted text.
    attributeTypes: [OID.organization, OID.commonName],
    rebuilt: [subject.organization[0], subject.commonName],
    dns: sans.dns,
    ip: sans.ip,
    email: sans.email,
    uri: sans.uri,
    key,
    signatureAlgorithm,
    version: 0,
    hidden: [],
  };
}

function shownByGo(go: OracleReading): Fields {
  return {
    commonName: go.commonName,
    organization: go.organization,
    attributeTypes: go.names.map(({ type }) => type).toSorted(),
    rebuilt: go.rebuilt.map(({ value }) => value),
    dns: go.dns,
    // An IPv4-mapped address has the text of an IPv4 one: told apart by its length.
    ip: go.ip.map(({ hex, text }) => (hex.length === (text.includes(':') ? 32 : 8) ? text : hex)),
    email: go.email,
    uri: go.uri,
    key: { algorithm: go.key.algorithm, curve: go.key.curve, bits: go.key.bits },
    signatureAlgorithm: GO_NAMES[go.signatureAlgorithm] ?? go.signatureAlgorithm,
    version: go.version,
    hidden: [
      ...go.extensions.filter((type) => type !== OID.subjectAltName),
      ...go.names.filter(({ kind }) => kind !== undefined),
    ],
  };
}

/** x509.SignatureAlgorithm.String() says the hash first for RSA. */
const GO_NAMES: Readonly<Record<string, string>> = {
  'SHA256-RSA': 'RSA-SHA256',
  'SHA384-RSA': 'RSA-SHA384',
  'SHA512-RSA': 'RSA-SHA512',
};

function certificateBreaches(decoded: DecodedRequest, { certificate, key }: OracleReading): string[] {
  if (certificate.error !== undefined) return [`the signer would fail: ${certificate.error}`];
  return fieldDifferences(
    { ...namesOf(decoded), spki: key.spki },
    { ...issuedNames(certificate), spki: certificate.spki },
  );
}

const namesOf = ({ subject, sans }: DecodedRequest): Fields => ({
  subject: [
    [OID.organization, subject.organization[0]],
    [OID.commonName, subject.commonName],
  ],
  dns: sans.dns,
  ip: sans.ip,
  email: sans.email,
  uri: sans.uri,
});

const issuedNames = ({ names, dns, ip, email, uri }: OracleCertificate): Fields => ({
  subject: names.map(({ type, value }) => [type, value]),
  dns,
  ip: ip.map(({ text }) => text),
  email,
  uri,
});

/** What decoder and floor accept has the kubelet's form, and so the signer signs it. */
function judgeBreaches(decoded: DecodedRequest, go: OracleReading): string[] {
  return [
    ...(go.serving === '' ? [] : [`the floor accepts what the signer does not sign: ${go.serving}`]),
    ...differences('the organization', decoded.subject.organization, ['system:nodes']),
    ...differences('names of other kinds', [...decoded.sans.email, ...decoded.sans.uri], []),
  ];
}

const fingerprintOf = (request: Uint8Array): string =>
  `sha256:${createHash('sha256')
    .update(unarmoured(request) ?? new Uint8Array())
    .digest('hex')}`;
