import type { SignatureAlgorithm } from './algorithms.ts';
import { readAttributes } from './attributes.ts';
import type { DecodedRequest } from './decoded.ts';
import { DERReader, TAG } from './der.ts';
import { type PublicKey, readKey } from './key.ts';
import { readNames } from './names.ts';
import { refuse } from './refusal.ts';
import { readSignatureAlgorithm } from './signature.ts';
import { readSubject } from './subject.ts';

export interface CertificationRequest {
  readonly subject: DecodedRequest['subject'];
  readonly sans: DecodedRequest['sans'];
  readonly key: PublicKey;
  readonly algorithm: SignatureAlgorithm;
  /** The CertificationRequestInfo as sent. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** v1(0) and nothing else: Go takes any number. */
function readVersion(info: DERReader): void {
  const version = info.integer();
  if (version.length !== 1 || version[0] !== 0) refuse('VersionNotZero');
}

/** CertificationRequest (RFC 2986 §4.2): each element at its place, none left over. */
export function readRequest(der: Uint8Array, maxSANs: number): CertificationRequest {
  const file = new DERReader(der, 'request');
  const request = file.enter(TAG.SEQUENCE, 'request');
  file.end();
  const { whole: signed, content } = request.next(TAG.SEQUENCE);
  const info = new DERReader(content, 'request info');
  readVersion(info);
  const subject = readSubject(info.enter(TAG.SEQUENCE, 'subject'));
  const key = readKey(info.next(TAG.SEQUENCE));
  const sans = readNames(readAttributes(info.enter(TAG.ATTRIBUTES, 'attributes')), maxSANs);
  info.end();
  const algorithm = readSignatureAlgorithm(request.enter(TAG.SEQUENCE, 'signature algorithm'));
  const signature = request.octetsOfBitString();
  request.end();
  return { subject, sans, key, algorithm, signed, signature };
}
