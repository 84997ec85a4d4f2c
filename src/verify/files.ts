import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import type { CaseDefinition, World } from './case.ts';
import { caseSchema, defaultsSchema, worldSchema } from './case.ts';
import type { Json } from './changes.ts';
import { isJson } from './changes.ts';
import { CaseError } from './error.ts';
import { Source } from './source.ts';

/** A case as its file has it, and the world that holds for it. */
export interface CaseEntry {
  readonly definition: CaseDefinition;
  /** Undefined where neither its folder nor one above has a world.yaml. */
  readonly world: World | undefined;
  readonly source: Source;
  /** Path of the case in its file. */
  readonly path: readonly PropertyKey[];
}

const worldName = 'world.yaml';

/** A folder deeper than that is a link that leads back. */
const maxDepth = 32;

/**
 * Reads the cases of files, and of all files below folders. Every file that is found there must be one of cases or be
 * used by a case: one that is overlooked would look like one that passes.
 * @throws CaseError at the first thing that is wrong
 */
export function readCases(paths: readonly string[]): CaseEntry[] {
  const named = paths.flatMap((path) => filesOf(path));
  const files = [...new Map(named.map((file) => [resolve(file), file])).values()];
  const entries: CaseEntry[] = [];
  const others: Source[] = [];
  const worlds = new Map<string, World>();
  for (const file of files) {
    const source = Source.read(file);
    if (isCaseFile(source.value)) entries.push(...entriesOf(source, worldOf(file, worlds)));
    else others.push(source);
  }
  refuseTwice(entries);
  const used = new Set(entries.flatMap(({ definition, source }) => usedFiles(definition, source)));
  const idle = others.find(({ file }) => !used.has(resolve(file)));
  if (idle !== undefined) {
    const hint =
      'expected a list of cases, or an object with `cases`; and no case names it in `csr` or `capture`';
    throw idle.error([], hint);
  }
  return entries;
}

/** An object of another file that a case names, or the object itself. */
export function resolveObject(
  { source, path }: CaseEntry,
  key: 'csr' | 'capture',
  given: Json | string,
): Json {
  if (typeof given !== 'string') return given;
  const file = join(dirname(source.file), given);
  if (!existsSync(file)) throw source.error([...path, key], `${key}: there is no file ${file}`);
  const { value } = Source.read(file);
  if (!isJson(value)) throw source.error([...path, key], `${key}: ${file} does not hold an object`);
  return value;
}

function usedFiles({ csr, capture }: CaseDefinition, source: Source): string[] {
  return [csr, capture]
    .filter((given) => typeof given === 'string')
    .map((given) => resolve(dirname(source.file), given));
}

function filesOf(path: string, depth = 0): string[] {
  if (!isFolder(path)) return [path];
  if (depth > maxDepth)
    throw new CaseError('CasesUnreadable', `${escapeText(path, 1024)}: too many folders in one another`);
  return readdirSync(path)
    .filter((name) => !name.startsWith('.') && name !== worldName)
    .sort()
    .map((name) => join(path, name))
    .flatMap((file) =>
      isFolder(file) ? filesOf(file, depth + 1) : /\.(ya?ml|json)$/i.test(file) ? [file] : [],
    );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new CaseError('CasesUnreadable', `${escapeText(path, 1024)}: cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function isCaseFile(value: unknown): boolean {
  return Array.isArray(value) || (isJson(value) && 'cases' in value);
}

function entriesOf(source: Source, world: World | undefined): CaseEntry[] {
  const { value } = source;
  const head = Array.isArray(value) ? [] : ['cases'];
  const { cases = value, defaults, ...rest } = isJson(value) ? value : {};
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw source.error([unknown], `${unknown}: unknown key`);
  if (!Array.isArray(cases)) throw source.error(head, 'cases: a list is expected');
  if (cases.length === 0)
    throw new CaseError('NothingRun', `${escapeText(source.file, 1024)}: there is no case in it`);
  const shared = defaults === undefined ? {} : source.check(defaultsSchema, defaults, ['defaults']);
  return cases.map((one: unknown, index) => {
    const path = [...head, index];
    const definition = source.check(caseSchema, withDefaults(shared, one), path);
    return { definition, world, source, path };
  });
}

/** Members of an object are added to the defaults' own; anything else replaces them. */
function withDefaults(defaults: Json, one: unknown): unknown {
  if (!isJson(one)) return one;
  const merged: Json = { ...defaults, ...one };
  for (const [key, value] of Object.entries(defaults)) {
    if (isJson(value) && isJson(one[key])) merged[key] = { ...value, ...one[key] };
  }
  return merged;
}

function refuseTwice(entries: readonly CaseEntry[]): void {
  const seen = new Map<string, CaseEntry>();
  for (const entry of entries) {
    const { id } = entry.definition;
    const before = seen.get(id);
    if (before !== undefined) {
      const { line } = before.source.position(before.path);
      throw entry.source.error(entry.path, `id ${id} is taken at ${before.source.file}:${String(line)}`);
    }
    seen.set(id, entry);
  }
}

/** The nearest world.yaml: of the file's folder, or of one above. */
function worldOf(file: string, known: Map<string, World>): World | undefined {
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    const path = join(folder, worldName);
    const before = known.get(path);
    if (before !== undefined) return before;
    if (existsSync(path)) {
      const source = Source.read(path);
      const world = source.check(worldSchema, source.value, []);
      known.set(path, world);
      return world;
    }
    if (folder === dirname(folder)) return undefined;
  }
}
