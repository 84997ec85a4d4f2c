import type { DecodeRefusal } from '../csr/refusal.ts';
import { timestamp } from '../decide/document.ts';
import type { RequestInput } from '../decide/input.ts';
import { nodeUser } from '../facts/node.ts';
import { type Certificate, type CertificateContent, fingerprintOf } from './certificate.ts';

export const servingSigner = 'kubernetes.io/kubelet-serving';

/** Fields of the document of a served certificate that nobody has said. */
export const assumedOfServed: readonly string[] = [
  'requestor',
  'created_at',
  'expiration_seconds',
  'signature_algorithm',
];

/**
 * The input document of the request that a node would make for just this certificate: as its kubelet, at this moment. The
 * fingerprint is the certificate's.
 */
export function servedDocument(
  node: string,
  { x509 }: Certificate,
  content: Exclude<CertificateContent, DecodeRefusal>,
  now: Date,
): RequestInput {
  const { subject, sans, key, usages } = content;
  return {
    version: 1,
    now: timestamp(now),
    name: `served-by-${node}`,
    uid: '',
    created_at: timestamp(now),
    age_seconds: 0,
    signer_name: servingSigner,
    expiration_seconds: 0,
    usages: [...usages],
    requestor: {
      username: nodeUser(node),
      uid: '',
      groups: ['system:authenticated', 'system:nodes'],
      // By which client certificate nobody knows; that it was by one, as kubelets do, is assumed.
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${'0'.repeat(64)}`] },
    },
    subject: { common_name: subject.commonName, organization: [...subject.organization] },
    sans: { dns: [...sans.dns], ip: [...sans.ip], email: [...sans.email], uri: [...sans.uri] },
    key: { ...key.shown },
    signature_algorithm: signatureAlgorithms[key.shown.algorithm],
    fingerprint: fingerprintOf(x509),
  };
}

/** What a kubelet signs its request by; that of the certificate is the CA's. */
const signatureAlgorithms = { ECDSA: 'ECDSA-SHA256', RSA: 'RSA-SHA256', Ed25519: 'Ed25519' } as const;
