import { X509Certificate } from 'node:crypto';
import { isIPv6, SocketAddress } from 'node:net';
import { expectThat } from './deviation.ts';

export interface Promised {
  readonly node: string;
  readonly sans: readonly string[];
  /** SubjectPublicKeyInfo of the key that the node made. */
  readonly spki: Uint8Array;
}

/** id-kp-serverAuth (RFC 5280 §4.2.1.12). */
const serverAuth = '1.3.6.1.5.5.7.3.1';

const canonical = (san: string): string =>
  isIPv6(san) ? new SocketAddress({ address: san, family: 'ipv6' }).address : san;

/** Holds an issued certificate against the cluster's CA and against what was asked for: that, and no more. */
export function checkCertificate(pem: string, caPem: string, promised: Promised): void {
  const certificate = new X509Certificate(pem);
  const ca = new X509Certificate(caPem);
  const expect = (holds: boolean, fault: string): void =>
    expectThat(holds, `the certificate of ${promised.node} ${fault}`);

  expect(
    certificate.checkIssued(ca) && certificate.verify(ca.publicKey),
    "is not signed by the cluster's CA",
  );
  const now = new Date();
  expect(
    certificate.validFromDate <= now && now < certificate.validToDate,
    `is valid from ${certificate.validFrom} to ${certificate.validTo}, which is not now`,
  );
  expect(!certificate.ca, 'is one of a CA');
  const subject = certificate.subject.split('\n').sort().join(', ');
  expect(subject === `CN=system:node:${promised.node}, O=system:nodes`, `is for ${subject}`);
  const usages = certificate.keyUsage.join(', ');
  expect(usages === serverAuth, `is for the extended usages ${usages}`);
  const named = (certificate.subjectAltName ?? '')
    .split(', ')
    .map((san) => canonical(san.replace(/^(?:DNS|IP Address):/, '')))
    .sort()
    .join(', ');
  const asked = promised.sans.map(canonical).sort().join(', ');
  expect(named === asked, `names ${named} instead of ${asked}`);
  const key = certificate.publicKey.export({ format: 'der', type: 'spki' });
  expect(key.equals(promised.spki), 'is for another key');
}
