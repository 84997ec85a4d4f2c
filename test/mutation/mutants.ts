import { stripTypeScriptTypes } from 'node:module';
import { parseAst } from 'vitest/node';
import { apply } from './edit.ts';
import { editsOf, isNode } from './operators.ts';

/** A source file with one thing wrong. */
export interface Mutant {
  /** From the root of the project. */
  readonly file: string;
  /** Number of the line where it begins. */
  readonly line: number;
  /** That line, and what becomes of it: they name the mutant wherever the line moves to. */
  readonly original: string;
  readonly mutated: string;
  /** The whole file, without its types. */
  readonly text: string;
}

const squeeze = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const parse = (file: string, text: string): unknown => {
  try {
    return parseAst(text);
  } catch (cause) {
    throw new Error(`${file} cannot be parsed: a fault of the operators`, { cause });
  }
};

/** Every mutant of a file, in the order of its text. Types are taken away by blanks, so places stay what they are. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const plain = stripTypeScriptTypes(source);
  const tree = parse(file, plain);
  if (!isNode(tree)) throw new TypeError(`${file} gives no tree`);
  const seen = new Set([plain]);
  return editsOf(tree, plain).flatMap((change) => {
    const text = apply(plain, change);
    if (seen.has(text)) return [];
    seen.add(text);
    parse(file, text);
    const from = source.lastIndexOf('\n', change.start - 1) + 1;
    const lineEnd = (at: number): number => {
      const found = source.indexOf('\n', at);
      return found < 0 ? source.length : found;
    };
    return {
      file,
      line: source.slice(0, change.start).split('\n').length,
      original: squeeze(source.slice(from, lineEnd(change.start))),
      mutated: squeeze(
        source.slice(from, change.start) + change.text + source.slice(change.end, lineEnd(change.end)),
      ),
      text,
    };
  });
}
