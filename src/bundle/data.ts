import { PolicyError } from './error.ts';
import type { BundleFiles } from './files.ts';
import { isInside } from './roots.ts';
import { mostValues, tooManyValues } from './json.ts';
import { checkSize, formatOf, isData, readValue } from './structured.ts';

/**
 * Merges every data file at the path of its folder, as OPA does, and holds it to the roots.
 * @throws PolicyError DataInvalid | RootsInvalid
 */
export function readData(files: BundleFiles, roots: readonly string[]): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  const total = { json: 0, yaml: 0 };
  const budget = { left: mostValues };
  for (const [path, bytes] of files) {
    if (!isData(path)) continue;
    // What one file may have is what all of them may have.
    checkSize((total[formatOf(path)] += bytes.length), path, 'DataInvalid');
    const folder = path.split('/').slice(0, -1);
    // OPA takes dots off the first folder's name.
    if (folder[0]?.startsWith('.') === true || folder.includes('__proto__')) {
      throw new PolicyError('DataInvalid', `${path}: no folder of data may be called so`);
    }
    const value = readValue(bytes, path, 'DataInvalid');
    if (!isObject(value)) throw new PolicyError('DataInvalid', `${path}: an object is expected at the top`);
    if (!isWithin(value, budget)) throw new PolicyError('DataInvalid', `${path}: ${tooManyValues}`);
    merge(data, folder.length === 0 ? value : nest(folder, value), path, []);
  }
  for (const leaf of outside(data, roots, [])) {
    throw new PolicyError(
      'RootsInvalid',
      `data at ${leaf} is outside of the bundle's roots (${roots.join(', ')})`,
    );
  }
  return data;
}

/** Takes the values off the budget, and stops when there is nothing left. */
function isWithin(value: unknown, budget: { left: number }): boolean {
  budget.left -= 1;
  if (budget.left < 0) return false;
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every((inner) => isWithin(inner, budget));
}

function nest(folder: readonly string[], value: Record<string, unknown>): Record<string, unknown> {
  return folder.reduceRight((inner, name) => ({ [name]: inner }), value);
}

function merge(
  into: Record<string, unknown>,
  from: Record<string, unknown>,
  file: string,
  at: string[],
): void {
  for (const [key, value] of Object.entries(from)) {
    const path = [...at, key];
    const present = Object.hasOwn(into, key) ? into[key] : undefined;
    if (present === undefined) into[key] = value;
    else if (isObject(present) && isObject(value)) merge(present, value, file, path);
    else throw new PolicyError('DataInvalid', `${file}: ${path.join('.')} is set by two files`);
  }
}

/** Paths at which the data leaves every root; a root's own ancestors are fine. */
function* outside(value: unknown, roots: readonly string[], at: readonly string[]): Generator<string> {
  if (at.length > 0 && isInside(roots, at)) return;
  const above = roots.some((root) => isInside([at.join('/')], root.split('/'))) || at.length === 0;
  if (!above || !isObject(value)) yield at.length === 0 ? '/' : at.join('/');
  else for (const [key, inner] of Object.entries(value)) yield* outside(inner, roots, [...at, key]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
