/**
 * Mutates the rules of the floor and of the default policies, and asks the cases and the unit tests of the policies
 * whether they notice: `make test-extended`.
 *
 *     node test/rego-mutation/main.ts [--only FILE] [--sample N] [--seed S] [--lanes N]
 */
import { sample } from '../mutation/settings.ts';
import { policiesPath } from '../rego/paths.ts';
import { report, staleEquivalents } from './report.ts';
import { type Result, runAll } from './run.ts';
import { settingsOf } from './settings.ts';
import { allSubjects } from './subjects.ts';

const PROGRESS_EVERY = 30_000;

const { only, ...settings } = settingsOf(process.argv.slice(2), Math.random);
const all = await allSubjects(policiesPath());
const chosen = sample(
  all.filter(({ file }) => file.includes(only)),
  settings,
);
if (chosen.length === 0) throw new Error(`no file whose path holds ${only}`);
console.log(`${chosen.length} of ${all.length} mutants, seed ${settings.seed}`);

const began = performance.now();
const seconds = (): number => Math.round((performance.now() - began) / 1000);
let done = 0;
let alive = 0;
const progress = setInterval(() => {
  console.log(`${seconds()} s: ${done} of ${chosen.length}, ${alive} alive`);
}, PROGRESS_EVERY);
let results: Result[];
try {
  results = await runAll(chosen, settings.lanes, ({ outcome }) => {
    done += 1;
    if (outcome.kind === 'survived') alive += 1;
  });
} finally {
  clearInterval(progress);
}

const { text, good } = report(results, staleEquivalents(all));
console.log(`${text}\nin ${seconds()} s`);
if (!good) process.exitCode = 1;
