export interface Settings {
  /** How many mutants; all unless told. */
  readonly count: number;
  readonly seed: number;
  readonly lanes: number;
}

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${name}: ${text} is no positive number`);
  return value;
};

/** From MUTATIONS (a number, or `all`), SEED and LANES. */
export function settingsOf(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { MUTATIONS = 'all', SEED = '1', LANES = '2' } = environment;
  return {
    count: MUTATIONS === 'all' ? Infinity : whole('MUTATIONS', MUTATIONS),
    seed: whole('SEED', SEED),
    lanes: whole('LANES', LANES),
  };
}

/** Numbers from 0 to 1 of that seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** That many of them, the same for the same seed, in their old order. */
export function sample<T>(all: readonly T[], { count, seed }: Settings): T[] {
  const next = random(seed);
  const ranked = all.map((item, i) => ({ item, i, rank: next() }));
  return ranked
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, count)
    .toSorted((a, b) => a.i - b.i)
    .map(({ item }) => item);
}
