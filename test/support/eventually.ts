import { setTimeout as sleep } from 'node:timers/promises';

export interface EventuallyOptions {
  readonly withinMs?: number;
  /** Said when time has run out, for example the program's log. */
  readonly explain?: () => string;
}

/** What a test waits for is not there yet; says what is there instead. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

/**
 * Asks again until the answer is neither undefined nor an error, for a bounded time. The one way in which tests wait for
 * something that another process does.
 */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  { withinMs = 15_000, explain }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown = new NotYet('nothing was found');
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 200)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- asking again is the point
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const more = explain === undefined ? '' : `\n${explain()}`;
      throw new Error(`not within ${String(withinMs)} ms: ${String(last)}${more}`, { cause: last });
    }
    // oxlint-disable-next-line no-await-in-loop
    await sleep(pauseMs);
  }
}
