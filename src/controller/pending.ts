import type { CertificateRequest } from '../decide/request.ts';
import { isFinished, readRequest } from '../decide/request.ts';
import type { KubeObject } from '../kube/objects.ts';

/** A request that nobody has decided yet, as the watch showed it. */
export interface Pending {
  readonly request: CertificateRequest;
  /** The object to write back, without what the API server keeps for itself. */
  readonly object: KubeObject;
}

/**
 * Reduces a CertificateSigningRequest to what deciding it needs.
 * @returns undefined when there is nothing to decide: finished, of another signer, or not readable at all
 */
export function pending(object: KubeObject, signerName: string): Pending | undefined {
  const request = readRequest(object);
  // The field selector has chosen by signer already; a decision must not rest on that alone.
  if ('problem' in request || request.signerName !== signerName || isFinished(request)) return undefined;
  const { managedFields: _, ...metadata } = object.metadata;
  return { request, object: { ...object, metadata } };
}
