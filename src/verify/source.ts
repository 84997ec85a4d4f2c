import { readFileSync } from 'node:fs';
import type { Document } from 'yaml';
import { LineCounter, isNode, isScalar, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { offsetOf } from '../config/position.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { CaseError } from './error.ts';

/** A parser's message repeats what the file holds. */
const maxMessage = 1024;

/** One YAML or JSON file, and where in it things are. */
export class Source {
  readonly file: string;
  readonly value: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;

  private constructor(file: string, value: unknown, document: Document, lines: LineCounter) {
    this.file = file;
    this.value = value;
    this.#document = document;
    this.#lines = lines;
  }

  /** @throws CaseError when the file cannot be read, or is not one document */
  static read(file: string): Source {
    try {
      return Source.parse(readFileSync(file, 'utf8'), file);
    } catch (cause) {
      if (cause instanceof CaseError) throw cause;
      throw new CaseError(
        'CasesUnreadable',
        `${escapeText(file, maxMessage)}: cannot be read: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  static parse(text: string, file: string): Source {
    const lines = new LineCounter();
    const [document, ...more] = parseAllDocuments(text, {
      lineCounter: lines,
      merge: true,
      uniqueKeys: true,
      prettyErrors: false,
    });
    if (document === undefined || more.length > 0)
      throw new CaseError(
        'CaseInvalid',
        `${escapeText(file, maxMessage)}:1:1: exactly one YAML document is expected`,
      );
    const [problem] = document.errors;
    if (problem !== undefined) {
      const { line, col } = lines.linePos(problem.pos[0]);
      const message = escapeText(problem.message, maxMessage);
      throw new CaseError(
        'CaseInvalid',
        `${escapeText(file, maxMessage)}:${String(line)}:${String(col)}: ${message}`,
      );
    }
    try {
      // Enough for cases that repeat one another; not for a file that only grows.
      return new Source(file, document.toJS({ maxAliasCount: 10_000 }) as unknown, document, lines);
    } catch (cause) {
      const message = escapeText(messageOf(cause), maxMessage);
      throw new CaseError('CaseInvalid', `${escapeText(file, maxMessage)}:1:1: ${message}`, { cause });
    }
  }

  /** Line and column, from 1, of the element at a path, or of the nearest one above it. */
  position(path: readonly PropertyKey[]): { readonly line: number; readonly col: number } {
    const element = this.#document.getIn(path, true);
    // The key of a value, and the first key of a case: there an author looks.
    const own = isNode(element) && !isScalar(element) ? element.range?.[0] : undefined;
    const offset = offsetOf(this.#document, path) ?? own ?? 0;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), col: Math.max(col, 1) };
  }

  /** What is wrong at a path. */
  error(path: readonly PropertyKey[], problem: string): CaseError {
    const { line, col } = this.position(path);
    const text = escapeText(problem, maxMessage);
    return new CaseError(
      'CaseInvalid',
      `${escapeText(this.file, maxMessage)}:${String(line)}:${String(col)}: ${text}`,
    );
  }

  /** Holds the element at a path to a schema. */
  check<T>(schema: z.ZodType<T>, value: unknown, path: readonly PropertyKey[]): T {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const inner = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
    const message = unknown === undefined ? (issue?.message ?? 'invalid') : 'unknown key';
    const name = inner.map(String).join('.');
    throw this.error([...path, ...inner], name === '' ? message : `${name}: ${message}`);
  }
}
