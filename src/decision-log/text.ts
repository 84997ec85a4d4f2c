import { unsafe } from '../text/json.ts';
import type { DecisionLine } from './line.ts';
import { withheld } from './mask.ts';

/** Longest line, in characters. A request has at most 64 KiB, and what lookups find is bounded by the API server alone. */
const maxLine = 1024 * 1024;

/** What JSON leaves as it is, though it moves a cursor or hides text; nearly every line has nothing but plain characters. */
const isPlain = /^[ -~]*$/;

/** A line as it is written, with its line feed. One that would be too long tells less, and says so. */
export function textOf(line: DecisionLine): string {
  const text = jsonOf(line);
  if (text !== undefined && text.length < maxLine) return `${escaped(text)}\n`;
  const size = text === undefined ? 'nested too deeply' : `${String(text.length)} characters`;
  const message = `${size}; at most ${String(maxLine)} are logged`;
  return `${escaped(JSON.stringify(withheld(line, { code: 'LineTooLarge', message })))}\n`;
}

/** Undefined for what is nested so deeply that it has no JSON. */
function jsonOf(line: DecisionLine): string | undefined {
  try {
    return JSON.stringify(line);
  } catch {
    return undefined;
  }
}

/** The same value. */
function escaped(text: string): string {
  if (isPlain.test(text)) return text;
  return text.replaceAll(unsafe, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
