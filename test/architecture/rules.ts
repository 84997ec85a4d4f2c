import { posix } from 'node:path';
import { type Import, importsOf, withoutComments } from './imports.ts';
import { free, freeNames, kinds, type Module, modules } from './modules.ts';

/** Sources by path below src. */
export type Sources = ReadonlyMap<string, string>;

/** The innermost module that has the file. */
export function moduleOf(file: string, table = modules): Module | undefined {
  return table
    .filter(({ folder }) => file === folder || file.startsWith(`${folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0];
}

/** Kind of what a module that is built in, or a package, does; undefined for those that only compute. */
function kindOf({ target, names }: Import): string | undefined {
  const harmless = freeNames[target];
  if (harmless !== undefined && names?.every((name) => harmless.includes(name)) === true) return undefined;
  return Object.entries(kinds).find(([, members]) => members.includes(target))?.[0];
}

const packageOf = (target: string): string =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

const resolve = (file: string, target: string): string => posix.join(posix.dirname(file), target);

const isOurs = ({ target }: Import): boolean => target.startsWith('.');

/** What the table does not allow, a line each: file, import, and what to do. */
export function problemsOf(sources: Sources, table = modules): string[] {
  const direct = [...sources].flatMap(([file, text]) => {
    const module = moduleOf(file, table);
    if (module === undefined) return [`src/${file}: no module: give its folder a row in ${tableFile}`];
    return importsOf(text).flatMap((found) => {
      const reason = isOurs(found)
        ? ownProblem(module, resolve(file, found.target), sources, table)
        : foreignProblem(module, found);
      return reason === undefined ? [] : [`src/${file} imports ${found.target}: ${reason}`];
    });
  });
  return [...direct, ...impurities(sources, table)];
}

const tableFile = 'test/architecture/modules.ts';

function ownProblem(
  module: Module,
  path: string,
  sources: Sources,
  table: readonly Module[],
): string | undefined {
  if (!sources.has(path)) return `there is no src/${path}`;
  const target = moduleOf(path, table);
  if (target === module || module.imports.includes(path)) return undefined;
  if (target !== undefined && module.imports.includes(target.folder)) return undefined;
  return `src/${module.folder} may not import src/${target?.folder ?? path} (${tableFile})`;
}

function foreignProblem({ folder, uses }: Module, found: Import): string | undefined {
  const kind = kindOf(found);
  if (kind !== undefined) {
    return uses.includes(kind) ? undefined : `src/${folder} may not use ${kind} (${tableFile})`;
  }
  if (found.target in freeNames || free.has(found.target)) return undefined;
  const name = packageOf(found.target);
  if (uses.includes(name)) return undefined;
  return `src/${folder} may not use ${name} (${tableFile})`;
}

/** What gives another result each time, and needs no import. */
const unsteady = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b/;

/** Pure modules that are not: by what they or their imports import, once types are stripped, or by a clock. */
function impurities(sources: Sources, table: readonly Module[]): string[] {
  return [...sources]
    .filter(([file]) => moduleOf(file, table)?.pure === true)
    .flatMap(([file, text]) => {
      const way = wayToKind(file, sources);
      const clock = unsteady.exec(withoutComments(text))?.[0];
      return [
        ...(way === undefined ? [] : [`src/${file} is to be pure, and reaches ${way.join(' > ')}`]),
        ...(clock === undefined
          ? []
          : [`src/${file} is to be pure, and has ${clock}: take it as an argument`]),
      ];
    });
}

function wayToKind(start: string, sources: Sources): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[start]];
  const seen = new Set([start]);
  for (const way of ways) {
    const file = way.at(-1) ?? '';
    for (const found of importsOf(sources.get(file) ?? '').filter(({ typeOnly }) => !typeOnly)) {
      if (kindOf(found) !== undefined) return [...way.slice(1), found.target];
      if (!isOurs(found)) continue;
      const path = resolve(file, found.target);
      if (seen.has(path)) continue;
      seen.add(path);
      ways.push([...way, path]);
    }
  }
  return undefined;
}

/** Rows that import what is not below them, and entries that name nothing or that no file needs. */
export function tableProblems(sources: Sources, table = modules): string[] {
  return table.flatMap((module, index) => {
    const below = table.slice(index + 1);
    const used = usedBy(module, sources, table);
    return [
      ...module.imports
        .filter(
          (entry) =>
            !below.some(({ folder }) => entry === folder || moduleOf(entry, table)?.folder === folder),
        )
        .map((entry) => `${module.folder} imports ${entry}, which is not below it`),
      ...[...module.imports, ...module.uses]
        .filter((entry) => !used.has(entry))
        .map((entry) => `${module.folder} has no need of ${entry}`),
    ];
  });
}

/** Everything that an entry of the module's row could mean. */
function usedBy(module: Module, sources: Sources, table: readonly Module[]): Set<string> {
  const entries = [...sources]
    .filter(([file]) => moduleOf(file, table) === module)
    .flatMap(([file, text]) =>
      importsOf(text).flatMap((found) => {
        if (!isOurs(found)) return [kindOf(found) ?? packageOf(found.target)];
        const path = resolve(file, found.target);
        return [path, moduleOf(path, table)?.folder ?? ''];
      }),
    );
  return new Set(entries);
}
