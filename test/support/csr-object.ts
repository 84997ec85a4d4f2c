import { buildCSR, type CSRSpec } from './csr.ts';

export interface CSRObjectSpec {
  readonly name?: string;
  readonly uid?: string;
  readonly creationTimestamp?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The bytes of `spec.request`; or what `buildCSR` makes of this description. */
  readonly request?: Uint8Array | CSRSpec;
  readonly usages?: readonly string[];
  readonly signerName?: string;
  readonly username?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly requestorUID?: string;
  readonly expirationSeconds?: number;
  readonly conditions?: readonly object[];
  readonly certificate?: Uint8Array;
}

/** A CertificateSigningRequest (certificates.k8s.io/v1) as the API server shows it. */
export interface CSRObject {
  readonly apiVersion: 'certificates.k8s.io/v1';
  readonly kind: 'CertificateSigningRequest';
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly request: string;
    readonly signerName: string;
    readonly usages: readonly string[];
    readonly username: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
    readonly uid?: string;
    readonly expirationSeconds?: number;
  };
  readonly status: { readonly conditions?: readonly object[]; readonly certificate?: string };
}

/** The requestor's credential as an X.509 authenticator records it (SEMANTICS: identity). */
const CREDENTIAL_ID = {
  'authentication.kubernetes.io/credential-id': [`X509SHA256=${'0'.repeat(64)}`],
};

const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

/** What node n1 would see as its own serving request one second after it made it. */
export function csrObject(given: CSRObjectSpec = {}): CSRObject {
  const { labels, annotations, expirationSeconds, requestorUID, conditions, certificate } = given;
  const request = given.request instanceof Uint8Array ? given.request : buildCSR(given.request).pem;
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: {
      name: given.name ?? 'csr-7lh9z',
      uid: given.uid ?? '6d5a4b1e-0000-4000-8000-000000000001',
      creationTimestamp: given.creationTimestamp ?? '2026-11-22T06:00:00Z',
      resourceVersion: given.resourceVersion ?? '1000',
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    spec: {
      request: base64(request),
      signerName: given.signerName ?? 'kubernetes.io/kubelet-serving',
      usages: given.usages ?? ['digital signature', 'server auth'],
      username: given.username ?? 'system:node:n1',
      groups: given.groups ?? ['system:nodes', 'system:authenticated'],
      extra: given.extra ?? CREDENTIAL_ID,
      ...(requestorUID !== undefined && { uid: requestorUID }),
      ...(expirationSeconds !== undefined && { expirationSeconds }),
    },
    status: {
      ...(conditions && { conditions }),
      ...(certificate && { certificate: base64(certificate) }),
    },
  };
}
