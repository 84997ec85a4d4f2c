import { equivalents } from './equivalent.ts';
import type { Result } from './run.ts';
import type { Subject } from './subjects.ts';

/** What names a mutant in equivalent.ts. */
export type Named = Pick<Subject, 'file' | 'where' | 'original' | 'mutated'>;

const keyOf = ({ file, where, original, mutated }: Named): string =>
  JSON.stringify([file, where, original, mutated]);

const PLACES = ['everywhere', 'the floor alone'] as const;

const known: readonly Named[] = equivalents.flatMap(({ file, where, original, mutated }) =>
  PLACES.filter((place) => where === 'both' || where === place).flatMap((place) =>
    mutated.map((line) => ({ file, where: place, original, mutated: line })),
  ),
);
const knownKeys = new Set(known.map(keyOf));
const isEquivalent = (subject: Named): boolean => knownKeys.has(keyOf(subject));

/** Those of equivalent.ts that are no mutants of the policies as they are. */
export function staleEquivalents(subjects: readonly Named[]): Named[] {
  const there = new Set(subjects.map(keyOf));
  return known.filter((one) => !there.has(keyOf(one)));
}

const change = ({ original, mutated }: Named): string =>
  `    - ${original}\n    + ${mutated === '' ? '(left out)' : mutated}`;

const shown = ({ subject }: Result): string => `  ${subject.file}:${subject.line}\n${change(subject)}`;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`\n${title}`, ...lines];

const percent = (part: number, whole: number): string =>
  `${(whole === 0 ? 100 : (100 * part) / whole).toFixed(1)} %`;

/** A line of figures; invalid and equivalent mutants are in no score. */
function figures(results: readonly Result[]): string {
  const of = (kind: Result['outcome']['kind']): Result[] =>
    results.filter(({ outcome }) => outcome.kind === kind);
  const [cases, tests, invalid] = [
    of('killed by a case').length,
    of('killed by a unit test').length,
    of('invalid').length,
  ];
  const equivalent = of('survived').filter(({ subject }) => isEquivalent(subject)).length;
  const valid = results.length - invalid - equivalent;
  const alive = valid - cases - tests;
  return (
    `${results.length} mutants: ${cases} killed by cases, ${tests} by unit tests alone, ${alive} survived, ` +
    `${equivalent} equivalent, ${invalid} invalid; score of the cases ${percent(cases, valid)}, ` +
    `with the unit tests ${percent(cases + tests, valid)}`
  );
}

const isSurvivor = ({ subject, outcome }: Result): boolean =>
  outcome.kind === 'survived' && !isEquivalent(subject);

/** A mutant that an approval could hang on, and that only a unit test notices: for who writes cases. */
const onlyByTests = ({ outcome }: Result): boolean => outcome.kind === 'killed by a unit test';

/**
 * What came of it. Good is only: every mutant that opa takes is killed, but for those that are known to be no
 * change; and what is known is still true.
 */
export function report(
  results: readonly Result[],
  stale: readonly Named[],
): { readonly text: string; readonly good: boolean } {
  const wrong = results.filter(
    ({ subject, outcome }) => outcome.kind !== 'survived' && isEquivalent(subject),
  );
  const lines = PLACES.flatMap((place) => {
    const here = results.filter(({ subject }) => subject.where === place);
    return [
      ...section(`Noticed by unit tests alone, ${place}:`, here.filter(onlyByTests).map(shown)),
      ...section(
        `Survivors, ${place}; a case or a test is missing, or a row of equivalent.ts:`,
        here.filter(isSurvivor).map(shown),
      ),
    ];
  });
  const text = [
    ...lines,
    ...section('Killed or invalid, though equivalent.ts says that they cannot be killed:', wrong.map(shown)),
    ...section(
      'In equivalent.ts, but no mutants of the policies as they are:',
      stale.map((one) => `  ${one.file}, ${one.where}\n${change(one)}`),
    ),
    '',
    ...PLACES.map(
      (place) => `${place}: ${figures(results.filter(({ subject }) => subject.where === place))}`,
    ),
  ].join('\n');
  return { text, good: !results.some(isSurvivor) && wrong.length === 0 && stale.length === 0 };
}
