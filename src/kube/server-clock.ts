/** HTTP tells time in whole seconds, and servers behind one address differ by a little: what is less far back says nothing new. */
const toleranceMs = 5_000;

/**
 * The API server's wall clock, by the `Date` of its answers (RFC 9110 §6.6.1) and a monotonic clock in between. Creation
 * times are stamped by it, so ages are told by it as well: our own machine's clock may be wrong, or be set at any moment,
 * and a request that seems to be an hour old is one that nobody looks at any more.
 */
export class ServerClock {
  readonly #monotonic: () => number;
  #offset: number | undefined;

  /** @param monotonic milliseconds since some fixed moment */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /**
   * @param date header of an answer that has just come; whatever is no date is not taken
   * @param askedAt when that was asked for, by the monotonic clock: it may have been stamped then, and be on its way since
   */
  saw(date: string | string[] | undefined, askedAt: number): void {
    const at = typeof date === 'string' ? Date.parse(date) : NaN;
    if (Number.isNaN(at)) return;
    const offset = at - this.#monotonic();
    const known = this.#offset;
    if (known === undefined || offset > known || at - askedAt < known - toleranceMs) this.#offset = offset;
  }

  /** Behind the server's by a second at most; undefined before its first answer. */
  now(): Date | undefined {
    return this.#offset === undefined ? undefined : new Date(this.#offset + this.#monotonic());
  }
}
