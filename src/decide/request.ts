import { z } from 'zod';

/** A condition as the API server holds it; foreign ones are kept as they are. */
const condition = z.looseObject({
  type: z.string(),
  status: z.string().default(''),
  reason: z.string().optional(),
  message: z.string().optional(),
});
type Condition = z.infer<typeof condition>;

/** The fields of a certificates.k8s.io/v1 CertificateSigningRequest that decide, from the API server or a file. */
const certificateSigningRequest = z.looseObject({
  apiVersion: z.literal('certificates.k8s.io/v1').optional(),
  kind: z.literal('CertificateSigningRequest').optional(),
  metadata: z.looseObject({
    name: z.string().default(''),
    uid: z.string().default(''),
    resourceVersion: z.string().default(''),
    creationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
  spec: z.looseObject({
    request: z.string(),
    signerName: z.string(),
    usages: z.array(z.string()).nullish(),
    username: z.string().default(''),
    uid: z.string().default(''),
    groups: z.array(z.string()).nullish(),
    extra: z.record(z.string(), z.array(z.string())).nullish(),
    expirationSeconds: z.int().nullish(),
  }),
  status: z
    .looseObject({
      certificate: z.string().nullish(),
      conditions: z.array(condition).nullish(),
    })
    .default({}),
});

/** One request, as it stood when it was read. */
export interface CertificateRequest {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Undefined for a manifest that was never created. */
  readonly createdAt: Date | undefined;
  readonly signerName: string;
  /** base64 text of the PEM, as the API carries it. */
  readonly request: string;
  readonly usages: readonly string[];
  readonly username: string;
  readonly userUid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly expirationSeconds: number;
  readonly issued: boolean;
  readonly conditions: readonly Condition[];
}

/**
 * Reads a CertificateSigningRequest object.
 * @returns the request, or one line that says what is wrong with the object and where
 */
export function readRequest(object: unknown): CertificateRequest | { readonly problem: string } {
  const result = certificateSigningRequest.safeParse(object);
  if (!result.success) {
    const [issue] = result.error.issues;
    return { problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}` };
  }
  const { metadata, spec, status } = result.data;
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: timeOf(metadata.creationTimestamp),
    signerName: spec.signerName,
    request: spec.request,
    usages: spec.usages ?? [],
    username: spec.username,
    userUid: spec.uid,
    groups: spec.groups ?? [],
    extra: spec.extra ?? {},
    expirationSeconds: spec.expirationSeconds ?? 0,
    issued: (status.certificate ?? '') !== '',
    conditions: status.conditions ?? [],
  };
}

function timeOf(text: string | null | undefined): Date | undefined {
  return text === undefined || text === null ? undefined : new Date(text);
}

/**
 * Whether anything is left to decide. Approved and Denied are final, Failed ends the signer's work
 * (pkg/controller/certificates), and an issued certificate needs no approval.
 */
export function isFinished(request: Pick<CertificateRequest, 'issued' | 'conditions'>): boolean {
  return (
    request.issued ||
    request.conditions.some(({ type }) => type === 'Approved' || type === 'Denied' || type === 'Failed')
  );
}
