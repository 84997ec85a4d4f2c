import type { Mutant } from './mutants.ts';
import type { Result } from './run.ts';
import { type Change, isEquivalent } from './subjects.ts';

const shown = ({ file, line, original, mutated }: Mutant): string =>
  `  ${file}:${line}\n    - ${original}\n    + ${mutated}`;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`\n${title}`, ...lines];

/**
 * What came of it. Good is only: every mutant is killed, but for those that are known to be no change; and what
 * is known is still true.
 */
export function report(
  results: readonly Result[],
  stale: readonly Change[],
): { readonly text: string; readonly good: boolean } {
  const dead = results.filter(({ outcome }) => outcome.kind !== 'survived');
  const stuck = results.filter(({ outcome }) => outcome.kind === 'stuck');
  const survivors = results.filter(
    ({ mutant, outcome }) => outcome.kind === 'survived' && !isEquivalent(mutant),
  );
  const wrong = dead.filter(({ mutant }) => isEquivalent(mutant));
  const counted = dead.length + survivors.length;
  const score = counted === 0 ? 100 : (100 * dead.length) / counted;
  const text = [
    ...section(
      'Ended by the deadline or by running out of memory:',
      stuck.map(({ mutant }) => shown(mutant)),
    ),
    ...section(
      'Survivors; a test is missing, or a row of equivalent.ts:',
      survivors.map(({ mutant }) => shown(mutant)),
    ),
    ...section(
      'Killed, though equivalent.ts says that they cannot be:',
      wrong.map(({ mutant }) => shown(mutant)),
    ),
    ...section(
      'In equivalent.ts, but no mutants of the source as it is:',
      stale.map(({ file, original, mutated }) => `  ${file}\n    - ${original}\n    + ${mutated}`),
    ),
    `\n${results.length} mutants: ${dead.length} killed, ${survivors.length} survived, ` +
      `${results.length - counted} equivalent; score ${score.toFixed(1)} %`,
  ].join('\n');
  return { text, good: survivors.length === 0 && wrong.length === 0 && stale.length === 0 };
}
