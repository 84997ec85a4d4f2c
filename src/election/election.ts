import type { ElectionTimes, LeaseReading } from './lease.ts';

/**
 * Who leads, as one candidate sees it; nothing but arithmetic. All times are milliseconds of one monotonic clock, its own:
 * what a Lease says of the time was written by another one's wall clock, and is never read.
 *
 * Others are given, from when a change of theirs is *seen*, as long as their Lease says. We count from when our own renewal
 * was *begun*, and stop after `renewMs`, which is less: so we have stopped before anybody may begin.
 */
export class Election {
  readonly identity: string;
  readonly #times: ElectionTimes;
  #leading = false;
  #renewedAt = -Infinity;
  #holder = '';
  #mark: string | undefined;
  /** Until then somebody else may act, by what has been seen. */
  #othersUntil = -Infinity;

  /** @param identity of this process and no other one, ever */
  constructor(identity: string, times: ElectionTimes) {
    this.identity = identity;
    this.#times = times;
  }

  /** It was the leader when last heard of; whether it may act still is `mayAct`. */
  get leading(): boolean {
    return this.#leading;
  }

  /** Of the Lease as it was seen last; empty: nobody. */
  get holder(): string {
    return this.#holder;
  }

  get othersUntil(): number {
    return this.#othersUntil;
  }

  mayAct(now: number): boolean {
    return this.#leading && now < this.actsUntil;
  }

  get actsUntil(): number {
    return this.#renewedAt + this.#times.renewMs;
  }

  /** Nobody else may take the Lease before. */
  get heldUntil(): number {
    return this.#renewedAt + this.#times.leaseMs;
  }

  /** Whether the Lease, as it was seen last, is to be written with us as its holder. */
  wants(now: number): boolean {
    return this.#leading || now >= this.#othersUntil;
  }

  /**
   * The Lease was read. That it is gone, or empty without having been released, takes nothing from a leader that was seen
   * before: it does not know yet.
   * @param reading undefined when there is none
   */
  saw(reading: LeaseReading | undefined, now: number): void {
    const { holder, mark } = reading ?? { holder: '', mark: undefined };
    const changed = mark !== this.#mark;
    this.#holder = holder;
    this.#mark = mark;
    if (reading === undefined || holder === this.identity) return;
    if (holder === '') {
      if (reading.released) this.#othersUntil = -Infinity;
      return;
    }
    this.#leading = false;
    if (changed) this.#othersUntil = Math.max(this.#othersUntil, now + reading.leaseMs);
  }

  /** The API server has taken our write. @param beganAt before it was sent */
  took(reading: LeaseReading, beganAt: number): void {
    this.#leading = true;
    this.#renewedAt = beganAt;
    this.#holder = this.identity;
    this.#mark = reading.mark;
    this.#othersUntil = -Infinity;
  }

  /** Acts no longer, whatever the Lease says. */
  stop(): void {
    this.#leading = false;
  }
}
