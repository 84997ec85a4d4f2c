import { unsafe } from '../text/json.ts';

/**
 * What can go wrong between us and the API server:
 * - status: the server answered, and the answer is not a success
 * - timeout: our own deadline passed, or a watch fell silent
 * - network: no connection, or it broke
 * - protocol: an answer that is not the Kubernetes API's (HTML from a proxy, truncated JSON, too large)
 * - credentials: we could not read or obtain them; nothing was sent
 * - aborted: the caller gave up
 */
export type KubeErrorKind = 'status' | 'timeout' | 'network' | 'protocol' | 'credentials' | 'aborted';

export interface KubeErrorInit {
  readonly kind: KubeErrorKind;
  readonly message: string;
  /** HTTP status, or `status.code` of a watch ERROR event. */
  readonly status?: number | undefined;
  /** metav1.Status `reason`, e.g. `Conflict`, `Expired`. Written by the server: a word, not a sentence. */
  readonly reason?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** The write may have been applied: read again before deciding what to do. */
  readonly uncertain?: boolean | undefined;
  readonly cause?: unknown;
}

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly kind: KubeErrorKind;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly uncertain: boolean;

  constructor(init: KubeErrorInit) {
    super(bounded(init.message), init.cause === undefined ? undefined : { cause: init.cause });
    this.kind = init.kind;
    this.status = init.status;
    this.reason = init.reason;
    this.retryAfterSeconds = init.retryAfterSeconds;
    this.uncertain = init.uncertain ?? false;
  }
}

export const isStatus = (error: unknown, status: number): error is KubeError =>
  error instanceof KubeError && error.kind === 'status' && error.status === status;

/** The API server says that there is no such object; the 404 page of a proxy in between says nothing of the kind. */
export const isNotFound = (error: unknown): error is KubeError & { readonly status: 404 } =>
  error instanceof KubeError &&
  error.kind === 'status' &&
  error.status === 404 &&
  error.reason === 'NotFound';

/** The list's continue token or the watch's resourceVersion is too old: list again. */
export const isExpired = (error: unknown): error is KubeError => isStatus(error, 410);

/** The page was larger than we read: ask for fewer items. */
export const isTooLarge = (error: unknown): error is KubeError =>
  error instanceof KubeError && error.kind === 'protocol' && error.reason === 'ResponseTooLarge';

const MAX_MESSAGE = 1024;

/**
 * The server's messages repeat names that attackers chose, and a proxy's may be whole pages: one line, bounded.
 * Neither log lines can be forged nor text be hidden in a terminal with it. Replaced, not escaped: whoever shows it on
 * escapes once.
 */
export function bounded(text: string, max = MAX_MESSAGE): string {
  const cut = text.length > max ? `${text.slice(0, max).toWellFormed()}…` : text;
  return cut.replaceAll(unsafe, '\u{fffd}');
}
