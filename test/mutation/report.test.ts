import { expect, test } from 'vitest';
import { equivalents } from './equivalent.ts';
import type { Outcome } from './lane.ts';
import { report } from './report.ts';
import { sample } from './settings.ts';

const killed: Outcome = { kind: 'killed', file: 'a.test.ts', test: 'a' };
const survived: Outcome = { kind: 'survived' };
const [{ file, original, mutated }] = equivalents as [(typeof equivalents)[number]];
const known = { file, line: 1, original, mutated: mutated[0] ?? '', text: '' };
const unknown = { ...known, original: 'a();', mutated: ';' };

test.each([
  ['all are killed', [{ mutant: unknown, outcome: killed }], [], true, 'score 100.0 %'],
  ['the survivor is known', [{ mutant: known, outcome: survived }], [], true, '1 equivalent'],
  ['a survivor is not known', [{ mutant: unknown, outcome: survived }], [], false, 'score 0.0 %'],
  ['what is known is killed', [{ mutant: known, outcome: killed }], [], false, 'they cannot be'],
  ['what is known is no more', [], [unknown], false, 'no mutants of the source'],
] as const)('%s', (_name, results, stale, good, text) => {
  const said = report(results, stale);
  expect(said.good).toBe(good);
  expect(said.text).toContain(text);
});

test('a sample is the same for the same seed, and in order', () => {
  const all = Array.from({ length: 100 }, (_, i) => i);
  const of = (seed: number) => sample(all, { count: 10, seed, lanes: 1 });
  expect(of(1)).toEqual(of(1));
  expect(of(1)).not.toEqual(of(2));
  expect(of(1)).toEqual(of(1).toSorted((a, b) => a - b));
});
