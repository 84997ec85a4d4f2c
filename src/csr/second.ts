// The library's decorators need the polyfill in place before they run.
import 'reflect-metadata';
import { Name, Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { isDeepStrictEqual } from 'node:util';
import { hex } from './bytes.ts';
import type { DecodedRequest } from './decoded.ts';
import { parseIP } from './ip.ts';
import { DecodeRefusal, refuse } from './refusal.ts';
import type { CertificationRequest } from './request.ts';

/** What two parsers must read alike. */
interface Reading {
  /** Attribute types and their values, sorted by type. */
  readonly subject: readonly (readonly [type: string, values: readonly string[]])[];
  readonly sans: DecodedRequest['sans'];
  readonly spki: string;
  readonly signature: string;
}

const fromBuffer = (buffer: ArrayBuffer): string => hex(new Uint8Array(buffer));

const shownAs: Readonly<Record<string, keyof DecodedRequest['sans']>> = {
  dns: 'dns',
  email: 'email',
  ip: 'ip',
  url: 'uri',
};

/** The library's GeneralNames. Its `extensions` throw once and are empty ever after: they are touched once. */
function theirSANs(request: Pkcs10CertificateRequest): DecodedRequest['sans'] {
  const sans = { dns: [] as string[], ip: [] as string[], email: [] as string[], uri: [] as string[] };
  for (const extension of request.extensions) {
    if (!(extension instanceof SubjectAlternativeNameExtension))
      return refuse('ParsersDisagree', 'extension');
    for (const { type, value } of extension.names.items) {
      const kind = shownAs[type] ?? refuse('ParsersDisagree', 'kind of name');
      sans[kind].push(kind === 'ip' ? (parseIP(value) ?? '') : value);
    }
  }
  return sans;
}

const byType = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function theirs(der: Uint8Array, subject: Uint8Array): Reading {
  const request = new Pkcs10CertificateRequest(der);
  return {
    subject: new Name(subject)
      .toJSON()
      .flatMap(Object.entries<string[]>)
      .toSorted(byType),
    sans: theirSANs(request),
    spki: fromBuffer(request.publicKey.rawData),
    signature: fromBuffer(request.signature),
  };
}

const ours = ({ subject, sans, key, signature }: CertificationRequest): Reading => ({
  subject: [
    ['CN', [subject.commonName]],
    ['O', subject.organization],
  ],
  sans,
  spki: hex(key.spki),
  signature: hex(signature),
});

/**
 * Defence in depth: a request that our parser accepted must say the same to an independent one. A
 * difference is a fault of ours, or of theirs, that has not been found yet; either way nothing is approved on it.
 */
export function crossCheck(der: Uint8Array, request: CertificationRequest): void {
  let reading: Reading;
  try {
    reading = theirs(der, request.subjectDER);
  } catch (cause) {
    throw cause instanceof DecodeRefusal ? cause : new DecodeRefusal('ParsersDisagree', 'refused', { cause });
  }
  if (!isDeepStrictEqual(reading, ours(request))) refuse('ParsersDisagree');
}
