import { describe, expect, test } from 'vitest';
import { plain } from '../../../src/bundle/json.ts';
import { parseYaml } from '../../../src/bundle/yaml.ts';

describe('has one reading', () => {
  test.each<[string, unknown]>([
    ['a: &a {x: 1}\nb: *a\nc: {<<: *a, z: 2}', { a: { x: 1 }, b: { x: 1 }, c: { x: 1, z: 2 } }],
    ['9223372036854775807: a\r\nb: 0xffff # \u00e9', { '9223372036854775807': 'a', b: 65535 }],
    ['1: a\n"no": "010"', { 1: 'a', no: '010' }],
    ['a: 0x1F\nb: 0o17\nc: 1e3\nd: +1\ne: 1.50', { a: 31, b: 15, c: 1000, d: 1, e: 1.5 }],
    ['a: 2023-01-01\nb: 1:30\nc: ~\nd:\ne: null', { a: '2023-01-01', b: '1:30', c: null, d: null, e: null }],
    ['[]', []],
    ['', null],
  ])('%j', (text, value) => {
    expect(plain(parseYaml(text))).toEqual(value);
  });
});

describe('has two', () => {
  test.each([
    'yes',
    'No',
    'OFF',
    'y',
    '010',
    '-07',
    '1_000',
    '1_0.5',
    '0b11',
    '-0x1F',
    '0o1_7',
    '0x_F',
    '0X1F',
    '0O17',
    '0x10000000000000000',
    '0o2000000000000000000000',
  ])('%s', (word) => {
    expect(() => parseYaml(`a: ${word}`)).toThrow(/not the same for every reader of YAML: put it in quotes/);
    expect(() => parseYaml(`a: [${word}]`)).toThrow(word);
    expect(parseYaml(`a: "${word}"`)).toEqual({ a: word });
  });

  test.each([
    'a: !!str 1',
    'a: !mine [1]',
    '!!map {a: 1}',
    '? {a: 1}\n: 1',
    'true: 1',
    '1.5: 1',
    '~: 1',
    'a: *b',
    '9223372036854775808: 1',
    '-9223372036854775809: 1',
    ...['\r', '\u0085', '\u2028', '\u2029', '\u0000', '\uFEFF'].map((sign) => `a: 1 # b${sign}c: 2`),
    '%YAML 1.1\n---\na: no',
  ])('%j', (text) => {
    expect(() => parseYaml(text)).toThrow();
  });
});

test('what is not ambiguous after all takes no longer than its length', () => {
  const word = `1${'_'.repeat(200_000)}x`;
  expect(parseYaml(`a: ${word}`)).toEqual({ a: word });
});

test('a key is compared with others by a set', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${String(index)}: a\n`).join('');
  expect(Object.keys(parseYaml(keys) ?? {})).toHaveLength(20_000);
  expect(() => parseYaml(`${keys}k7: a\n`)).toThrow('key "k7" is there twice');
});

test.each([
  ['signs', `[${'[],'.repeat(30_000)}]`, /more than 65536 signs/],
  [
    'what aliases stand for',
    `a: &a [${'1,'.repeat(9_000)}]\nb: [${'*a,'.repeat(99)}]`,
    /more than 262144 values/,
  ],
])('too many: %s', (_, text, message) => {
  expect(() => parseYaml(text)).toThrow(message);
});
