/**
 * Mutates the decoder and the escaper, and runs their unit tests against each mutant: `make test-extended`.
 * MUTATIONS=100 SEED=7 node test/mutation/main.ts takes a sample.
 */
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { report } from './report.ts';
import { type Result, runAll } from './run.ts';
import { sample, settingsOf } from './settings.ts';
import { allMutants, staleEquivalents, testFiles } from './subjects.ts';

const PROGRESS_EVERY = 30_000;

const settings = settingsOf(process.env);
const here = fileURLToPath(new URL('../..', import.meta.url));

// A copy: the run takes minutes, and the source may change meanwhile.
const root = realpathSync(mkdtempSync(join(tmpdir(), 'mutation-')));
try {
  for (const part of ['src', 'test/unit', 'test/support', 'package.json']) {
    cpSync(join(here, part), join(root, part), { recursive: true });
  }
  symlinkSync(join(here, 'node_modules'), join(root, 'node_modules'));

  const all = allMutants(root);
  const chosen = sample(all, settings);
  console.log(`${chosen.length} of ${all.length} mutants, seed ${settings.seed}`);

  const began = performance.now();
  let done = 0;
  let alive = 0;
  const progress = setInterval(() => {
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`${seconds} s: ${done} of ${chosen.length}, ${alive} alive`);
  }, PROGRESS_EVERY);
  let results: Result[];
  try {
    results = await runAll(chosen, testFiles(root), root, settings, ({ outcome }) => {
      done += 1;
      if (outcome.kind === 'survived') alive += 1;
    });
  } finally {
    clearInterval(progress);
  }

  const { text, good } = report(results, staleEquivalents(all));
  console.log(`${text}\nin ${Math.round((performance.now() - began) / 1000)} s`);
  if (!good) process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
