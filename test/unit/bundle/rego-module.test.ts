import { expect, test } from 'vitest';
import { readModule } from '../../../src/bundle/rego-module.ts';

const rule = (body: string) => {
  const [one] = readModule(`package csr.mine\n\n${body}\n`).rules;
  return one?.references.map((path) => path.join('/'));
};

test('names package, imports and rules with their lines', () => {
  const source = `package csr.mine

import data.csr.other as base
import data.csr.third

# a comment, input.unseen
default allow := false

allow if {
	base.allow
}

deny contains base.reason("x") if not third.ok
`;
  const { package: name, imports, rules } = readModule(source);
  expect(name).toBe('csr.mine');
  expect(Object.fromEntries(imports)).toEqual({
    base: ['data', 'csr', 'other'],
    third: ['data', 'csr', 'third'],
  });
  expect(rules.map((one) => `${one.name}:${String(one.line)}`)).toEqual(['allow:7', 'allow:9', 'deny:13']);
});

test.each([
  ['a path', 'a if input.sans.dns', ['input/sans/dns']],
  ['a key in brackets', 'a := input.extra["x/y"]', ['input/extra/x/y']],
  ['no key of an index', 'a := input.extra[0]', ['input/extra']],
  ['a key behind a variable not at all', 'a := input.extra[i]["x"]', ['input/extra', 'i']],
  ['a list of texts not as keys', 'a := input.x in ["y"]', ['input/x']],
  ['an expression in a template', 'a := $"{input.x} is {f(input.y)}"', ['input/x', 'f', 'input/y']],
  ['no text', 'a := "input.x"', []],
])('finds %s', (_, body, expected) => {
  expect(rule(body)).toEqual(expected);
});

test.each([
  ['_config := data.csr.config', true],
  ['a := data.csr.config + 1', false],
  ['a := data.csr.config if input.x', false],
  ['a(x) := data.csr.config', false],
])('%s: an alias is %s', (body, expected) => {
  expect(readModule(`package p\n${body}`).rules[0]?.isAlias).toBe(expected);
});

test('makes something of what nobody would compile', () => {
  expect(readModule('a := {"').rules).toHaveLength(1);
  expect(readModule('').rules).toEqual([]);
});
