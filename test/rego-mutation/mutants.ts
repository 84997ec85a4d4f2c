import { apply } from '../mutation/edit.ts';
import { editsOf } from './operators.ts';
import type { Module } from './tree.ts';

/** A file of the policies with one thing wrong. */
export interface Mutant {
  /** From policies/. */
  readonly file: string;
  /** Number of the line where it begins. */
  readonly line: number;
  /** What is changed, and what becomes of it: they name the mutant wherever the line moves to. */
  readonly original: string;
  readonly mutated: string;
  /** The whole file. */
  readonly text: string;
}

const squeeze = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** Deleted rules begin alike. */
const NAMED_BY = 160;

/** Every mutant of a file, in the order of its text. */
export function mutantsOf(file: string, source: string, module: Module): Mutant[] {
  const seen = new Set([source]);
  const edits = editsOf(module, source).toSorted((a, b) => a.start - b.start || a.end - b.end);
  return edits.flatMap((change) => {
    const text = apply(source, change);
    if (seen.has(text)) return [];
    seen.add(text);
    const from = source.lastIndexOf('\n', change.start - 1) + 1;
    const newline = source.indexOf('\n', change.end);
    const to = newline < 0 ? source.length : newline;
    const comments = /^(?:#.*\n)*/.exec(source.slice(change.start, change.end))?.[0] ?? '';
    const start = change.start + comments.length;
    return {
      file,
      line: source.slice(0, start).split('\n').length,
      original: squeeze(comments === '' ? source.slice(from, to) : source.slice(start, to)).slice(
        0,
        NAMED_BY,
      ),
      mutated: squeeze(source.slice(from, change.start) + change.text + source.slice(change.end, to)).slice(
        0,
        NAMED_BY,
      ),
      text,
    };
  });
}
