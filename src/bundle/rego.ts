/** The little of Rego's grammar that tells where a source calls a function, and what package it is. */

export interface Token {
  readonly text: string;
  readonly kind: 'name' | 'string' | 'sign';
  readonly line: number;
  /** Whether it is the first one of its line. */
  readonly first: boolean;
  /** Brackets that are open before it. */
  readonly depth: number;
}

/**
 * Blank, comment, raw string, string, template string's begin, reference or number, any other sign. Strangers write
 * sources: nothing here may match in several ways, or a text that matches in none takes for ever.
 */
const lexeme =
  /(?<blank>[^\S\n]+|#[^\n]*)|(?<line>\n)|(?<template>\$["`])|(?<string>`[^`]*`|"[^"\\\n]*(?:\\.[^"\\\n]*)*")|(?<name>\w+(?:\.\w+)*)|(?<sign>.)/gsu;

/** Words that no rule is called. */
export const keywords: ReadonlySet<string> = new Set(
  'as contains default else every false if import in not null package some true with'.split(' '),
);

export function* tokens(source: string): Generator<Token> {
  let line = 1;
  let lineOfLast = 0;
  let depth = 0;
  // Of each open template expression: the sign that ends its template, and the depth of its brace.
  const templates: { readonly end: string; readonly depth: number }[] = [];
  for (let at = 0; at < source.length;) {
    lexeme.lastIndex = at;
    const { 0: text = '', groups = {} } = lexeme.exec(source) ?? {};
    at += text.length;
    if (groups['line'] !== undefined) line += 1;
    if (groups['line'] !== undefined || groups['blank'] !== undefined) continue;
    const [open] = templates.slice(-1);
    const closes = text === '}' && open !== undefined && open.depth === depth;
    if (groups['template'] !== undefined || closes) {
      const end = closes ? open.end : (text[1] ?? '');
      if (closes) templates.pop();
      const next = endOfTemplate(source, at, end);
      line += newlines(source.slice(at, next));
      at = next;
      if (source[next - 1] === '{') templates.push({ end, depth });
      else yield { text: end, kind: 'string', line, first: false, depth };
      lineOfLast = line;
      continue;
    }
    // Never closed, so that opa has not compiled it; each quote in it would be looked at to the end again.
    if (text === '"' || text === '`') return;
    const kind = groups['name'] !== undefined ? 'name' : groups['string'] !== undefined ? 'string' : 'sign';
    if (kind === 'sign' && ')]}'.includes(text)) depth -= 1;
    yield { text, kind, line, first: line !== lineOfLast, depth };
    if (kind === 'sign' && '([{'.includes(text)) depth += 1;
    line += newlines(text);
    lineOfLast = line;
  }
}

/** Behind the template's end, or behind the brace of its next expression. */
function endOfTemplate(source: string, from: number, end: string): number {
  let at = from;
  while (at < source.length && source[at] !== end && source[at] !== '{') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}

/** A call of a function in a source. */
export interface Call {
  readonly name: string;
  readonly line: number;
  /** Name of the rule that holds it. */
  readonly rule: string;
}

/** Where a source calls these functions. */
export function callsOf(source: string, names: ReadonlySet<string>): Call[] {
  const calls: Call[] = [];
  let rule = '';
  let previous: Token | undefined;
  for (const token of tokens(source)) {
    if (beginsRule(token, previous)) rule = token.text;
    else if (previous?.text === 'default' && token.kind === 'name') rule = token.text;
    const called = token.text === '(' && previous?.kind === 'name' ? previous : undefined;
    if (called !== undefined && names.has(called.text)) {
      calls.push({ name: called.text, line: called.line, rule });
    }
    previous = token;
  }
  return calls;
}

/** A name that begins a line, outside of all brackets, where the line before is complete. */
export function beginsRule(token: Token, previous: Token | undefined): boolean {
  if (!token.first || token.depth > 0 || token.kind !== 'name' || keywords.has(token.text)) return false;
  if (previous === undefined) return true;
  if (previous.kind === 'name')
    return !keywords.has(previous.text) || /^(true|false|null)$/.test(previous.text);
  return previous.kind === 'string' || ')]}'.includes(previous.text);
}

/** Parts of the package's path; undefined where a source names none. */
export function packageOf(source: string): readonly string[] | undefined {
  const path: string[] = [];
  let inside = false;
  for (const token of tokens(source)) {
    if (!inside) {
      if (token.text !== 'package') return undefined;
      inside = true;
    } else if (token.first) {
      break;
    } else if (token.kind === 'name') for (const part of token.text.split('.')) path.push(part);
    else if (token.kind === 'string') path.push(stringOf(token.text));
    else if (!'[].'.includes(token.text)) break;
  }
  return path.length === 0 ? undefined : path;
}

/** What is no string of JSON is none of Rego's: opa has not compiled such a source. */
function stringOf(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    return '';
  }
}
