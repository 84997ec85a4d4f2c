import { describe, expect, test } from 'vitest';
import { noFacts, readEntrypointCustom, unionOfNeeds } from '../../../src/policy/needs.ts';
import { reasonCodes } from '../../../src/policy/reasons.ts';

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
    expect([...reasonCodes(block(...lines)).keys()]).toEqual(expected);
  });
});
