export interface Pace {
  /** Requests a second in the long run. */
  readonly qps: number;
  /** Requests that may be made at once after a time without any. */
  readonly burst: number;
}

/**
 * How a request takes its turn: it waits for it; or it counts but goes ahead, because others have waited for it already
 * (a verdict must not grow old before it is written). Whatever says neither is not held back: leases, watches and lists.
 */
export type Turn = 'waits' | 'ahead';

/** A token bucket that gives out turns in the order in which they are asked for. */
export class Pacer {
  readonly #pace: Pace;
  readonly #now: () => number;
  /** Below 0 those who wait have taken it already. */
  #tokens: number;
  #filledAt: number;

  /** @param now milliseconds of a monotonic clock */
  constructor(pace: Pace, now: () => number) {
    this.#pace = pace;
    this.#now = now;
    this.#tokens = pace.burst;
    this.#filledAt = now();
  }

  /** Milliseconds until the next turn, which nobody has taken yet. */
  delayMs(): number {
    this.#fill();
    return Math.max(0, ((1 - this.#tokens) / this.#pace.qps) * 1000);
  }

  /** Takes that turn. */
  take(): void {
    this.#fill();
    this.#tokens -= 1;
  }

  #fill(): void {
    const now = this.#now();
    const more = ((now - this.#filledAt) / 1000) * this.#pace.qps;
    this.#tokens = Math.min(this.#pace.burst, this.#tokens + more);
    this.#filledAt = now;
  }
}
