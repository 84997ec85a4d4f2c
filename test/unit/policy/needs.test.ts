import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { requestSchema } from '../../../src/decide/input.ts';
import { templateWords } from '../../../src/policy/lookup-query.ts';
import { noFacts, readEntrypointCustom, unionOfNeeds } from '../../../src/policy/needs.ts';
import { readReasons, reasonCodes } from '../../../src/policy/reasons.ts';

const review = { resource: 'certificatesigningrequests', verb: 'create' };
const whole = { ...review, group: '', subresource: '', name: '', namespace: '' };
const read = (custom: Record<string, unknown> | undefined) =>
  readEntrypointCustom({
    path: 'csr/x/decision',
    annotation: { entrypoint: true, ...(custom && { custom }) },
  });

test.each([
  ['a signer alone asks for nothing', {}, noFacts],
  ['no facts', { facts: {} }, noFacts],
  ['some', { facts: { node: true } }, { ...noFacts, node: true }],
  ['a review', { facts: { sar: { a: review } } }, { ...noFacts, sar: { a: whole } }],
])('%s', (_, more, facts) => {
  expect(read({ signer_name: 'a.b/c', ...more }).facts).toEqual(facts);
});

const good = { signer_name: 'a.b/c' };
test.each<[string, Record<string, unknown> | undefined, RegExp]>([
  ['nothing at all', undefined, /custom\.signer_name/],
  ['no signer', {}, /custom\.signer_name/],
  ['a signer that is no text', { signer_name: 7 }, /custom\.signer_name/],
  ['an unknown word', { ...good, max_age: 5 }, /max_age/],
  ['an age of nothing', { ...good, max_age_seconds: 0 }, /custom\.max_age_seconds/],
  [
    'an unknown fact',
    { ...good, facts: { weather: true } },
    /custom\.facts.*weather.*known facts: sar, node/,
  ],
  ['a fact that is neither yes nor no', { ...good, facts: { node: 'yes' } }, /custom\.facts\.node/],
  [
    'a review without verb',
    { ...good, facts: { sar: { a: { resource: 'x' } } } },
    /custom\.facts\.sar\.a\.verb/,
  ],
  ['knobs at no path', { ...good, knobs: 'csr/x/config' }, /custom\.knobs: not a path into data/],
  ['knobs at no path, in a list', { ...good, knobs: ['csr.x', ''] }, /custom\.knobs.*not a path into data/],
  ['knobs of another kind', { ...good, knobs: { csr: true } }, /custom\.knobs: not a path into data/],
  ['a review with a word too many', { ...good, facts: { sar: { a: { ...review, x: 1 } } } }, /facts\.sar\.a/],
  ['a review of a wrong name', { ...good, facts: { sar: { 'A-1': review } } }, /custom\.facts\.sar/],
])('is refused: %s', (_, custom, message) => {
  expect(() => read(custom)).toThrow(expect.objectContaining({ code: 'AnnotationInvalid' }));
  expect(() => read(custom)).toThrow(message);
});

describe('the union', () => {
  test('is all that either asks for', () => {
    const left = { ...noFacts, sar: { a: whole }, node: true };
    const right = { ...noFacts, sar: { a: whole, b: whole }, claims: true };
    expect(unionOfNeeds(left, right)).toEqual({
      ...noFacts,
      sar: { a: whole, b: whole },
      node: true,
      claims: true,
    });
  });

  test('of one review with two meanings is refused', () => {
    const left = { ...noFacts, sar: { a: whole } };
    const right = { ...noFacts, sar: { a: { ...whole, verb: 'delete' } } };
    expect(() => unionOfNeeds(left, right)).toThrow(expect.objectContaining({ code: 'FactsConflict' }));
  });
});

const query = { group: 'cluster.x-k8s.io', version: 'v1beta1', resource: 'machines' };
const complete = { ...query, namespace: '', name: '', labels: {}, match: {} };
const lookup = (changed: object) => ({ ...good, facts: { lookups: { machine: { ...query, ...changed } } } });

describe('a lookup', () => {
  test.each<[string, object]>([
    ['of everything', {}],
    ['of the core group', { group: '' }],
    ['by name', { name: '{node_name}', namespace: 'capi-{node_name}' }],
    ['by a name that is no DNS name', { name: 'system:node:{node_name}' }],
    ['by label', { labels: { 'example.com/node': '{node_name}', zone: '' } }],
    ['by content', { match: { 'status.nodeRef.name': '{node_name}', 'spec.providerID': 'a {name} b' } }],
    ['by label and content', { labels: { a: 'b' }, match: { a: '{requestor.username}' } }],
  ])('%s', (_, changed) => {
    expect(read(lookup(changed)).facts.lookups).toEqual({ machine: { ...complete, ...changed } });
  });

  test.each<[string, object, RegExp]>([
    ['no resource', { resource: '' }, /custom\.facts\.lookups\.machine\.resource: not the plural name/],
    ['a subresource', { resource: 'nodes/status' }, /machine\.resource: not the plural name/],
    ['no version', { version: '' }, /machine\.version: not a version/],
    ['a group that is none', { group: 'a/b' }, /machine\.group: not an API group/],
    ['an unknown word', { name: '{nodename}' }, /machine\.name: \{nodename\} is no text .*known: node_name/],
    ['a word that is a list', { name: '{requestor.groups}' }, /\{requestor\.groups\} is no text/],
    ['a word that is a fact', { name: '{node.name}' }, /\{node\.name\} is no text/],
    ['an empty word', { name: '{}' }, /\{\} is no text/],
    ['an open brace', { labels: { a: '{node_name' } }, /machine\.labels\.a: "\{node_name": a brace/],
    ['a name that nothing can have', { name: 'a/b' }, /"a\/b" is no name of an object/],
    ['a namespace that is none', { namespace: 'A' }, /machine\.namespace: "A" is no namespace/],
    ['a label that is none', { labels: { 'a b': 'c' } }, /labels\.a b: not the name of a label/],
    ['a value that no label has', { labels: { a: 'b c' } }, /labels\.a: "b c" is no value of a label/],
    ['a path that is none', { match: { 'a..b': 'c' } }, /match\.a\.\.b: not a path of fields/],
    ['a match of no text', { match: { a: 7 } }, /match\.a: /],
    ['name and labels', { name: 'a', labels: { a: 'b' } }, /`name` excludes/],
    ['name and match', { name: 'a', match: { a: 'b' } }, /`name` excludes/],
    ['a word too many', { subresource: 'status' }, /machine: .*subresource/],
  ])('is refused: %s', (_, changed, message) => {
    expect(() => read(lookup(changed))).toThrow(expect.objectContaining({ code: 'AnnotationInvalid' }));
    expect(() => read(lookup(changed))).toThrow(message);
  });

  test('too many are refused', () => {
    const lookups = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`m${String(i)}`, query]));
    expect(() => read({ ...good, facts: { lookups } })).toThrow(/more than 16 lookups/);
  });

  test('of two meanings is refused', () => {
    const other = { ...complete, version: 'v1' };
    const needs = (machine: typeof complete) => ({ ...noFacts, lookups: { machine } });
    expect(() => unionOfNeeds(needs(complete), needs(other))).toThrow(/FactsConflict|lookup machine/);
  });

  test('may name every text of the request document, and nothing else', () => {
    const texts = textsOf(z.toJSONSchema(requestSchema), '');
    expect([...templateWords].sort()).toEqual(['node_name', ...texts].sort());
  });
});

/** Paths of the texts that are not one of a few. */
function textsOf(schema: z.core.JSONSchema.BaseSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    if (typeof inner === 'boolean') return [];
    const at = path === '' ? name : `${path}.${name}`;
    return inner.type === 'string' ? [at] : textsOf(inner, at);
  });
}

const from = (given: Record<string, unknown>, facts: object = {}) => {
  const custom = { ...good, facts: { ...facts, lookups_from: 'csr.x.config.lookups' } };
  return readEntrypointCustom({ path: 'csr/x/decision', annotation: { custom } }, given).facts;
};
const data = (lookups: unknown) => ({ csr: { x: { config: { lookups } } } });

describe('lookups that data chooses', () => {
  test.each<[string, Record<string, unknown>, object]>([
    ['nothing there', {}, {}],
    ['nothing but its parents', { csr: { x: { config: {} } } }, {}],
    ['a parent that is no object', { csr: { x: 'config' } }, {}],
    ['none', data({}), {}],
    ['one', data({ machine: { query, addresses: ['status'] } }), { machine: complete }],
  ])('%s', (_, given, lookups) => {
    expect(from(given)).toEqual({ ...noFacts, lookups });
  });

  test('are added to those of the annotation', () => {
    const facts = from(data({ machine: { query } }), { node: true, lookups: { other: query } });
    expect(facts).toEqual({ ...noFacts, node: true, lookups: { machine: complete, other: complete } });
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /data\.csr\.x\.config\.lookups: /],
    ['a list', [], /data\.csr\.x\.config\.lookups: /],
    ['one without a query', { machine: {} }, /data\.csr\.x\.config\.lookups\.machine\.query: /],
    ['a query of nonsense', { machine: { query: { ...query, name: '{x}' } } }, /machine\.query\.name: \{x\}/],
    ['a name that is none', { 'Machine-1': { query } }, /lookups\.Machine-1: /],
  ])('are refused: %s', (_, lookups, message) => {
    expect(() => from(data(lookups))).toThrow(expect.objectContaining({ code: 'LookupInvalid' }));
    expect(() => from(data(lookups))).toThrow(message);
  });

  test('with another meaning than the annotation are refused', () => {
    const facts = { lookups: { machine: { ...query, version: 'v1' } } };
    expect(() => from(data({ machine: { query } }), facts)).toThrow(
      expect.objectContaining({ code: 'FactsConflict' }),
    );
  });

  test.each(['', 'a..b', 'a/b', '.a', 'a[0]'])('a path that is none is refused: %j', (path) => {
    expect(() => read({ ...good, facts: { lookups_from: path } })).toThrow(
      /custom\.facts\.lookups_from: not a path/,
    );
  });
});

const block = (...lines: string[]) =>
  new Map([['a.rego', ['package x', '', '# METADATA', ...lines, 'deny if true'].join('\n')]]);

describe('reason codes', () => {
  test.each([
    [
      'is read with its texts',
      ['# title: T', '# description: D', '# custom:', '#   code: A', '#   remedy: R'],
      ['A'],
    ],
    ['indented', ['  # custom:', '  #   code: A'], ['A']],
    ['none without custom', ['# title: T'], []],
    ['none that is no text', ['# custom:', '#   code: 7'], []],
    ['none in broken YAML', ['# custom: ['], []],
    ['none after the block has ended', ['# title: T', '', '# custom:', '#   code: A'], []],
  ])('%s', (_, lines, expected) => {
    expect([...reasonCodes(readReasons(block(...lines))).keys()]).toEqual(expected);
  });
});
