import { createHash } from 'node:crypto';
import { type Json, NumberText } from './json.ts';

/**
 * Hash of a structured file, as OPA's v1/bundle/hash.go walks it: no spaces, keys in the order of their UTF-8 bytes,
 * numbers as they are written, text as Go's encoding/json writes it without escaping HTML.
 * @param algorithm a name that node:crypto knows
 * @returns in lower-case hexadecimal digits
 */
export function canonicalHash(value: Json, algorithm: string): string {
  const hash = createHash(algorithm);
  walk(value, (text) => hash.update(text, 'utf8'));
  return hash.digest('hex');
}

function walk(value: Json, write: (text: string) => void): void {
  if (Array.isArray(value)) {
    write('[');
    for (const [index, item] of value.entries()) {
      if (index > 0) write(',');
      walk(item, write);
    }
    write(']');
  } else if (value instanceof NumberText) write(value.text);
  else if (typeof value === 'string') write(goString(value));
  else if (value === null || typeof value === 'boolean') write(String(value));
  else {
    write('{');
    for (const [index, [key, inner]] of Object.entries(value).sort(byBytes).entries()) {
      write(`${index > 0 ? ',' : ''}${goString(key)}:`);
      walk(inner, write);
    }
    write('}');
  }
}

/** JavaScript would compare UTF-16 units, which puts U+E000 to U+FFFF behind what comes after them. */
function byBytes([a]: readonly [string, Json], [b]: readonly [string, Json]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** JSON.stringify, and the two line separators that Go escapes for the sake of JavaScript. */
function goString(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
}
