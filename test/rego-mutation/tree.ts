/** The syntax tree of a Rego file, as `opa parse --format json --json-include locations` gives it. */
import { opa } from '../rego/opa.ts';

/** Where a part begins, from 1, and its text in base64. */
interface Location {
  readonly row: number;
  readonly col: number;
  readonly text?: string;
}

interface Part {
  readonly location?: Location;
}

/** A value; what `value` holds depends on `type`: a list of terms, of pairs of terms, a comprehension, a constant. */
export interface Term extends Part {
  readonly type: string;
  readonly value: unknown;
}

interface Declaration extends Part {
  readonly symbols: readonly Term[];
}

interface Every extends Part {
  readonly domain: Term;
  readonly body: readonly Expression[];
}

export interface Expression extends Part {
  /** An operator or function with its arguments, or one term, or what `some` and `every` declare. */
  readonly terms: readonly Term[] | Term | Declaration | Every;
  readonly negated?: boolean;
  /** The `true` of a rule without a body. */
  readonly generated?: boolean;
  readonly with?: readonly (Part & { readonly target: Term; readonly value: Term })[];
}

export interface Rule extends Part {
  readonly default?: boolean;
  readonly head: Part & {
    readonly key?: Term;
    readonly value?: Term;
    readonly ref: readonly Term[];
  };
  readonly body: readonly Expression[];
  readonly else?: Rule;
}

export interface Module {
  readonly rules?: readonly Rule[];
}

export const parse = async (path: string): Promise<Module> =>
  JSON.parse(await opa('parse', '--format', 'json', '--json-include', 'locations', path)) as Module;

/** Where a part is in the source. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export type Find = (part: Part) => Span;

/** Finds parts in a source. A part that is not where the tree says it is throws: the mutant would be another one. */
export function finder(source: string): Find {
  const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return ({ location }) => {
    const text = Buffer.from(location?.text ?? '', 'base64').toString();
    const start = (starts[(location?.row ?? 0) - 1] ?? Number.NaN) + (location?.col ?? 0) - 1;
    if (text === '' || !source.startsWith(text, start)) {
      throw new Error(`not in the source: ${JSON.stringify({ ...location, text })}`);
    }
    return { start, end: start + text.length, text };
  };
}
