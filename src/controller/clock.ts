/** Time as the controller's machinery sees it. Monotonic: steps of the wall clock must not fire or delay anything. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls back once; returns how to cancel. */
  after(ms: number, call: () => void): () => void;
}

/** Longer delays overflow Node's timers, which then fire at once. */
const MAX_TIMEOUT = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(Math.max(ms, 0), MAX_TIMEOUT));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when the signal is or becomes aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
