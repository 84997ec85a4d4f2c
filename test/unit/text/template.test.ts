import { describe, expect, test } from 'vitest';
import { fill, wordsOf } from '../../../src/text/template.ts';

const values = new Map([
  ['node_name', 'n1'],
  ['requestor.uid', ''],
  ['brace', '{node_name}'],
]);
const valueOf = (word: string) => values.get(word);

test.each([
  ['', [], ''],
  ['machines', [], 'machines'],
  ['{node_name}', ['node_name'], 'n1'],
  ['a-{node_name}.b-{node_name}', ['node_name', 'node_name'], 'a-n1.b-n1'],
  ['{node_name}{node_name}', ['node_name', 'node_name'], 'n1n1'],
  ['{requestor.uid}', ['requestor.uid'], undefined],
  ['a-{requestor.uid}', ['requestor.uid'], undefined],
  ['{other}', ['other'], undefined],
  ['{}', [''], undefined],
  ['{brace}', ['brace'], '{node_name}'],
])('%j', (template, words, filled) => {
  expect(wordsOf(template)).toEqual(words);
  expect(fill(template, valueOf)).toBe(filled);
});

describe('a brace that is not closed, or not opened, is a problem', () => {
  test.each(['{', '}', '{a', 'a}', '{{a}}', '{a}}', '{{a}', '{a}{'])('%s', (template) => {
    expect(wordsOf(template)).toEqual({ problem: expect.stringMatching(/brace/) });
  });
});
