import { setTimeout as timer } from 'node:timers/promises';
import { SourceError } from './error.ts';
import type { BundleSource, Fetched } from './source.ts';

export interface Delays {
  /** Between a fetch and the next: uniform between the two. */
  readonly minMs: number;
  readonly maxMs: number;
  /** After the n-th failure in a row: uniform up to base × 2^(n-1), and that at most `cap`. */
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
}

export interface PollerOptions {
  readonly source: BundleSource;
  readonly delays: Delays;
  /** The version in force when polling starts. */
  readonly known?: string | undefined;
  /** Called with one bundle at a time. When it fails, so did the fetch: the bundle is fetched and handed over again. */
  readonly onBundle: (fetched: Fetched, signal: AbortSignal) => void | Promise<void>;
  /** Must not throw. @param failures in a row, this one included */
  readonly onError: (cause: unknown, failures: number) => void;
  /** After each fetch that found nothing new. */
  readonly onUnchanged?: (() => void) | undefined;
  /** When the first fetch is made; at once by default. */
  readonly firstDelayMs?: number | undefined;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** No delay is shorter, so that nobody who answers at once makes us a load. */
const leastMs = 100;
/** From fetch to fetch where the server is said to hold requests: one that does not must not be asked in a loop. */
const longPollMs = 1_000;
/** A server may ask for patience, not for being forgotten. */
const mostRetryAfterMs = 3_600_000;

/**
 * Fetches again and again, never twice at once: with a delay that is spread, so that replicas do not come together;
 * after a failure with exponential backoff and full jitter; without a delay where the server does long polling.
 */
export class Poller {
  readonly #options: Required<Pick<PollerOptions, 'random' | 'now' | 'sleep'>> & PollerOptions;
  readonly #stopping = new AbortController();
  #known: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: PollerOptions) {
    this.#options = { random: Math.random, now: () => performance.now(), sleep, ...options };
    this.#known = options.known;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Gives up what is being fetched, and resolves when nothing runs any more. Nothing is called afterwards. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { source, delays, random, now, sleep: pause, firstDelayMs = 0 } = this.#options;
    const { signal } = this.#stopping;
    let failures = 0;
    if (firstDelayMs > 0) await pause(firstDelayMs, signal);
    // oxlint-disable no-await-in-loop -- one after the other is the point
    while (!signal.aborted) {
      const startedAt = now();
      const failure = await this.#once();
      if (signal.aborted) return;
      failures = failure === undefined ? 0 : failures + 1;
      let delay: number;
      if (failure !== undefined) {
        this.#options.onError(failure.cause, failures);
        delay = retryDelay(failures, failure.cause, delays, random);
      } else if (source.longPolling === true) {
        delay = longPollMs - (now() - startedAt);
      } else {
        delay = Math.max(leastMs, delays.minMs + random() * (delays.maxMs - delays.minMs));
      }
      if (delay > 0) await pause(delay, signal);
    }
    // oxlint-enable no-await-in-loop
  }

  async #once(): Promise<{ readonly cause: unknown } | undefined> {
    const { source, onBundle, onUnchanged } = this.#options;
    const { signal } = this.#stopping;
    try {
      const fetched = await source.fetch(this.#known, signal);
      if (signal.aborted) return undefined;
      if (fetched === undefined) {
        onUnchanged?.();
      } else {
        await onBundle(fetched, signal);
        this.#known = fetched.version;
      }
      return undefined;
    } catch (cause) {
      return { cause };
    }
  }
}

/** Full jitter; on top of what the server asked for, since everybody was asked for the same. */
function retryDelay(failures: number, cause: unknown, delays: Delays, random: () => number): number {
  const most = Math.min(delays.retryCapMs, delays.retryBaseMs * 2 ** Math.min(failures - 1, 30));
  const asked = cause instanceof SourceError ? (cause.retryAfterMs ?? 0) : 0;
  return Math.max(leastMs, Math.min(asked, mostRetryAfterMs) + random() * most);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // Rejects only when the signal is aborted, which the loop sees for itself.
  await timer(ms, undefined, { signal }).catch(() => undefined);
}
