import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { mutantsOf } from './mutants.ts';
import { allMutants, staleEquivalents } from './subjects.ts';

const changes = (source: string): string[] => mutantsOf('a.ts', source).map(({ mutated }) => mutated);

describe('mutants', () => {
  test.each<readonly [source: string, mutated: readonly string[]]>([
    ['if (a) b();', ['if (true) b();', 'if (false) b();', 'if (a) ;']],
    ['while (a) b();', ['while (false) b();', 'while (a) ;']],
    ['(a && b);', [';', '((a || b));', '(a);', '(b);']],
    ['(a ?? b);', [';', '(a);', '(b);']],
    ['(a < b);', [';', '((a <= b));', '((a >= b));']],
    ['(x === -1);', [';', '((x !== -1));', '(x === 1);', '(x === -2);', '(x === -0);']],
    ['a += 1;', [';', 'a -= 1;', 'a += 2;', 'a += 0;']],
    ['(a & 0xff);', [';', '((a | 0xff));', '(a & 0x100);', '(a & 0xfe);']],
    ["f('x', '', true);", [';', "f('', '', true);", "f('x', 'mutated', true);", "f('x', '', false);"]],
    ['f(`a${b}`);', [';', 'f(``);']],
    ['f([a], []);', [';', 'f([], []);', "f([a], ['mutated']);"]],
    ['f([[a], [b]]);', [';', 'f([]);', 'f([ [b]]);', 'f([[a], ]);', 'f([[], [b]]);', 'f([[a], []]);']],
    ['f({ a });', [';', 'f({});']],
    ['f(a.every(b), a.slice(x));', [';', 'f(a.some(b), a.slice(x));', 'f(a.every(b), a);']],
    ['f(a?.b);', [';', 'f(a.b);']],
    ['throw a;', [';']],
    [
      'const f = (a: number): boolean => !a;',
      ['true', 'false', 'a'].map((is) => `const f = (a: number): boolean => ${is};`),
    ],
    ['function f() { return a; }', ['function f() { return undefined; }']],
    ['f(/^a+$/u);', [';', 'f(/a+$/u);', 'f(/^a*$/u);', 'f(/^a+/u);', 'f(/^a+$/);']],
    [
      'f(/[a-c\\d]{1,2}/);',
      [
        ';',
        'f(/[^a-c\\d]{1,2}/);',
        'f(/[\\d]{1,2}/);',
        'f(/[a-c]{1,2}/);',
        'f(/[a-c\\d]{0,2}/);',
        'f(/[a-c\\d]{2,2}/);',
        'f(/[a-c\\d]{1,1}/);',
        'f(/[a-c\\d]{1,3}/);',
      ],
    ],
    ['f(/(?! )[^a]?/);', [';', 'f(/(?= )[^a]?/);', 'f(/(?! )[a]?/);', 'f(/(?! )[^a]/);']],
    ["import { a } from 'b';", []],
    ["type A = 'b' | 1;", []],
  ])('of %s', (source, mutated) => {
    expect(changes(source).toSorted()).toEqual([...mutated].toSorted());
  });

  test('know their place, whatever types and comments are before it', () => {
    const [first] = mutantsOf(
      'a.ts',
      '/** § */\ninterface A { readonly b: string }\n\nexport const a: A[] = [ f( 1 ) ];',
    );
    expect(first).toMatchObject({
      line: 4,
      original: 'export const a: A[] = [ f( 1 ) ];',
      mutated: 'export const a: A[] = [];',
    });
  });
});

test('what is said to be equivalent is still in the source', () => {
  expect(staleEquivalents(allMutants(fileURLToPath(new URL('../..', import.meta.url))))).toEqual([]);
});
