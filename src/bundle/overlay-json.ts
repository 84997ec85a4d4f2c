import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import type { Read } from './overlay.ts';

/** Reads JSON. A key that an object has twice is refused: parsers differ about which of them counts. */
export function readJson(text: string): Read {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return { problem: escapeText(messageOf(cause), 512) };
  }
  for (const { path, offset, twice } of keysOf(text)) {
    if (twice) return { problem: `${escapeText(path.join('.'))} is there twice`, line: lineAt(text, offset) };
  }
  return { value, lineOf: (path) => lineOf(text, path) };
}

function lineOf(text: string, wanted: readonly string[]): number | undefined {
  for (const { path, offset } of keysOf(text)) {
    if (path.length === wanted.length && path.every((key, index) => key === wanted[index])) {
      return lineAt(text, offset);
    }
  }
  return undefined;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

interface Key {
  readonly path: readonly string[];
  readonly offset: number;
  /** Whether its object has it already. */
  readonly twice: boolean;
}

/** An object or a list that has been begun; a list names no key. */
interface Frame {
  readonly keys: Set<string> | undefined;
  last: string;
}

/** Every key of a text that JSON.parse has taken, in the order written. */
function* keysOf(text: string): Generator<Key> {
  const frames: Frame[] = [];
  let expectsKey = false;
  for (const { 0: token, index: offset } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g)) {
    const frame = frames.at(-1);
    if (token === '{' || token === '[') {
      frames.push({ keys: token === '{' ? new Set() : undefined, last: '' });
      expectsKey = token === '{';
    } else if (token === '}' || token === ']') {
      frames.pop();
      expectsKey = false;
    } else if (token === ',') expectsKey = frame?.keys !== undefined;
    else if (token !== ':' && expectsKey && frame?.keys !== undefined) {
      expectsKey = false;
      frame.last = String(JSON.parse(token));
      yield { path: frames.map(({ last }) => last), offset, twice: frame.keys.has(frame.last) };
      frame.keys.add(frame.last);
    }
  }
}
