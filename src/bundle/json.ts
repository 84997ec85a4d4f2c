/**
 * JSON with its numbers as they are written: `1.0` is not `1`, and 2^53 + 1 is not 2^53.
 * Signatures are made over such values, and OPA computes with them.
 */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json = null | boolean | string | NumberText | Json[] | { [key: string]: Json };

/** Most values of one text. Each of them is an object here, so that few bytes would take a hundred times their size. */
export const mostValues = 256 * 1024;

function revive(_: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new NumberText(context?.source ?? '') : value;
}

/**
 * Parses JSON that has only one reading: no key twice in an object, no text that is not Unicode.
 * @throws Error that says what is wrong
 */
export function parseJson(text: string): Json {
  if (countAtMost(text, /[,[{]/g, mostValues) > mostValues) throw new Error(tooManyValues);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse gives, with the numbers replaced
  const value = JSON.parse(text, revive) as Json;
  checkStrings(text);
  return value;
}

export const tooManyValues = `more than ${String(mostValues)} values: keep large data out of the bundle`;

/** How often that is in the text, and no exact count above `most`. */
export function countAtMost(text: string, expression: RegExp, most: number): number {
  let count = 0;
  for (const _ of text.matchAll(expression)) {
    count += 1;
    if (count > most) break;
  }
  return count;
}

/** Walks the text, which is JSON: a key that is there twice no longer shows in the value. */
function checkStrings(text: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      const string = String(JSON.parse(text.slice(at, end)));
      if (!string.isWellFormed()) throw new Error(`${quoted(string)} is no Unicode text`);
      at = end - 1;
      if (!isKey(text, end)) continue;
      if (open.at(-1)?.has(string) === true) throw new Error(`key ${quoted(string)} is there twice`);
      open.at(-1)?.add(string);
    }
  }
}

/** Where the text goes on behind the string that begins there. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isKey(text: string, from: number): boolean {
  let at = from;
  while (/^[ \t\r\n]$/.test(text[at] ?? '')) at += 1;
  return text[at] === ':';
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}

/**
 * The value with JavaScript's numbers, which must be the same: a policy would compute with others than OPA does.
 * @throws Error that names the path
 */
export function plain(value: Json, at: readonly string[] = []): unknown {
  if (value instanceof NumberText) {
    if (isExact(value.text)) return Number(value.text);
    throw new Error(`${pathOf(at)}: ${value.text.slice(0, 64)} has too many digits: write it as text`);
  }
  if (Array.isArray(value)) return value.map((item, index) => plain(item, [...at, String(index)]));
  if (typeof value !== 'object' || value === null) return value;
  const object: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') throw new Error(`key ${pathOf([...at, key])} is not allowed`);
    object[key] = plain(inner, [...at, key]);
  }
  return object;
}

function pathOf(at: readonly string[]): string {
  return at.length === 0 ? 'the value' : at.join('.');
}

/** Longer than any text that isExact could take but for zeros: the largest and the smallest double have 325 places. */
const mostDigits = 400;

/** Whether the shortest text of the nearest double means the same number. */
function isExact(text: string): boolean {
  // Not to be looked at: the time that it takes grows with the square of the length.
  if (text.length > mostDigits) return false;
  const number = Number(text);
  return Number.isFinite(number) && decimal(text) === decimal(String(number));
}

/** Digits without zeros at either end, and the power of ten of the last one. */
function decimal(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replace(/^-/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${significant}e${String(power)}`;
}
