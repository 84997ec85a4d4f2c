import { hardLimits } from '../csr/limits.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { isFinished, readRequest } from '../decide/request.ts';
import type { KubeObject } from '../kube/objects.ts';

/** A request that nobody has decided yet, as the watch showed it. */
export interface Pending {
  readonly request: CertificateRequest;
  /** The object to write back, without what the API server keeps for itself; undefined when it is too large to be kept. */
  readonly object: KubeObject | undefined;
}

/**
 * Longest JSON of an object that is kept; a kubelet's has some 2 KB, and a larger one is read again for the write. Any
 * node may create hundreds of 1.5 MB each, which nobody deletes for a day.
 */
const maxKept = 8 * 1024;

/** So much of the base64 shows that a request is too large, whatever the configuration. */
const enoughRequest = 4 * Math.ceil((hardLimits.maxRequestBytes + 1) / 3);

/**
 * Reduces a CertificateSigningRequest to what deciding it needs.
 * @returns undefined when there is nothing to decide: finished, of another signer, or not readable at all
 */
export function pending(object: KubeObject, signerName: string): Pending | undefined {
  const request = requestOf(object, signerName);
  return request === undefined || isFinished(request) ? undefined : kept(request, object);
}

/** The request, finished or not; undefined when it is of another signer, or not readable at all. */
export function requestOf(object: KubeObject, signerName: string): CertificateRequest | undefined {
  const request = readRequest(object);
  // The field selector has chosen by signer already; a decision must not rest on that alone.
  return 'problem' in request || request.signerName !== signerName ? undefined : request;
}

/** What is kept of a request that is pending. */
export function kept(request: CertificateRequest, object: KubeObject): Pending {
  const whole = writable(object);
  return {
    request: { ...request, request: firstOf(request.request, enoughRequest) },
    object: JSON.stringify(whole).length > maxKept ? undefined : whole,
  };
}

/** The object to write back, without what the API server keeps for itself. */
export function writable(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** A copy: a slice would keep the whole text in memory. */
function firstOf(text: string, length: number): string {
  return text.length <= length ? text : Buffer.from(text.slice(0, length)).toString();
}
