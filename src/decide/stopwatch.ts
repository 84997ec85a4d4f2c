/** Milliseconds since some fixed moment, with fractions; never goes back. */
export type MonotonicClock = () => number;

type Stage = 'decode' | 'form' | 'facts' | 'evaluation';

/** How long the stages of a decision took, in milliseconds. One that it did not come to is absent; without a clock all are. */
export type Timings = Readonly<Partial<Record<Stage | 'total', number>>>;

/** Times the stages of one decision, one after the other. */
export class Stopwatch {
  readonly #clock: MonotonicClock | undefined;
  readonly #begin: number;
  #last: number;
  readonly #timings: Partial<Record<Stage | 'total', number>> = {};

  constructor(clock?: MonotonicClock) {
    this.#clock = clock;
    this.#begin = clock?.() ?? 0;
    this.#last = this.#begin;
  }

  /** A stage has ended, and the next one begins. */
  lap(stage: Stage): void {
    if (this.#clock === undefined) return;
    const now = this.#clock();
    this.#timings[stage] = now - this.#last;
    this.#timings.total = now - this.#begin;
    this.#last = now;
  }

  get timings(): Timings {
    return this.#timings;
  }
}
