import { parentPort, workerData } from 'node:worker_threads';
import { Oracle } from '../oracle/oracle.ts';
import type { Failure, Outcome, Share } from './campaign.ts';
import { judge } from './judge.ts';
import { breaches } from './law.ts';
import { prepare, recipe, type Recipe } from './mutate/mutant.ts';
import { readRequest } from './reading.ts';
import { count, emptyTally } from './tally.ts';

/** As many as fit into a pipe at once: the oracle then works while we do. */
const BATCH = 64;
/** Enough to see what is wrong; a broken decoder would fail them all. */
const MAX_FAILURES = 20;

async function run({ seed, first, count: mutants }: Share): Promise<Outcome> {
  const oracle = await Oracle.start();
  const tally = emptyTally();
  const failures: Failure[] = [];
  for (let at = first; at < first + mutants && failures.length < MAX_FAILURES; at += BATCH) {
    const size = Math.min(BATCH, first + mutants - at);
    const recipes: Recipe[] = Array.from({ length: size }, (_, i) => recipe(seed, at + i));
    const requests = recipes.map(prepare);
    const asked = oracle.askAll(requests);
    const readings = requests.map(readRequest);
    for (const [i, theirs] of (await asked).entries()) {
      const [request, ours, made] = [requests[i], readings[i], recipes[i]];
      if (request === undefined || ours === undefined || made === undefined)
        throw new TypeError('out of step');
      count(tally, ours, theirs);
      const found = breaches(request, ours, theirs, judge);
      if (found.length > 0) failures.push({ recipe: made, request, breaches: found });
    }
  }
  await oracle.close();
  return { tally, failures };
}

const share: Share = workerData;
parentPort?.postMessage(await run(share), []);
