/** What is mutated: all rules of the floor and of the default policies. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleNames } from '../rego/evaluate.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { parse } from './tree.ts';

/** A mutant, with the text of every file that holds the rule, and where it is tried. */
export interface Subject extends Mutant {
  /**
   * The default policy holds rules of the floor word for word. A rule that is wrong is wrong in both, so a mutant is
   * tried in all copies at once: otherwise the cases need only see that the two disagree. It is also tried in the
   * floor alone: the floor must hold whatever policy is beside it.
   */
  readonly where: 'everywhere' | 'the floor alone';
  /** Path from policies/ to text. */
  readonly texts: ReadonlyMap<string, string>;
}

const packageOf = (text: string): string => /^package (?<name>\S+)$/m.exec(text)?.groups?.['name'] ?? '';

/** Files with the same rules, by their text without the name of their package; the floor's first. */
function copies(root: string): string[][] {
  const groups = new Map<string, string[]>();
  for (const bundle of bundleNames) {
    const names = readdirSync(join(root, bundle), { recursive: true, encoding: 'utf8' });
    for (const name of names.toSorted()) {
      if (!name.endsWith('.rego') || name.endsWith('_test.rego')) continue;
      const path = `${bundle}/${name}`;
      const text = readFileSync(join(root, path), 'utf8');
      const key = text.replaceAll(packageOf(text), '');
      groups.set(key, [...(groups.get(key) ?? []), path]);
    }
  }
  return [...groups.values()];
}

const isFloor = (path: string): boolean => path.startsWith('floor/');

async function subjectsOf(root: string, paths: readonly string[]): Promise<Subject[]> {
  const sources = paths.map((path) => readFileSync(join(root, path), 'utf8'));
  const [first = '', [source = '']] = [paths[0], sources];
  const mutants = mutantsOf(first, source, await parse(join(root, first)));
  const names = sources.map(packageOf);
  return mutants.flatMap((mutant): Subject[] => {
    const texts = paths.map(
      (path, i) => [path, mutant.text.replaceAll(names[0] ?? '', names[i] ?? '')] as const,
    );
    const floor = texts.filter(([path]) => isFloor(path));
    const everywhere: Subject = { ...mutant, where: 'everywhere', texts: new Map(texts) };
    const shared = floor.length > 0 && floor.length < texts.length;
    return shared
      ? [everywhere, { ...mutant, where: 'the floor alone', texts: new Map(floor) }]
      : [everywhere];
  });
}

/** Every mutant of the policies below `root`. */
export async function allSubjects(root: string): Promise<Subject[]> {
  return (await Promise.all(copies(root).map((paths) => subjectsOf(root, paths)))).flat();
}
