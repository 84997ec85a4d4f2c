import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policiesPath } from '../rego/paths.ts';
import { Judge, Likely, type Outcome } from './judge.ts';
import type { Subject } from './subjects.ts';

export interface Result {
  readonly subject: Subject;
  readonly outcome: Outcome;
}

/** Tries each mutant, so many at a time. `seen` is told of each as it is done. */
export async function runAll(
  subjects: readonly Subject[],
  lanes: number,
  seen: (result: Result) => void,
): Promise<Result[]> {
  const likely = await Likely.load();
  const open = Array.from(
    { length: lanes },
    () => new Judge(policiesPath(), mkdtempSync(join(tmpdir(), 'rego-mutation-')), likely),
  );
  try {
    const untouched = await open[0]?.judge({ file: '', texts: new Map() });
    if (untouched?.kind !== 'survived') {
      throw new Error(`the policies fail as they are: ${JSON.stringify(untouched)}`);
    }
    const results: Result[] = [];
    const queue = subjects.entries();
    const work = async (judge: Judge): Promise<void> => {
      for (const [i, subject] of queue) {
        // oxlint-disable-next-line no-await-in-loop -- a lane does one thing at a time
        const outcome = await judge.judge(subject);
        results[i] = { subject, outcome };
        seen(results[i]);
      }
    };
    await Promise.all(open.map(work));
    return results;
  } finally {
    for (const judge of open) judge.close();
  }
}
