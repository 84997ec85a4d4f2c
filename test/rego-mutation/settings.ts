import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface Settings {
  /** Files whose path holds this text; all unless told. */
  readonly only: string;
  /** How many mutants; all unless told. */
  readonly count: number;
  readonly seed: number;
  readonly lanes: number;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`--${name}: ${text} is no positive number`);
  }
  return value;
}

/** From the command line; `random` gives the seed of a sample unless one is named. */
export function settingsOf(args: readonly string[], random: () => number): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      sample: { type: 'string' },
      seed: { type: 'string' },
      lanes: { type: 'string', default: String(availableParallelism()) },
    },
  });
  return {
    only: values.only,
    count: values.sample === undefined ? Infinity : whole('sample', values.sample),
    seed: values.seed === undefined ? 1 + Math.floor(random() * 1_000_000) : whole('seed', values.seed),
    lanes: whole('lanes', values.lanes),
  };
}
