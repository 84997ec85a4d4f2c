import { maxQuestions } from './question.ts';

const places = BigInt(maxQuestions);

/**
 * Which of several questions a thread is at, and since when: the only thing that two threads read and write at once. One
 * number, so that both are of the same moment.
 */
export class Progress {
  /** To be handed to the thread. */
  readonly shared: SharedArrayBuffer;
  readonly #cell: BigInt64Array;

  constructor(shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#cell = new BigInt64Array(shared);
  }

  /** @param now nanoseconds of the clock that all threads share, `process.hrtime.bigint()` */
  begin(index: number, now: bigint): void {
    Atomics.store(this.#cell, 0, (now / places) * places + BigInt(index));
  }

  /** @returns the place of the question, and for how many milliseconds it has been evaluated */
  read(now: bigint): { readonly index: number; readonly forMs: number } {
    const since = Atomics.load(this.#cell, 0);
    return { index: Number(since % places), forMs: Number(now - since) / 1e6 };
  }
}
