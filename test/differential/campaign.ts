import { Worker } from 'node:worker_threads';
import type { Recipe } from './mutate/mutant.ts';
import { add, emptyTally, type Tally } from './tally.ts';

export interface Share {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
}

export interface Failure {
  readonly recipe: Recipe;
  readonly request: Uint8Array;
  readonly breaches: readonly string[];
}

export interface Outcome {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
}

/** Runs mutants on several threads, each with an oracle of its own. The number of threads changes no mutant. */
export async function campaign(seed: number, mutants: number, threads: number): Promise<Outcome> {
  const each = Math.ceil(mutants / threads);
  const shares = Array.from({ length: threads }, (_, i) => ({
    seed,
    first: i * each,
    count: Math.max(0, Math.min(each, mutants - i * each)),
  }));
  const outcomes = await Promise.all(shares.map(run));
  return {
    tally: outcomes.reduce((sum, { tally }) => add(sum, tally), emptyTally()),
    failures: outcomes.flatMap(({ failures }) => failures),
  };
}

function run(share: Share): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // No flags of whoever runs us: Node runs the TypeScript as it is.
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: share, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with ${code} before it was done`)));
  });
}
