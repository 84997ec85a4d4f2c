import { setTimeout as sleep } from 'node:timers/promises';
import { Deviation } from './deviation.ts';
import type { Screen } from './screen.ts';

const pollMs = 20;

/** Everything that was started, and how to wait for something without outliving an interruption. */
export class Stage {
  readonly screen: Screen;
  /** Aborted by Ctrl-C and the like; every wait ends by it. */
  readonly signal: AbortSignal;
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #guards: (() => void)[] = [];
  readonly #evidence: (() => string)[] = [];

  constructor(screen: Screen, signal: AbortSignal) {
    this.screen = screen;
    this.signal = signal;
  }

  /** Closed in reverse order. To be called at once, before anything else is awaited. */
  defer(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  /** Throws while waiting, when something that must go on does not. */
  guard(check: () => void): void {
    this.#guards.push(check);
  }

  /** What to show of it when the demo fails. */
  record(evidence: () => string): void {
    this.#evidence.push(evidence);
  }

  get evidence(): string[] {
    return this.#evidence.map((show) => show());
  }

  /** Ends everything, also when one thing does not end well; then that is thrown. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0).toReversed())
      await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /** Looks until there is an answer. `otherwise` tells what there is instead. */
  async until<T>(
    look: () => T | undefined | Promise<T | undefined>,
    limitMs: number,
    otherwise: () => string,
  ): Promise<T> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      this.signal.throwIfAborted();
      for (const check of this.#guards) check();
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Deviation(`after ${limitMs / 1000} s: ${otherwise()}`);
      await sleep(pollMs, undefined, { signal: this.signal });
    }
  }
}
