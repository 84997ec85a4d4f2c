/** Takes an item in; says whether it wants more. */
type Take = (item: unknown) => boolean;

/** Somebody who reads along. Settled once, whatever comes later. */
class Reader {
  readonly #take: Take;
  readonly #result = Promise.withResolvers<void>();
  #settled = false;

  constructor(take: Take, deadlineMs: number) {
    this.#take = take;
    const timer = setTimeout(
      () => this.fail(new Error(`the list has not come to its end in ${String(deadlineMs)} ms`)),
      deadlineMs,
    );
    const clear = () => clearTimeout(timer);
    this.#result.promise.then(clear, clear);
  }

  get result(): Promise<void> {
    return this.#result.promise;
  }

  get settled(): boolean {
    return this.#settled;
  }

  page(items: readonly unknown[]): void {
    try {
      for (const item of items) if (this.#settled || !this.#take(item)) return this.end();
    } catch (error) {
      this.fail(error);
    }
  }

  end(): void {
    this.#settled = true;
    this.#result.resolve();
  }

  fail(error: unknown): void {
    this.#settled = true;
    this.#result.reject(error);
  }
}

/**
 * Lists for many decisions at once. Who asks reads a list that begins after he has asked, so that he sees what was there
 * then; all who ask while one is running share the next. A hundred decisions at once cost two lists, not a hundred.
 */
export class SharedLists {
  readonly #deadlineMs: number;
  /** By list that is running: who waits for the next one. */
  readonly #waiting = new Map<string, Reader[]>();

  /** @param deadlineMs for whoever asks, from then on */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Gives every item of a list to `take`, until that wants no more.
   * @param pages begins the list; the same for all who give the same key
   */
  read(key: string, pages: () => AsyncIterable<readonly unknown[]>, take: Take): Promise<void> {
    const reader = new Reader(take, this.#deadlineMs);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) void this.#run(key, pages, [reader]);
    else waiting.push(reader);
    return reader.result;
  }

  async #run(key: string, pages: () => AsyncIterable<readonly unknown[]>, first: Reader[]): Promise<void> {
    for (let readers = first; readers.length > 0;) {
      const next: Reader[] = [];
      this.#waiting.set(key, next);
      // oxlint-disable-next-line no-await-in-loop -- one at a time
      await readPages(pages, readers);
      readers = next.filter(({ settled }) => !settled);
    }
    this.#waiting.delete(key);
  }
}

async function readPages(pages: () => AsyncIterable<readonly unknown[]>, readers: readonly Reader[]) {
  try {
    for await (const items of pages()) {
      for (const reader of readers) if (!reader.settled) reader.page(items);
      if (readers.every(({ settled }) => settled)) return;
    }
    for (const reader of readers) reader.end();
  } catch (error) {
    for (const reader of readers) reader.fail(error);
  }
}
