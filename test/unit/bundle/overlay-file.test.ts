import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { maxOverlayBytes, parseOverlay, readOverlays } from '../../../src/bundle/overlay-file.ts';

const root = mkdtempSync(join(tmpdir(), 'overlay-test-'));
afterAll(() => rmSync(root, { recursive: true }));

const read = (text: string | Uint8Array, file: string) =>
  parseOverlay(typeof text === 'string' ? new TextEncoder().encode(text) : text, file);
const yaml = (text: string | Uint8Array) => read(text, 'o.yaml');
const json = (text: string | Uint8Array) => read(text, 'o.json');

test('JSON may be longer than YAML', () => {
  const text = JSON.stringify({ a: 'x'.repeat(maxOverlayBytes.yaml) });
  expect(json(text).data).toHaveProperty('a');
  expect(() => yaml(text)).toThrow(/write it as JSON, in a file whose name ends in \.json/);
});

describe('a good one', () => {
  const value = { a: { b: [1, -2.5, 1e3, true, false, null, 'x'], 'c d': {} } };

  test('in YAML, with the lines of its keys', () => {
    const overlay = yaml('# knobs\na:\n  b: [1, -2.5, 1e3, true, false, null, x]\n  "c d": {}\n');
    expect(overlay.data).toEqual(value);
    expect([['a'], ['a', 'b'], ['a', 'c d'], ['a', 'e'], []].map(overlay.lineOf)).toEqual([
      2,
      3,
      4,
      undefined,
      undefined,
    ]);
  });

  test('in JSON, with the lines of its keys', () => {
    const overlay = json('{\n\t"a": {"b": [1, -2.5, 1e3, true, false, null, "x"],\n"c\\u0020d": {}}}\n');
    expect(overlay.data).toEqual(value);
    expect([['a'], ['a', 'b'], ['a', 'c d'], ['b'], []].map(overlay.lineOf)).toEqual([
      2,
      2,
      3,
      undefined,
      undefined,
    ]);
  });

  test('in JSON, under a name of YAML', () => {
    expect(yaml('{\n\t"a":\t{"b": ["\\ud83d\\ude00", "\\/"]}\n}').data).toEqual({ a: { b: ['😀', '/'] } });
  });

  test.each(['10.0.0.0/8', '10.0.0.1', 'fd00::1', '::1', '2001:db8::/32', '^n[0-9]+$', '-n', 'note', '1h'])(
    'takes the plain text %s for one',
    (text) => expect(yaml(`a: ${text}`).data).toEqual({ a: text }),
  );
});

describe('YAML that parsers read differently, or that is more than data, is refused with its line', () => {
  test.each([
    [
      'a word that was a boolean',
      'yes',
      /^o\.yaml:2: a: `yes` is a text to some readers: write `true` or `false`, or put it in quotes if text is meant$/,
    ],
    ['another', 'off', /`off` is a text/],
    ['a letter that was one', 'y', /`y` is a text/],
    ['a word that is one in upper case', 'True', /`True` is a text/],
    [
      'null in upper case',
      'NULL',
      /a: `NULL` is read in different ways: write it as JSON would, or put it in quotes/,
    ],
    ['an octal number of YAML 1.1', '{b: [x, 017]}', /a\.b\.1: `017` is read/],
    ['an octal number of YAML 1.2', '0o17', /`0o17` is read/],
    ['a binary number', '0b11', /0b11/],
    ['a hexadecimal number', '0xff', /0xff/],
    ['a hexadecimal number that only Go reads', '0XFF', /0XFF/],
    ['a number with an underscore', '1_000', /1_000/],
    ['a number with a sign', '+1', /JSON would/],
    ['a number without its zero', '.5', /read in different/],
    ['a number without its fraction', '1.', /read in different/],
    ['a day', '2026-11-22', /`2026-11-22` is read/],
    ['a time', '2026-11-22T06:00:00Z', /quotes/],
    ['minutes', '1:30', /1:30/],
    ['infinity', '.inf', /read in different/],
    ['no number', '.NaN', /read in different/],
    ['a tag', '!!str 5', /tags are not read/],
    ['a tag of a list', '!!seq []', /tags are not read/],
    ['a tag of its own', '!secret x', /tag/],
    ['binary data', '!!binary aGVsbG8=', /tags/],
    ['an alias', '[&a x, *a]', /aliases are not read/],
    ['an alias to nothing', '*b', /alias/i],
    ['a merge key', '{<<: {b: 1}}', /merge keys/],
    ['a number for a key', '{1: b}', /a key is a text/],
    ['a list for a key', '{[1]: b}', /a key is a text/],
    ['nothing for a key', '{? : b}', /a key is a text/],
    ['a word that was a boolean for a key', '{yes: b}', /a\.yes: `yes` is a text/],
    ['a key twice', '{b: 1, b: 2}', /unique/],
    ['a key twice, once in quotes', '{b: 1, "b": 2}', /unique/],
    ['a list without its end', '[', /./],
  ])('%s', (_, text, message) => {
    const refused = () => yaml(`# first\na: ${text}\n`);
    expect(refused).toThrow(expect.objectContaining({ code: 'OverlayUnreadable' }));
    expect(refused).toThrow(message);
    expect(refused).toThrow(/^o\.yaml:[23]: /);
  });

  test.each([
    ['nothing', '', /exactly one|an object is expected/],
    [
      'a comment that ends at another separator of lines',
      'a: 1\n# b\u2028c: 2\n',
      /:2: "\\u2028" may end a line/,
    ],
    ['one that ends at a carriage return', 'a: 1 # b\rc: 2\n', /:1: "\\r" may end a line/],
    ['one that ends at a next line', 'a: 1 # b\u0085c: 2\n', /"\\u0085" may end a line/],
    ['a comment alone', '# csr: {}\n', /exactly one|an object is expected/],
    ['a list', '[]', /an object is expected/],
    ['two documents', 'a: 1\n---\nb: 2\n', /exactly one YAML document/],
    ['a version', '%YAML 1.1\n---\na: yes\n', /%YAML/],
    ['aliases that grow', 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]', /aliases/],
    ['brackets without end', '['.repeat(100_000), /./],
    ['brackets deep', `a: ${'['.repeat(100)}${']'.repeat(100)}`, /deeper than 64/],
  ])('%s', (_, text, message) => {
    expect(() => yaml(text)).toThrow(expect.objectContaining({ code: 'OverlayUnreadable' }));
    expect(() => yaml(text)).toThrow(message);
  });
});

test.each([
  ['no JSON', '{a: 1}', /o\.json: /],
  ['nothing', '', /o\.json: /],
  ['a comma too many', '{"a": 1,}', /o\.json: /],
  ['a key twice', '{"a": {"b": 1,\n"c": [{"d": ","}, "{"], "b": 1}}', /^o\.json:2: a\.b is there twice$/],
  ['a key twice, once escaped', '{"a": 1, "\\u0061": 2}', /a is there twice/],
  ['a key twice in a list', '{"a": [1, {"b": 1, "b": 2}]}', /b is there twice/],
  ['a number that is too large', '{"a": 1e400}', /^o\.json:1: a: a number/],
  ['a whole number that is not exact', '{"a": 9007199254740993}', /a number/],
  ['half a character', '{"a": "\\ud800"}', /half a character/],
  ['half a character in a key', '{"\\ud800": 1}', /no key/],
  ['brackets deep', `{"a": ${'['.repeat(100)}${']'.repeat(100)}}`, /deeper than 64/],
])('JSON is refused: %s', (_, text, message) => {
  expect(() => json(text)).toThrow(expect.objectContaining({ code: 'OverlayUnreadable' }));
  expect(() => json(text)).toThrow(message);
});

describe.each([
  ['YAML', yaml],
  ['JSON', json],
] as const)('in %s', (_, parse) => {
  test.each([
    ['a prototype', '{"__proto__": {"a": 1}}', /no key/],
    ['a prototype within', '{"a": {"b": [{"__proto__": 1}]}}', /a\.b\.0\.__proto__: no key/],
    ['a list', '[1]', /an object is expected/],
    ['null', 'null', /an object is expected/],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xe9, 0x7d), /not UTF-8/],
    ['more than the limit', new Uint8Array(maxOverlayBytes.json + 1).fill(0x20), /has more than \d+ bytes/],
  ])('is refused: %s', (_name, text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'OverlayUnreadable' }));
    expect(() => parse(text)).toThrow(message);
  });
});

const path = (name: string, text?: string) => {
  const file = join(root, name);
  if (text !== undefined) writeFileSync(file, text);
  return file;
};

describe('files', () => {
  test('are read in order, through links, as a ConfigMap mounts them', async () => {
    const target = path('..data.yaml', 'a: 1');
    symlinkSync(target, path('link.yaml'));
    const overlays = await readOverlays([path('link.yaml'), path('b.json', '{"b": 2}')]);
    expect(overlays.map(({ data }) => data)).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test.each([
    [
      'one that is not there',
      () => path('none.yaml'),
      /none\.yaml: there is no such file: check `policy\.data` or `--data`, and the mount$/,
    ],
    ['a folder', () => (mkdirSync(path('folder')), path('folder')), /is not a file: name each/],
    [
      'a pipe that nobody writes to',
      () => (execFileSync('sh', ['-c', 'mkfifo "$0"', path('pipe')]), path('pipe')),
      /is not a file/,
    ],
    ['a device', () => '/dev/zero', /is not a file/],
    [
      'one that is too long',
      () => path('long.yaml', '#'.repeat(maxOverlayBytes.yaml + 1)),
      /more than 262144 bytes: write it as JSON/,
    ],
  ])('are refused: %s', async (_, file, message) => {
    const failed = expect(readOverlays([path('good.yaml', '{}'), file()])).rejects;
    await failed.toMatchObject({ code: 'OverlayUnreadable', message: expect.stringMatching(message) });
  });
});
