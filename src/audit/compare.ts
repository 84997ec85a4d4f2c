import type { PublicKey } from '../csr/key.ts';
import { unarmour } from '../csr/pem.ts';
import { readRequest } from '../csr/request.ts';
import type { RequestInput } from '../decide/input.ts';
import type { CertificateContent } from './certificate.ts';

/** The key of a request that has been decoded already. */
export function requestedKey(base64: string, maxSANs: number): PublicKey {
  return readRequest(unarmour(Buffer.from(base64, 'base64')), maxSANs).key;
}

/**
 * What the certificate says otherwise than the request, one line each. Kubernetes' signer copies key, subject, names and
 * usages (pkg/controller/certificates/authority), and may shorten the time.
 */
export function differencesOf(
  request: Pick<RequestInput, 'subject' | 'sans' | 'usages'>,
  requested: PublicKey,
  certificate: CertificateContent,
): string[] {
  const { subject, sans } = certificate;
  const differences = [
    ...(certificate.key.handle.equals(requested.handle) ? [] : ['it is for another key']),
    ...differ('commonName', [request.subject.common_name], [subject.commonName]),
    ...differ('organization', request.subject.organization, subject.organization),
    ...differ('DNS names', request.sans.dns, sans.dns),
    ...differ('IP addresses', request.sans.ip, sans.ip),
    ...differ('email addresses', request.sans.email, sans.email),
    ...differ('URIs', request.sans.uri, sans.uri),
    ...differ('usages', request.usages, certificate.usages),
  ];
  return differences;
}

function differ(what: string, asked: readonly string[], given: readonly string[]): string[] {
  const [wanted, found] = [asked, given].map((values) => [...new Set(values)].sort().join(', '));
  return wanted === found
    ? []
    : [`${what}: asked for were ${wanted || 'none'}, issued were ${found || 'none'}`];
}
