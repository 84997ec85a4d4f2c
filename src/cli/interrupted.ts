import { CommandError } from './error.ts';
import type { IO } from './io.ts';

/**
 * Rejects when the command is told to stop.
 * @param what came of it until then
 */
export function interrupted({ stopping }: IO, what: string): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new CommandError('Interrupted', `told to stop: ${what}`));
    if (stopping.aborted) stop();
    else stopping.addEventListener('abort', stop, { once: true });
  });
}
