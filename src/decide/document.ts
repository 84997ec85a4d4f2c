import type { DecodedRequest } from '../csr/decoded.ts';
import type { RequestInput } from './input.ts';
import type { CertificateRequest } from './request.ts';

/** Makes the part of the input document that is known without asking anybody. */
export function requestDocument(
  request: CertificateRequest,
  decoded: DecodedRequest,
  now: Date,
): RequestInput {
  const createdAt = request.createdAt ?? now;
  return {
    version: 1,
    now: timestamp(now),
    name: request.name,
    uid: request.uid,
    created_at: timestamp(createdAt),
    age_seconds: Math.max(0, Math.floor((now.getTime() - createdAt.getTime()) / 1000)),
    signer_name: request.signerName,
    expiration_seconds: request.expirationSeconds,
    usages: [...request.usages].sort(),
    requestor: {
      username: request.username,
      uid: request.userUid,
      groups: [...request.groups].sort(),
      extra: Object.fromEntries(
        Object.entries(request.extra).map(([name, values]) => [name, [...values]] as const),
      ),
    },
    subject: {
      common_name: decoded.subject.commonName,
      organization: [...decoded.subject.organization],
    },
    sans: {
      dns: [...decoded.sans.dns],
      ip: [...decoded.sans.ip],
      email: [...decoded.sans.email],
      uri: [...decoded.sans.uri],
    },
    key: { ...decoded.key },
    signature_algorithm: decoded.signatureAlgorithm,
    fingerprint: decoded.fingerprint,
  };
}

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes times. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
