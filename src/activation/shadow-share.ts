/**
 * Keeps work to a share of the time: what was spent beyond a burst is made up for by a rest. A candidate that takes nearly
 * its whole deadline each time would otherwise take as much as one that spins.
 */
export class TimeShare {
  readonly #share: number;
  readonly #burstMs: number;
  readonly #clock: () => number;
  /** Not made up for yet. */
  #spentMs = 0;
  #at: number;

  /**
   * @param share of all time, above 0 and below 1
   * @param burstMs may be spent before any rest
   * @param clock milliseconds; never goes back
   */
  constructor(share: number, burstMs: number, clock: () => number) {
    this.#share = share;
    this.#burstMs = burstMs;
    this.#clock = clock;
    this.#at = clock();
  }

  /**
   * Takes account of work that has just ended.
   * @returns for how long there should be no more of it, in milliseconds
   */
  spent(ms: number): number {
    const now = this.#clock();
    // The time of the work itself makes up for nothing.
    const idle = Math.max(0, now - this.#at - ms);
    this.#at = now;
    this.#spentMs = Math.max(0, this.#spentMs - idle * this.#rate) + ms;
    return Math.max(0, this.#spentMs - this.#burstMs) / this.#rate;
  }

  /** Of work, for each millisecond of rest. */
  get #rate(): number {
    return this.#share / (1 - this.#share);
  }
}
