/** What is done to values: operators, numbers, texts, patterns, members of collections. */
import { type Edit, edit } from '../mutation/edit.ts';
import { ofPattern } from '../mutation/regex.ts';
import type { Expression, Find, Term } from './tree.ts';

/** What finds parts, and what is done to the conditions of a comprehension: the two call each other. */
export interface Walk {
  readonly find: Find;
  readonly ofBody: (body: readonly Expression[], walk: Walk) => Edit[];
}

/** The operator or function as it is written. */
export const nameOf = (term: Term): string => Buffer.from(term.location?.text ?? '', 'base64').toString();

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  '==': ['!='],
  '!=': ['=='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
};

/** Of sets and of numbers alike; each side alone is of the same type as both. */
const TWO_SIDED = new Set(['+', '-', '*', '|', '&']);

const terms = (value: unknown): readonly Term[] => value as readonly Term[];

/** An operator or function, and its arguments. */
export function ofCall([operator, ...args]: readonly Term[], walk: Walk): Edit[] {
  if (operator === undefined) return [];
  const name = nameOf(operator);
  const isMessage = name === ':=' && args[0]?.value === 'msg' && args[1]?.type === 'string';
  return [
    ...ofOperator(operator, name, args, walk),
    ...(isMessage ? [] : args.flatMap((argument) => ofTerm(argument, walk))),
  ];
}

function ofOperator(operator: Term, name: string, [left, right]: readonly Term[], walk: Walk): Edit[] {
  const others = COMPARISONS[name];
  if (others !== undefined) {
    const { start, end } = walk.find(operator);
    return others.map((other) => edit(start, end, other));
  }
  if (!TWO_SIDED.has(name) || left === undefined || right === undefined) return [];
  const place = walk.find(operator);
  return [edit(place.start, walk.find(right).end, ''), edit(walk.find(left).start, place.end, '')];
}

/** Each type of term; what is not here (variables, null) is left as it is. */
const BY_TYPE: Readonly<Record<string, (term: Term, walk: Walk) => Edit[]>> = {
  boolean: (term, walk) => ofBoolean(term, walk),
  number: (term, walk) => ofNumber(term, walk),
  string: (term, walk) => ofText(term, walk),
  call: ({ value }, walk) => ofCall(terms(value), walk),
  ref: ({ value }, walk) => terms(value).flatMap((step) => ofStep(step, walk)),
  set: (term, walk) => ofCollection(term, terms(term.value), walk),
  array: (term, walk) => ofCollection(term, terms(term.value), walk),
  object: (term, walk) => ofObject(term, walk),
  setcomprehension: (term, walk) => ofComprehension(term, walk),
  arraycomprehension: (term, walk) => ofComprehension(term, walk),
  objectcomprehension: (term, walk) => ofComprehension(term, walk),
  templatestring: (term, walk) => ofTemplate(term, walk),
};

export const ofTerm = (term: Term, walk: Walk): Edit[] => BY_TYPE[term.type]?.(term, walk) ?? [];

function ofBoolean(term: Term, walk: Walk): Edit[] {
  const { start, end, text } = walk.find(term);
  return [edit(start, end, text === 'true' ? 'false' : 'true')];
}

function ofNumber(term: Term, walk: Walk): Edit[] {
  const { start, end, text } = walk.find(term);
  return [1, -1].map((more) => edit(start, end, String(Number(text) + more)));
}

/** Raw strings are patterns here; a text with a blank is for people, and only tests of messages could notice. */
function ofText(term: Term, walk: Walk): Edit[] {
  const { start, end, text } = walk.find(term);
  if (text.startsWith('`')) {
    const pattern = ofPattern(text.slice(1, -1));
    return pattern.map((change) => edit(start + 1 + change.start, start + 1 + change.end, change.text));
  }
  const range = ofRange(term, walk);
  if (range.length > 0) return range;
  return text.includes(' ') ? [] : [edit(start, end, '"mutated"')];
}

/** A range of addresses: one twice as large, and one half as large. */
function ofRange(term: Term, walk: Walk): Edit[] {
  const { end, text } = walk.find(term);
  const length = /^"[0-9a-f.:]+\/(?<length>\d+)"$/.exec(text)?.groups?.['length'];
  if (length === undefined) return [];
  const start = end - 1 - length.length;
  const [bits, most] = [Number(length), text.includes(':') ? 128 : 32];
  return [bits - 1, bits + 1]
    .filter((other) => other >= 0 && other <= most)
    .map((other) => edit(start, end - 1, String(other)));
}

/** A step of a reference: `.name` stays, `["name"]` and what is computed do not. */
const ofStep = (step: Term, walk: Walk): Edit[] =>
  step.type === 'string' && !nameOf(step).startsWith('"') ? [] : ofTerm(step, walk);

function isConstant({ type, value }: Term): boolean {
  if (type === 'set' || type === 'array') return terms(value).every(isConstant);
  return type === 'string' || type === 'number';
}

const EMPTY: Readonly<Record<string, string>> = { set: 'set()', array: '[]', object: '{}' };

/** A collection without each of its members, if all are constants. */
function without(collection: Term, members: readonly { start: number; end: number }[], walk: Walk): Edit[] {
  const sorted = members.toSorted((a, b) => a.start - b.start);
  return sorted.map(({ start, end }, i) => {
    const [before, after] = [sorted[i - 1], sorted[i + 1]];
    if (after !== undefined) return edit(start, after.start, '');
    if (before !== undefined) return edit(before.end, end, '');
    const whole = walk.find(collection);
    return edit(whole.start, whole.end, EMPTY[collection.type] ?? '');
  });
}

function ofCollection(collection: Term, members: readonly Term[], walk: Walk): Edit[] {
  if (!members.every(isConstant)) return members.flatMap((member) => ofTerm(member, walk));
  // A text that is replaced is a text that is left out.
  const within = members.flatMap((member) =>
    member.type === 'string' ? ofRange(member, walk) : ofTerm(member, walk),
  );
  return [...without(collection, members.map(walk.find), walk), ...within];
}

function ofObject(object: Term, walk: Walk): Edit[] {
  const pairs = object.value as readonly (readonly [Term, Term])[];
  if (!pairs.every(([key, value]) => isConstant(key) && isConstant(value))) {
    return pairs.flatMap(([, value]) => ofTerm(value, walk));
  }
  const places = pairs.map(([key, value]) => ({ start: walk.find(key).start, end: walk.find(value).end }));
  return [...without(object, places, walk), ...pairs.flatMap(([key]) => ofRange(key, walk))];
}

function ofComprehension({ value }: Term, walk: Walk): Edit[] {
  const { body, ...heads } = value as { readonly body: readonly Expression[] } & Record<string, Term>;
  return [...Object.values(heads).flatMap((head) => ofTerm(head, walk)), ...walk.ofBody(body, walk)];
}

/** What is computed in it; its words are for people. */
function ofTemplate({ value }: Term, walk: Walk): Edit[] {
  const { parts } = value as { readonly parts: readonly (Expression | Term)[] };
  return parts.flatMap((part) => {
    if (!('terms' in part)) return [];
    return Array.isArray(part.terms)
      ? ofCall(part.terms as readonly Term[], walk)
      : ofTerm(part.terms as Term, walk);
  });
}
