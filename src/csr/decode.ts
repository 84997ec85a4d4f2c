import { createHash } from 'node:crypto';
import type { DecodedRequest, DecodeLimits } from './decoded.ts';
import { freeze } from './freeze.ts';
import { defaultLimits, effectiveLimits } from './limits.ts';
import { unarmour } from './pem.ts';
import { DecodeRefusal, refuse } from './refusal.ts';
import { readRequest } from './request.ts';
import { crossCheck } from './second.ts';
import { checkSignature } from './signature.ts';

function decode(request: Uint8Array, limits: DecodeLimits): DecodedRequest {
  const { maxRequestBytes, maxSANs } = effectiveLimits(limits);
  if (!(request.length <= maxRequestBytes)) refuse('CSRTooLarge', `${request.length} bytes`);
  const der = unarmour(request);
  const read = readRequest(der, maxSANs);
  checkSignature(read.signed, read.algorithm, read.signature, read.key);
  crossCheck(der, read);
  return freeze({
    subject: read.subject,
    sans: read.sans,
    key: read.key.shown,
    signatureAlgorithm: read.algorithm.name,
    fingerprint: `sha256:${createHash('sha256').update(der).digest('hex')}`,
  });
}

/**
 * Reads the bytes of `spec.request`. Throws DecodeRefusal and nothing else: an exception that nobody
 * expected is a refusal too.
 */
export function decodeRequest(request: Uint8Array, limits: DecodeLimits = defaultLimits): DecodedRequest {
  try {
    return decode(request, limits);
  } catch (error) {
    if (error instanceof DecodeRefusal) throw error;
    throw new DecodeRefusal('DecoderFailed', '', { cause: error });
  }
}
