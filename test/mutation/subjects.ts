import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Equivalent, equivalents } from './equivalent.ts';
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

const keyOf = ({ file, original, mutated }: Pick<Equivalent, 'file' | 'original' | 'mutated'>): string =>
  JSON.stringify([file, original, mutated]);

const known = new Map(equivalents.map((entry) => [keyOf(entry), entry]));

export const equivalentOf = (mutant: Mutant): Equivalent | undefined => known.get(keyOf(mutant));

/** Entries of lines that are no more. */
export function staleEquivalents(mutants: readonly Mutant[]): Equivalent[] {
  const there = new Set(mutants.map(keyOf));
  return equivalents.filter((entry) => !there.has(keyOf(entry)));
}
