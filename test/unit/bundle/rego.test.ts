import { describe, expect, test } from 'vitest';
import { callsOf, packageOf } from '../../../src/bundle/rego.ts';

const names = new Set(['crypto.sha256', 'time.now_ns']);
const calls = (source: string) =>
  callsOf(source, names).map(({ rule, line, name }) => `${rule}:${line} ${name}`);

describe('a call is found with its rule and line', () => {
  test.each<[string, string, readonly string[]]>([
    ['in a body', 'package a\n\nallow if {\n\tcrypto.sha256(input.x) == "y"\n}', ['allow:4 crypto.sha256']],
    ['on one line', 'package a\nallow if crypto.sha256 (input.x) == "y"', ['allow:2 crypto.sha256']],
    [
      'in the second rule',
      'package a\na := 1\nb := f(\n1)\nc contains x if x := time.now_ns()',
      ['c:5 time.now_ns'],
    ],
    ['in a default', 'package a\ndefault d := time.now_ns()', ['d:2 time.now_ns']],
    [
      'in a function',
      'package a\n\nf(x) := y if {\n  y := crypto.sha256(x)\n} else := 1',
      ['f:4 crypto.sha256'],
    ],
    [
      'in a template string',
      'package a\nm := $"it is {crypto.sha256("{")} {x}"\nn := 1',
      ['m:2 crypto.sha256'],
    ],
    [
      'in a template of two lines',
      'package a\nm := $`{[\n1]} {time.now_ns()}\n`\nn := time.now_ns()',
      ['m:3 time.now_ns', 'n:5 time.now_ns'],
    ],
    ['after a line that goes on', 'package a\nr :=\ncrypto.sha256("")', ['r:3 crypto.sha256']],
    [
      'after a rule that ends with a word',
      'package a\nr if true\ns if not time.now_ns() > 1',
      ['s:3 time.now_ns'],
    ],
    ['in none: a comment', 'package a\n# crypto.sha256(x)\na := 1 # time.now_ns()', []],
    ['in none: texts', 'package a\na := "crypto.sha256(x) \\" time.now_ns()"\nb := `crypto.sha256(\n`', []],
    ['in none: an escaped brace', 'package a\na := $"\\{time.now_ns()}"', []],
    ['in none: another name', 'package a\na := xcrypto.sha256(1) + crypto.sha256x(2) + crypto.sha256', []],
  ])('%s', (_, source, expected) => {
    expect(calls(source)).toEqual(expected);
  });
});

describe('the package', () => {
  test.each<[string, readonly string[] | undefined]>([
    ['package csr.x\n\na := 1', ['csr', 'x']],
    ['# package none\n\npackage csr # csr.y', ['csr']],
    ['package csr["kubelet-serving"].v1\nimport rego.v1', ['csr', 'kubelet-serving', 'v1']],
    ['package a; b := 1', ['a']],
    [String.raw`package a["\x"]`, ['a', '']],
    ['import rego.v1', undefined],
    ['', undefined],
  ])('of %j', (source, expected) => {
    expect(packageOf(source)).toEqual(expected);
  });
});

describe('a source that takes no longer than its length, and would by a careless expression', () => {
  test.each<[string, string, readonly string[] | undefined]>([
    ['a string that is never closed', `package a["${'b'.repeat(100_000)}\n`, ['a']],
    ['one of quotes', `package a["${String.raw`\"`.repeat(1_000_000)}\n`, ['a']],
    ['a raw string that is never closed', `package a[\`${'b'.repeat(100_000)}`, ['a']],
    ['a path of many parts', `package ${'a.'.repeat(500_000)}a`, Array.from({ length: 500_001 }, () => 'a')],
  ])('%s', (_, source, path) => {
    expect(packageOf(source)).toEqual(path);
  });

  test('what stands before such a string is still found', () => {
    expect(calls('package a\nb := time.now_ns()\nc := "\nd := time.now_ns()')).toEqual(['b:2 time.now_ns']);
  });
});
