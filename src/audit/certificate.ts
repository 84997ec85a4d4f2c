import { X509Certificate } from 'node:crypto';
import { DERReader, TAG } from '../csr/der.ts';
import { octetAt } from '../csr/bytes.ts';
import type { DecodedRequest } from '../csr/decoded.ts';
import { type PublicKey, readKey } from '../csr/key.ts';
import { readNames } from '../csr/names.ts';
import { objectIdentifier } from '../csr/oid.ts';
import { DecodeRefusal, refuse } from '../csr/refusal.ts';
import { readSubject } from '../csr/subject.ts';
import { timestamp } from '../decide/document.ts';

/** What a certificate says in the words of a request; it has the one reading that a request must have, or none. */
export interface CertificateContent {
  readonly subject: DecodedRequest['subject'];
  readonly sans: DecodedRequest['sans'];
  readonly key: PublicKey;
  /** By Kubernetes' names, sorted; one that has none by its object identifier. */
  readonly usages: readonly string[];
}

export interface Certificate {
  readonly x509: X509Certificate;
  /** Or why there is none. */
  readonly content: CertificateContent | DecodeRefusal;
}

/** What reports show of a certificate. Subject and issuer are whatever they say: escape them. */
export interface ShownCertificate {
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339; empty where the certificate has no time there. */
  readonly not_before: string;
  readonly not_after: string;
  /** sha256:HEX of its DER. */
  readonly fingerprint: string;
  readonly sans?: DecodedRequest['sans'];
  readonly key?: DecodedRequest['key'];
  readonly usages?: readonly string[];
}

/** Context tags of TBSCertificate (RFC 5280 section 4.1). */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

const SUBJECT_ALT_NAME = '2.5.29.17';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';

/** KeyUsage by bit (RFC 5280 section 4.2.1.3), as certificates.k8s.io calls them. */
const keyUsages = [
  'digital signature',
  'content commitment',
  'key encipherment',
  'data encipherment',
  'key agreement',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
] as const;

const extendedKeyUsages: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'server auth'],
  ['1.3.6.1.5.5.7.3.2', 'client auth'],
]);

/** No certificate of a kubelet comes near: it has a few hundred bytes, and some for each name. */
const maxBytes = 64 * 1024;

/**
 * Reads a certificate, PEM or DER; of several the first.
 * @returns undefined for what is none at all
 */
export function readCertificate(bytes: Uint8Array, maxSANs: number): Certificate | undefined {
  if (bytes.length > maxBytes) return undefined;
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(bytes);
  } catch {
    return undefined;
  }
  try {
    if (![x509.validFromDate, x509.validToDate].every(isTime)) refuse('DecoderFailed', 'validity');
    return { x509, content: readContent(x509.raw, maxSANs) };
  } catch (cause) {
    const content =
      cause instanceof DecodeRefusal ? cause : new DecodeRefusal('DecoderFailed', '', { cause });
    return { x509, content };
  }
}

function readContent(der: Uint8Array, maxSANs: number): CertificateContent {
  const file = new DERReader(der, 'certificate');
  const certificate = file.enter(TAG.SEQUENCE, 'certificate');
  file.end();
  const tbs = certificate.enter(TAG.SEQUENCE, 'tbsCertificate');
  tbs.next(VERSION);
  tbs.integer();
  for (const _ of ['signature', 'issuer', 'validity']) tbs.next(TAG.SEQUENCE);
  const subject = readSubject(tbs.enter(TAG.SEQUENCE, 'subject'));
  const key = readKey(tbs.next(TAG.SEQUENCE));
  const outer = tbs.enter(EXTENSIONS, 'extensions');
  tbs.end();
  const extensions = readExtensions(outer.enter(TAG.SEQUENCE, 'extensions'));
  outer.end();
  const names = inside(extensions.get(SUBJECT_ALT_NAME), (value) =>
    value.enter(TAG.SEQUENCE, 'general names'),
  );
  return {
    subject,
    sans: readNames(names, maxSANs),
    key,
    usages: [
      ...(inside(extensions.get(KEY_USAGE), readKeyUsage) ?? []),
      ...(inside(extensions.get(EXTENDED_KEY_USAGE), readExtendedKeyUsage) ?? []),
    ].sort(),
  };
}

/** Values by type. One that is there twice has two readings. */
function readExtensions(list: DERReader): Map<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  while (!list.done) {
    const extension = list.enter(TAG.SEQUENCE, 'extension');
    const type = objectIdentifier(extension.next(TAG.OBJECT_IDENTIFIER).content);
    if (extension.peek() === TAG.BOOLEAN) extension.next(TAG.BOOLEAN);
    if (extensions.has(type)) refuse('ExtensionsNotSingle', `${type} repeated`);
    extensions.set(type, extension.next(TAG.OCTET_STRING).content);
    extension.end();
  }
  return extensions;
}

function inside<T>(value: Uint8Array | undefined, read: (value: DERReader) => T): T | undefined {
  if (value === undefined) return undefined;
  const reader = new DERReader(value, 'extension value');
  const result = read(reader);
  reader.end();
  return result;
}

/** A BIT STRING, the first bit the highest of its octet (X.690 section 8.6.2). */
function readKeyUsage(value: DERReader): string[] {
  const { content } = value.next(TAG.BIT_STRING);
  return keyUsages.filter((_, bit) => (octetAt(content, 1 + (bit >> 3)) & (0x80 >> (bit & 7))) !== 0);
}

function readExtendedKeyUsage(value: DERReader): string[] {
  const list = value.enter(TAG.SEQUENCE, 'extended key usage');
  const usages: string[] = [];
  while (!list.done) {
    const type = objectIdentifier(list.next(TAG.OBJECT_IDENTIFIER).content);
    usages.push(extendedKeyUsages.get(type) ?? type);
  }
  return usages;
}

export function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`;
}

export function showCertificate({ x509, content }: Certificate): ShownCertificate {
  const shown = {
    serial: x509.serialNumber.toLowerCase(),
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    not_before: timeText(x509.validFromDate),
    not_after: timeText(x509.validToDate),
    fingerprint: fingerprintOf(x509),
  };
  if (content instanceof DecodeRefusal) return shown;
  return { ...shown, sans: content.sans, key: content.key.shown, usages: content.usages };
}

/** OpenSSL keeps times as they are written: a thirteenth month becomes no date. */
const isTime = (date: Date): boolean => !Number.isNaN(date.getTime());

const timeText = (date: Date): string => (isTime(date) ? timestamp(date) : '');

/** Node.js writes an attribute a line, the most general first. */
const oneLine = (name: string): string => name.split('\n').join(', ');
