import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { policiesPath } from '../rego/paths.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { staleEquivalents } from './report.ts';
import { allSubjects } from './subjects.ts';
import { parse } from './tree.ts';

const directory = mkdtempSync(join(tmpdir(), 'rego-mutants-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

let files = 0;

async function mutants(rules: string): Promise<Mutant[]> {
  const source = `package a\n\n${rules}\n`;
  files += 1;
  const path = join(directory, `${files}.rego`);
  writeFileSync(path, source);
  return mutantsOf('a.rego', source, await parse(path));
}

/** What becomes of the line, but for the rule left out. */
const changes = async (rules: string): Promise<string[]> =>
  (await mutants(rules)).map(({ mutated }) => mutated).filter((mutated) => mutated !== '');

describe('mutants', () => {
  test.each<readonly [rules: string, mutated: readonly string[]]>([
    ['a if input.b', ['a if true', 'a if not input.b']],
    ['a if not input.b', ['a if true', 'a if input.b']],
    ['default a := false', ['default a := true']],
    ['a := input.b < c', ['a := input.b <= c', 'a := input.b >= c']],
    [
      'a if input.b == 1',
      ['a if true', 'a if not input.b == 1', 'a if input.b != 1', 'a if input.b == 2', 'a if input.b == 0'],
    ],
    [
      'a := {1 | true} - b',
      [
        'a := {2 | true} - b',
        'a := {0 | true} - b',
        'a := {1 | true}',
        'a := b',
        'a := {1 | not true} - b',
        'a := {1 | false} - b',
      ],
    ],
    ['a contains b if some b in input.c', ['a contains b if true']],
    [
      'a := [b | some b in input.c; f(b)]',
      [
        'a := [b | true; f(b)]',
        'a := [b | some b in input.c; true]',
        'a := [b | some b in input.c; not f(b)]',
      ],
    ],
    [
      'a if every b in {"x", "y"} { f(b) }',
      [
        'a if true',
        'a if not every b in {"x", "y"} { f(b) }',
        'a if every b in {"y"} { f(b) }',
        'a if every b in {"x"} { f(b) }',
        'a if every b in {"x", "y"} { true }',
        'a if every b in {"x", "y"} { not f(b) }',
      ],
    ],
    ['a := {{"x"}, {"y"}}', ['a := {{"y"}}', 'a := {{"x"}}', 'a := {set(), {"y"}}', 'a := {{"x"}, set()}']],
    ['a := {"fe80::/10": "x"}', ['a := {}', 'a := {"fe80::/9": "x"}', 'a := {"fe80::/11": "x"}']],
    [
      'a := ["::/0", "10.0.0.0/32"]',
      [
        'a := ["10.0.0.0/32"]',
        'a := ["::/0"]',
        'a := ["::/1", "10.0.0.0/32"]',
        'a := ["::/0", "10.0.0.0/31"]',
      ],
    ],
    ['a := input["x"].y', ['a := input["mutated"].y']],
    [
      'a := regex.match(`^b$`, input.c)',
      ['a := regex.match(`b$`, input.c)', 'a := regex.match(`^b`, input.c)'],
    ],
    ['a contains msg if msg := "b"', ['a contains msg if true']],
    ['a := f("some words", "word")', ['a := f("some words", "mutated")']],
    [
      'a := $"b {c | d} e" if f(c)',
      [
        'a := $"b {c } e" if f(c)',
        'a := $"b { d} e" if f(c)',
        'a := $"b {c | d} e" if true',
        'a := $"b {c | d} e" if not f(c)',
      ],
    ],
    [
      'a := b if c with input as {"d"}',
      [
        'a := b if true',
        'a := b if not c with input as {"d"}',
        'a := b if c',
        'a := b if c with input as set()',
      ],
    ],
    [
      'f(x) := 1 if { x } else := 2',
      [
        'f(x) := 2 if { x } else := 2',
        'f(x) := 0 if { x } else := 2',
        'f(x) := 1 if { true } else := 2',
        'f(x) := 1 if { not x } else := 2',
        'f(x) := 1 if { x }',
        'f(x) := 1 if { x } else := 3',
        'f(x) := 1 if { x } else := 1',
      ],
    ],
  ])('of %s', async (rules, mutated) => {
    expect((await changes(rules)).toSorted()).toEqual([...mutated].toSorted());
  });

  test('leave each rule out, and the comments over it', async () => {
    const [first, second] = (await mutants('# One.\na if {\n\tb\n}\n\n# Two.\na if c')).filter(
      ({ mutated }) => mutated === '',
    );
    expect(first).toMatchObject({
      line: 4,
      original: 'a if { b }',
      text: 'package a\n\n\n\n# Two.\na if c\n',
    });
    expect(second).toMatchObject({
      line: 9,
      original: 'a if c',
      text: 'package a\n\n# One.\na if {\n\tb\n}\n\n\n',
    });
  });
});

describe('of the policies', () => {
  test('a rule of the floor is tried wherever it is written, and in the floor alone', async () => {
    const all = await allSubjects(policiesPath());
    const shared = all.filter(({ file }) => file === 'floor/csr/floor/serving/usages.rego');
    const paths = new Set(shared.map(({ where, texts }) => `${where}: ${[...texts.keys()].join(' ')}`));
    expect([...paths].toSorted()).toEqual([
      'everywhere: floor/csr/floor/serving/usages.rego default/csr/kubelet_serving/usages.rego',
      'the floor alone: floor/csr/floor/serving/usages.rego',
    ]);
    for (const { texts } of shared) {
      for (const [path, text] of texts) {
        expect(text).toMatch(
          path.startsWith('floor/') ? /^package csr\.floor\.serving$/m : /^package csr\.kubelet_serving$/m,
        );
      }
    }
    expect(all.some(({ file }) => file.startsWith('default/'))).toBe(true);
    expect(all.some(({ file }) => file.includes('_test'))).toBe(false);
  });
});

test('what is said to be equivalent is still in the policies', async () => {
  expect(staleEquivalents(await allSubjects(policiesPath()))).toEqual([]);
});
