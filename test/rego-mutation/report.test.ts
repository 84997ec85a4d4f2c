import { expect, test } from 'vitest';
import { equivalents } from './equivalent.ts';
import type { Outcome } from './judge.ts';
import { type Named, report, staleEquivalents } from './report.ts';
import { settingsOf } from './settings.ts';

const byCase: Outcome = { kind: 'killed by a case', id: 'A-01' };
const byTest: Outcome = { kind: 'killed by a unit test' };
const invalid: Outcome = { kind: 'invalid' };
const survived: Outcome = { kind: 'survived' };

const [{ file, original, mutated }] = equivalents as [(typeof equivalents)[number]];
const rest = { line: 1, text: '', texts: new Map<string, string>() };
const known = { ...rest, file, where: 'everywhere' as const, original, mutated: mutated[0] ?? '' };
const unknown = { ...known, original: 'a if b', mutated: 'a if true' };

test.each([
  ['a case notices', unknown, byCase, [], true, '1 killed by cases'],
  ['a unit test notices', unknown, byTest, [], true, 'cases 0.0 %, with the unit tests 100.0 %'],
  ['opa refuses it', unknown, invalid, [], true, 'cases 100.0 %, with the unit tests 100.0 %'],
  ['the survivor is known', known, survived, [], true, '1 equivalent'],
  ['a survivor is not known', unknown, survived, [], false, 'cases 0.0 %, with the unit tests 0.0 %'],
  ['what is known is killed', known, byCase, [], false, 'though equivalent.ts says'],
  ['what is known is invalid', known, invalid, [], false, 'though equivalent.ts says'],
  ['what is known is no more', unknown, byCase, [unknown], false, 'no mutants of the policies'],
] as const)('%s', (_name, subject, outcome, stale, good, text) => {
  const said = report([{ subject, outcome }], stale);
  expect(said.good).toBe(good);
  expect(said.text).toContain(text);
});

test('what is said to be equivalent must be there', () => {
  const there: Named[] = equivalents.flatMap((row) =>
    row.mutated.flatMap((line) =>
      (row.where === 'both' ? (['everywhere', 'the floor alone'] as const) : [row.where]).map((where) => ({
        ...row,
        where,
        mutated: line,
      })),
    ),
  );
  expect(staleEquivalents(there)).toEqual([]);
  expect(staleEquivalents(there.slice(1))).toHaveLength(1);
});

const random = (): number => 0.5;

test('the command line', () => {
  expect(settingsOf([], random)).toMatchObject({ only: '', count: Infinity, seed: 500_001 });
  expect(
    settingsOf(['--only', 'a.rego', '--sample', '9', '--seed', '7', '--lanes', '1'], random),
  ).toStrictEqual({ only: 'a.rego', count: 9, seed: 7, lanes: 1 });
  expect(() => settingsOf(['--sample', '0'], random)).toThrow('--sample: 0 is no positive number');
  expect(() => settingsOf(['--smaple', '9'], random)).toThrow('--smaple');
});
