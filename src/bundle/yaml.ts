import { isAlias, isScalar, parseDocument, type Scalar, visit, type YAMLMap } from 'yaml';
import { safeJson } from '../text/json.ts';
import { countAtMost, type Json, mostValues, NumberText, tooManyValues } from './json.ts';

/**
 * Plain words and numbers that readers of YAML disagree about: YAML 1.1 and 1.2, and the two libraries that OPA has
 * used since 1.0. `no` is text or false, `010` is eight or ten. It matches in one way only: strangers write the words.
 */
const ambiguous =
  /^(y|n|yes|no|on|off|[-+]?0[0-9_]+|[-+]?[0-9]+_[0-9_.]*|[-+]?0b[01_]+|[-+]0[ox][^]*|0[ox][^_]*_[^]*)$/i;

/** Go reads prefixes of numbers in upper case as well. */
const upperPrefix = /^[-+]?0[XOB]/;

/** What ends a line, and with it a comment, for Go's reader of YAML 1.1 and not for that of 1.2; and other control characters. */
export const otherBreak = /\r(?!\n)|[\u0085\u2028\u2029]|(?![\t\n\r])[\p{Cc}\uFEFF]/u;

/**
 * Most signs in a text that may begin or end a value. A parsed one takes two KiB; what people write has one such sign in
 * five.
 */
const mostSigns = 64 * 1024;

/**
 * Parses one YAML document that has only one reading, into what OPA makes of it: YAML's numbers become those of Go
 * (int64 and uint64 as they are, all others doubles) and are written as Go writes them.
 * @throws Error that says what is wrong
 */
export function parseYaml(text: string): Json {
  if (countAtMost(text, /[^\w ./]/g, mostSigns) > mostSigns) {
    throw new Error(
      `more than ${String(mostSigns)} signs: write it as JSON, or keep large data out of the bundle`,
    );
  }
  const [found] = otherBreak.exec(text) ?? [];
  if (found !== undefined) throw new Error(`${safeJson(found)} may end a line, or may not: leave it out`);
  const document = parseDocument(text, {
    intAsBigInt: true,
    merge: true,
    prettyErrors: true,
    // Compares each key with every other one of its map; checkKeys does not.
    uniqueKeys: false,
  });
  const [problem] = [...document.errors, ...document.warnings];
  // Its first line says what and where; the others draw it.
  if (problem !== undefined) throw new Error(problem.message.replace(/:?\n[^]*$/, ''), { cause: problem });
  visit(document, {
    Scalar: (_, node) => checkScalar(node),
    Seq: (_, node) => checkTag(node),
    Map: (_, node) => checkKeys(node),
  });
  return literal(document.toJS({ maxAliasCount: 100 }) as unknown, { left: mostValues });
}

/** A tag makes another kind of value, and readers know different ones. */
function checkTag({ tag }: { readonly tag?: string | undefined }): void {
  if (tag !== undefined) throw new Error(`tag ${tag} is not allowed`);
}

function checkScalar(node: Scalar): void {
  checkTag(node);
  if (node.type === 'PLAIN' && isAmbiguous(node)) {
    throw new Error(
      `${JSON.stringify(node.source)} is not the same for every reader of YAML: put it in quotes`,
    );
  }
}

function isAmbiguous({ source = '', value, format }: Scalar): boolean {
  if (ambiguous.test(source) || upperPrefix.test(source)) return true;
  // Go reads decimal ones as doubles then, and these as text.
  return typeof value === 'bigint' && (format === 'HEX' || format === 'OCT') && !isGoInteger(value);
}

function checkKeys(map: YAMLMap): void {
  checkTag(map);
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const name = keyName(key);
    if (seen.has(name)) throw new Error(`key ${JSON.stringify(name)} is there twice`);
    seen.add(name);
  }
}

/** Keys become text; of which other kinds make what is not the same everywhere. */
function keyName(key: unknown): string {
  if (isAlias(key) || !isScalar(key)) throw new Error('a key that is no text');
  if (typeof key.value === 'symbol') return '<<';
  if (typeof key.value !== 'string' && typeof key.value !== 'bigint')
    throw new Error('a key that is no text');
  if (typeof key.value === 'bigint' && (key.value < -(2n ** 63n) || key.value >= 2n ** 63n)) {
    throw new Error('a key that is a large number: put it in quotes');
  }
  return String(key.value);
}

/** @param budget how many values may still come: an alias is written once, and stands for all that it names */
function literal(value: unknown, budget: { left: number }): Json {
  budget.left -= 1;
  if (budget.left < 0) throw new Error(tooManyValues);
  if (typeof value === 'bigint') {
    return new NumberText(isGoInteger(value) ? String(value) : goDouble(Number(value)));
  }
  if (typeof value === 'number') return new NumberText(goDouble(value));
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new Error(`${JSON.stringify(value.slice(0, 64))} is no Unicode text`);
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item) => literal(item, budget));
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, literal(inner, budget)]));
}

function isGoInteger(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 64n;
}

/** As Go's encoding/json writes a float64, which is as JavaScript does, but for negative zero. */
function goDouble(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${String(value)} is no number of JSON`);
  return Object.is(value, -0) ? '-0' : String(value);
}
