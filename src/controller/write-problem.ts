/** How long a refused write keeps the program from being ready. */
const shownMs = 300_000;

/** The last complaint about writing, until a write succeeds. */
export class WriteProblem {
  #last: { readonly text: string; readonly at: number } | undefined;

  /** @param at milliseconds of a monotonic clock */
  seen(text: string, at: number): void {
    this.#last = { text, at };
  }

  over(): void {
    this.#last = undefined;
  }

  /** A write is tried again every minute while its request is there; what is older is about one that is gone. */
  recent(now: number): string | undefined {
    return this.#last !== undefined && now - this.#last.at < shownMs ? this.#last.text : undefined;
  }
}
