import { basename } from 'node:path';
import { Lane, type Outcome } from './lane.ts';
import type { Mutant } from './mutants.ts';
import type { Settings } from './settings.ts';

export interface Result {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
}

/** What each test file takes when nothing is wrong. */
async function timeOf(lane: Lane, tests: readonly string[]): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const [i, file] of tests.entries()) {
    const began = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- one at a time, to see how long each takes
    const outcome = await lane.run({ id: -1 - i, file: '', text: '', tests: [file] }, () => 120_000);
    if (outcome.kind !== 'survived') {
      throw new Error(`${file} fails on the source as it is: ${JSON.stringify(outcome)}`);
    }
    times.set(file, performance.now() - began);
  }
  return times;
}

/** The test file of the same name first, then those that killed most in the same source, then the quick ones. */
class Order {
  readonly #times: ReadonlyMap<string, number>;
  readonly #kills = new Map<string, number>();

  constructor(times: ReadonlyMap<string, number>) {
    this.#times = times;
  }

  killed(source: string, test: string): void {
    const key = `${source} ${test}`;
    this.#kills.set(key, (this.#kills.get(key) ?? 0) + 1);
  }

  testsFor(source: string): string[] {
    const own = `${basename(source, '.ts')}.test.ts`;
    const weight = (test: string): number =>
      (basename(test) === own ? 100 : 0) + (this.#kills.get(`${source} ${test}`) ?? 0);
    return [...this.#times]
      .toSorted(([a, timeOfA], [b, timeOfB]) => weight(b) - weight(a) || timeOfA - timeOfB)
      .map(([test]) => test);
  }
}

/** Runs the tests against each mutant. `seen` is told of each as it is done. */
export async function runAll(
  mutants: readonly Mutant[],
  tests: readonly string[],
  root: string,
  { seed, lanes }: Settings,
  seen: (result: Result) => void,
): Promise<Result[]> {
  const open = Array.from({ length: lanes }, () => new Lane(root, seed));
  try {
    const [first = new Lane(root, seed)] = open;
    const times = await timeOf(first, tests);
    const order = new Order(times);
    // The machine has other things to do, too; a mutant that loops costs this much.
    const deadline = (file: string): number => 5000 + 6 * (times.get(file) ?? 0);
    const results: Result[] = [];
    const queue = mutants.entries();
    const work = async (lane: Lane): Promise<void> => {
      for (const [id, mutant] of queue) {
        const { file, text } = mutant;
        // oxlint-disable-next-line no-await-in-loop -- a lane does one thing at a time
        const outcome = await lane.run({ id, file, text, tests: order.testsFor(file) }, deadline);
        if (outcome.kind === 'killed') order.killed(file, outcome.file);
        results[id] = { mutant, outcome };
        seen({ mutant, outcome });
      }
    };
    await Promise.all(open.map(work));
    return results;
  } finally {
    for (const lane of open) lane.close();
  }
}
