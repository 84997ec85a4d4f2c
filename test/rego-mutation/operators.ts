/** What is done to rules: conditions deleted and negated, comparisons flipped, rules and members left out. */
import { type Edit, edit } from '../mutation/edit.ts';
import { type Walk, nameOf, ofCall, ofTerm } from './terms.ts';
import type { Expression, Module, Rule, Span, Term } from './tree.ts';
import { finder } from './tree.ts';

/** Every edit of a file, in no order. */
export function editsOf(module: Module, source: string): Edit[] {
  const walk = { find: finder(source), ofBody };
  return (module.rules ?? []).flatMap((rule) => [without(rule, source, walk), ...ofRule(rule, walk)]);
}

/** The file without a rule and without the comments over it, which would become the next rule's. */
function without(rule: Rule, source: string, walk: Walk): Edit {
  const { start } = walk.find(rule);
  const { end } = walk.find(rule.default === true ? rule.head : rule);
  const comments = /(?:(?<=^|\n)#.*\n)*$/.exec(source.slice(0, start))?.[0] ?? '';
  return edit(start - comments.length, end, '');
}

function ofRule(rule: Rule, walk: Walk): Edit[] {
  const { key, value } = rule.head;
  // A rule that is only true or false by its body has a value without a place.
  const values = [key, value].filter((term) => term?.location !== undefined) as Term[];
  const otherwise = rule.else === undefined ? [] : ofElse(rule.else, walk);
  return [
    ...values.flatMap((term) => ofTerm(term, walk)),
    ...(rule.default === true ? [] : ofBody(rule.body, walk)),
    ...otherwise,
  ];
}

function ofElse(rule: Rule, walk: Walk): Edit[] {
  const { start, end } = walk.find(rule);
  return [edit(start, end, ''), ...ofRule(rule, walk)];
}

const ofBody = (body: readonly Expression[], walk: Walk): Edit[] =>
  body.flatMap((expression) => (expression.generated === true ? [] : ofExpression(expression, walk)));

/** A condition: always true, the other way round, and what is in it. */
function ofExpression(expression: Expression, walk: Walk): Edit[] {
  const span = walk.find(expression);
  const replaced = edit(span.start, span.end, 'true');
  const modifiers = (expression.with ?? []).map((modifier) => walk.find(modifier));
  return [
    replaced,
    ...negation(expression, span),
    ...modifiers.map(({ start, end }) => edit(start, end, '')),
    ...inside(expression, walk),
  ];
}

function negation({ negated, terms }: Expression, { start, end, text }: Span): Edit[] {
  if (negated === true) return [edit(start, end, text.replace(/^not\s+/, ''))];
  // What declares a variable cannot be negated.
  const declares = Array.isArray(terms) ? nameOf(terms[0] as Term) === ':=' : 'symbols' in terms;
  return declares ? [] : [edit(start, end, `not ${text}`)];
}

function inside({ terms, with: modifiers = [] }: Expression, walk: Walk): Edit[] {
  const replaced = modifiers.flatMap(({ value }) => ofTerm(value, walk));
  return [...replaced, ...ofTerms(terms, walk)];
}

function ofTerms(terms: Expression['terms'], walk: Walk): Edit[] {
  if (Array.isArray(terms)) return ofCall(terms as readonly Term[], walk);
  if ('symbols' in terms) return terms.symbols.flatMap((symbol) => ofTerm(symbol, walk));
  if ('domain' in terms) return [...ofTerm(terms.domain, walk), ...ofBody(terms.body, walk)];
  return ofTerm(terms as Term, walk);
}
