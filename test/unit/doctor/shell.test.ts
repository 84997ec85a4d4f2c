import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { command, quoted } from '../../../src/doctor/shell.ts';
import { removal } from '../../../src/doctor/unbind.ts';
import { unsafe } from '../../../src/text/json.ts';

const words = [
  'plain-Name.1',
  '',
  '-n',
  'a b',
  "it's",
  '$(touch hacked) `x` ; & | > < * ? ~ ! # "',
  'back\\slash',
  "both ' and \\ and \u202e",
  'line\nbreak\t\u001b[31m',
  '\u{1f600}\u200b',
];

test.each(words)('%j is that word for a shell, and shows nothing that a terminal obeys', (word) => {
  const said = quoted(word);
  expect(said.match(unsafe)).toBeNull();
  const env = { LC_ALL: 'C' };
  expect(execFileSync('bash', ['--norc', '-c', `printf %s ${said}`], { env, encoding: 'utf8' })).toBe(word);
});

test('words are told apart', () => {
  const printed = execFileSync('bash', ['--norc', '-c', `printf '[%s]' ${command(...words.slice(0, 6))}`], {
    encoding: 'utf8',
  });
  expect(printed).toBe(
    words
      .slice(0, 6)
      .map((word) => `[${word}]`)
      .join(''),
  );
});

const subject = (name: string) => ({ kind: 'Group', name, namespace: '' });
const isNode = ({ name }: { readonly name: string }): boolean => name.startsWith('node');

test('a binding of others is kept for them', () => {
  const some = { name: 'b', role: 'r', subjects: ['node1', 'jane', 'node2'].map(subject) };
  const [, patch = ''] = /-p '(.*)' -- b$/.exec(removal(some, isNode)) ?? [];
  expect(JSON.parse(patch)).toEqual([
    { op: 'test', path: '/subjects/2/name', value: 'node2' },
    { op: 'remove', path: '/subjects/2' },
    { op: 'test', path: '/subjects/0/name', value: 'node1' },
    { op: 'remove', path: '/subjects/0' },
  ]);
  const all = { name: '-b', role: 'r', subjects: ['node1'].map(subject) };
  expect(removal(all, isNode)).toBe('kubectl delete clusterrolebinding -- -b');
});
