import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equivalents } from './equivalent.ts';
import { type Mutant, mutantsOf } from './mutants.ts';

const tsFiles = (root: string, directory: string, ending: string): string[] =>
  readdirSync(join(root, directory))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => `${directory}/${name}`);

/** What is mutated. */
const sourceFiles = (root: string): string[] => [...tsFiles(root, 'src/csr', '.ts'), 'src/text/escape.ts'];

/** What must notice. */
export const testFiles = (root: string): string[] => [
  ...tsFiles(root, 'test/unit/csr', '.test.ts'),
  'test/unit/text/escape.test.ts',
];

export const allMutants = (root: string): Mutant[] =>
  sourceFiles(root).flatMap((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')));

export interface Change {
  readonly file: string;
  readonly original: string;
  readonly mutated: string;
}
const keyOf = ({ file, original, mutated }: Change): string => JSON.stringify([file, original, mutated]);

const known: readonly Change[] = equivalents.flatMap(({ file, original, mutated }) =>
  mutated.map((line) => ({ file, original, mutated: line })),
);
const knownKeys = new Set(known.map(keyOf));

export const isEquivalent = (mutant: Change): boolean => knownKeys.has(keyOf(mutant));

/** Those of equivalent.ts that are no mutants of the source as it is. */
export function staleEquivalents(mutants: readonly Change[]): Change[] {
  const there = new Set(mutants.map(keyOf));
  return known.filter((change) => !there.has(keyOf(change)));
}
