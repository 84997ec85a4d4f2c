import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimFact, RequestInput } from '../decide/input.ts';
import type { ClaimsIndex } from './claims.ts';

/** What the index's watch tells of itself. */
export interface WatchState {
  readonly hasSynced: boolean;
  /** Milliseconds since the watch last gave a sign of life. */
  readonly progressAgeMs: () => number;
  /** Whether everything up to a resourceVersion has been shown; unsure is no. */
  readonly hasSeen: (resourceVersion: string) => boolean;
}

export interface LiveClaimsOptions {
  /** Longest silence of the watch. The API server sends a bookmark about every minute. */
  readonly maxAgeMs: number;
  /** How long to wait for the watch to show a Node that was just read. */
  readonly catchUpMs: number;
}

const defaults: LiveClaimsOptions = { maxAgeMs: 150_000, catchUpMs: 2_000 };

/**
 * The claims index over a watch, trusted only while the watch is: an address that another Node claims since a moment
 * ago must not be approved because nobody was looking.
 */
export class LiveClaims {
  readonly #index: ClaimsIndex;
  readonly #watch: WatchState;
  readonly #options: LiveClaimsOptions;

  constructor(index: ClaimsIndex, watch: WatchState, options: LiveClaimsOptions = defaults) {
    this.#index = index;
    this.#watch = watch;
    this.#options = options;
  }

  /**
   * Waits until the index is as new as a Node that was just read.
   * @param resourceVersion of that Node; undefined when it does not exist
   * @throws Error when the index cannot be trusted
   */
  async caughtUp(resourceVersion: string | undefined): Promise<void> {
    const deadline = performance.now() + this.#options.catchUpMs;
    for (let pause = 2; ; pause *= 2) {
      const problem = this.problem();
      if (problem !== undefined) throw new Error(problem);
      // That Node itself may be in the index already while the pages of a list are still coming: not so the others.
      if (resourceVersion === undefined || this.#watch.hasSeen(resourceVersion)) return;
      if (performance.now() > deadline)
        throw new Error('the watch of Nodes lags behind the Node that was just read');
      // oxlint-disable-next-line no-await-in-loop -- waiting for the watch is the point
      await sleep(Math.min(pause, 100));
    }
  }

  claimsOf(sans: Pick<RequestInput['sans'], 'dns' | 'ip'>): ClaimFact[] {
    return this.#index.claimsOf(sans);
  }

  /** Why the index cannot be trusted at present; also a readiness check. */
  problem(): string | undefined {
    if (!this.#watch.hasSynced) return 'Nodes have not been listed yet';
    const age = this.#watch.progressAgeMs();
    if (age > this.#options.maxAgeMs)
      return `the watch of Nodes has been silent for ${String(Math.round(age / 1000))} s`;
    return undefined;
  }
}
