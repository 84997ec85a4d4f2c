import { escapeText } from '../text/escape.ts';
import { PolicyError } from './error.ts';

type Json = Readonly<Record<string, unknown>>;

/** One data overlay: a document rooted at `data`, whose members replace knobs of a bundle. */
export interface Overlay {
  /** Names it in messages; escaped by whoever shows it. */
  readonly file: string;
  readonly data: Json;
  /** Line, from 1, of the key at a path; undefined where the text has none. */
  readonly lineOf: (path: readonly string[]) => number | undefined;
}

/** A file's value and where its keys are, or what is wrong with it. */
export type Read =
  | { readonly value: unknown; readonly lineOf: Overlay['lineOf'] }
  | { readonly problem: string; readonly line?: number | undefined };

interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * Replaces knobs of a bundle's data, each as a whole: what an overlay does not name stays as the bundle has it.
 * @param knobs dotted paths of the objects whose members may be replaced
 * @returns other data; what was given is not changed
 * @throws PolicyError OverlayPathUnknown, OverlayTypeWrong, OverlayConflict, with file, line and path
 */
export function applyOverlays(data: Json, knobs: readonly string[], overlays: readonly Overlay[]): Json {
  const objects = [...new Set(knobs)].sort().map((path) => path.split('.'));
  const setBy = new Map<string, string>();
  let result = data;
  for (const overlay of overlays) {
    for (const { path, value } of settings(overlay, objects, overlay.data, [])) {
      checkKnown(overlay, data, path);
      checkType(overlay, at(data, path), path, value);
      const before = setBy.get(JSON.stringify(path));
      if (before !== undefined) {
        throw problem(overlay, 'OverlayConflict', path, `is set at ${before} already: leave one of them out`);
      }
      setBy.set(JSON.stringify(path), placeOf(overlay, path));
      result = replaced(result, path, value);
    }
  }
  return result;
}

/** What is set, knob by knob. */
function* settings(
  overlay: Overlay,
  objects: readonly (readonly string[])[],
  value: unknown,
  path: readonly string[],
): Generator<Setting> {
  if (objects.some((object) => object.length + 1 === path.length && isPrefix(object, path))) {
    yield { path, value };
    return;
  }
  const below = objects.filter((object) => isPrefix(path, object));
  if (below.length === 0) throw problem(overlay, 'OverlayPathUnknown', path, unknownPath(objects));
  if (!isObject(value)) {
    const message = `stops above the knobs: an object is expected, which sets members of ${namesOf(below)}`;
    throw problem(overlay, 'OverlayPathUnknown', path, message);
  }
  for (const [key, inner] of Object.entries(value)) yield* settings(overlay, objects, inner, [...path, key]);
}

function unknownPath(objects: readonly (readonly string[])[]): string {
  return objects.length === 0
    ? 'the bundle has no knobs: the METADATA of an entrypoint names them (custom.knobs)'
    : `no such knob: the members of ${namesOf(objects)} can be set, with a key for each word of the path`;
}

function checkKnown(overlay: Overlay, data: Json, path: readonly string[]): void {
  const object = at(data, path.slice(0, -1));
  const knobs = isObject(object) ? Object.keys(object).sort() : [];
  if (knobs.includes(path.at(-1) ?? '') && path.at(-1) !== '__proto__') return;
  const known = knobs.length === 0 ? 'the bundle has no data there' : `there are ${knobs.join(', ')}`;
  throw problem(overlay, 'OverlayPathUnknown', path, `no such knob; ${escapeText(known, 1024)}`);
}

/** The bundle's own value says the type; a number without fraction takes no other. */
function checkType(overlay: Overlay, own: unknown, path: readonly string[], value: unknown): void {
  const [expected, given] = [typeOf(own), typeOf(value)];
  if (given === expected || (given === 'whole number' && expected === 'number')) return;
  const message = `is of type ${given}, and the bundle's own value of type ${expected}; an overlay replaces the whole knob`;
  throw problem(overlay, 'OverlayTypeWrong', path, message);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'whole number' : 'number';
  return typeof value;
}

function at(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    data,
  );
}

function replaced(object: Json, [key = '', ...rest]: readonly string[], value: unknown): Json {
  const inner = object[key];
  return {
    ...object,
    [key]: rest.length === 0 ? value : replaced(isObject(inner) ? inner : {}, rest, value),
  };
}

function isPrefix(short: readonly string[], long: readonly string[]): boolean {
  return short.length <= long.length && short.every((word, index) => word === long[index]);
}

function namesOf(objects: readonly (readonly string[])[]): string {
  return objects.map((object) => object.join('.')).join(', ');
}

function placeOf({ file, lineOf }: Overlay, path: readonly string[]): string {
  const line = lineOf(path);
  return `${escapeText(file, 1024)}${line === undefined ? '' : `:${String(line)}`}`;
}

function problem(
  overlay: Overlay,
  code: 'OverlayPathUnknown' | 'OverlayTypeWrong' | 'OverlayConflict',
  path: readonly string[],
  message: string,
): PolicyError {
  return new PolicyError(code, `${placeOf(overlay, path)}: ${escapeText(path.join('.'))}: ${message}`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
