// The library's decorators need the polyfill in place before they run.
import 'reflect-metadata';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Extensions, id_ce_subjectAltName, SubjectAlternativeName } from '@peculiar/asn1-x509';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { isDeepStrictEqual } from 'node:util';
import { hex } from './bytes.ts';
import type { DecodedRequest } from './decoded.ts';
import { DecodeRefusal, refuse } from './refusal.ts';
import type { CertificationRequest } from './request.ts';

/** What two parsers must read alike. Whatever one of them sees more of makes them differ. */
interface Reading {
  /** Type and value of each attribute, sorted by type. */
  readonly subject: readonly (readonly [type: string, value: string])[];
  readonly sans: DecodedRequest['sans'];
  readonly key: string;
  readonly signature: string;
}

/**
 * The library's structure. Its accessors are passed by: `extensions` throws once and is empty ever after,
 * sees one attribute of several, drops names that it cannot read, and parses everything three times.
 */
class Structure extends Pkcs10CertificateRequest {
  get parsed() {
    return this.asn;
  }
}

/** The library's kinds of GeneralName, and what we show them as. */
const kinds = [
  ['dNSName', 'dns'],
  ['iPAddress', 'ip'],
  ['rfc822Name', 'email'],
  ['uniformResourceIdentifier', 'uri'],
] as const;

/** Every name of every extension of every value of every attribute. */
function theirNames({ parsed }: Structure): SubjectAlternativeName {
  const names = new SubjectAlternativeName();
  const values = Array.from(
    parsed.certificationRequestInfo.attributes,
    (attribute) => attribute.values,
  ).flat();
  for (const { extnID, extnValue } of values.flatMap((value) =>
    Array.from(AsnConvert.parse(value, Extensions)),
  )) {
    if (extnID !== id_ce_subjectAltName) refuse('ParsersDisagree', 'extension');
    names.push(...AsnConvert.parse(extnValue, SubjectAlternativeName));
  }
  return names;
}

function theirSANs(request: Structure): DecodedRequest['sans'] {
  const sans = { dns: [] as string[], ip: [] as string[], email: [] as string[], uri: [] as string[] };
  for (const name of theirNames(request)) {
    const [field, shownAs] =
      kinds.find(([known]) => name[known] !== undefined) ?? refuse('ParsersDisagree', 'kind of name');
    // Its text of an address is canonical, too: of all but those that embed an IPv4 address, which are refused.
    sans[shownAs].push(String(name[field]));
  }
  return sans;
}

function theirs(request: Structure): Reading {
  const { subject, subjectPKInfo } = request.parsed.certificationRequestInfo;
  const attributes = Array.from(subject, (rdn) => Array.from(rdn)).flat();
  return {
    subject: attributes
      .map(({ type, value }) => [type, value.toString()] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    sans: theirSANs(request),
    key: hex(new Uint8Array(subjectPKInfo.subjectPublicKey)),
    signature: hex(new Uint8Array(request.signature)),
  };
}

const ours = ({ subject, sans, key, signature }: CertificationRequest): Reading => ({
  subject: [
    ['2.5.4.10', subject.organization[0]],
    ['2.5.4.3', subject.commonName],
  ],
  sans,
  key: hex(key.bits),
  signature: hex(signature),
});

/**
 * Defence in depth: a request that our parser accepted must say the same to an independent one. A
 * difference is a fault of ours, or of theirs, that has not been found yet; either way nothing is approved on it.
 */
export function crossCheck(der: Uint8Array, request: CertificationRequest): void {
  let reading: Reading;
  try {
    reading = theirs(new Structure(der));
  } catch (cause) {
    throw cause instanceof DecodeRefusal ? cause : new DecodeRefusal('ParsersDisagree', 'refused', { cause });
  }
  if (!isDeepStrictEqual(reading, ours(request))) refuse('ParsersDisagree');
}
