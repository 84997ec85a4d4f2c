import { KubeError } from '../kube/errors.ts';

export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Delay before attempt `failures + 1`: base × 2^(failures-1), capped, then spread over its upper half, so that neither
 * many keys that failed together nor many replicas come back together, and no delay is near zero.
 * @param random uniform in [0, 1)
 */
export function backoffDelay(failures: number, { baseMs, maxMs }: Backoff, random: () => number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 52));
  return full * (0.5 + random() / 2);
}

/** Longest pause that a server gets by Retry-After where we watch: so long we are blind. */
const maxPauseMs = 60_000;

/** The pause of a loop that lists and watches: backoff, and Retry-After where the server asks for more. */
export function pauseAfter(error: unknown, failures: number, backoff: Backoff, random: () => number): number {
  const asked = error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.max(backoffDelay(failures, backoff, random), Math.min(asked, maxPauseMs));
}
