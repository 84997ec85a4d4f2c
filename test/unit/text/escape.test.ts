import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeText } from '../../../src/text/escape.ts';

const undo = (escaped: string): string =>
  escaped.replaceAll(/\\(?:\\|u\{([\da-f]+)\})/g, (_, code?: string) =>
    code === undefined ? '\\' : String.fromCodePoint(Number.parseInt(code, 16)),
  );

describe('escapeText', () => {
  test.each([
    ['plain text', 'system:node:n1', 'system:node:n1'],
    ['letters of the world', 'josé 名前 🎉', 'josé 名前 🎉'],
    ['quotes and brackets', `"'<>&{}%s`, `"'<>&{}%s`],
    ['backslash', 'a\\b', 'a\\\\b'],
    ['what looks escaped', '\\u{202e}', '\\\\u{202e}'],
    ['NUL', 'a\0b', 'a\\u{0}b'],
    ['line feed', 'a\nlevel=error', 'a\\u{a}level=error'],
    ['carriage return', 'a\rb', 'a\\u{d}b'],
    ['tab', 'a\tb', 'a\\u{9}b'],
    ['backspace', 'a\bb', 'a\\u{8}b'],
    ['ANSI colour', '\x1b[31mred', '\\u{1b}[31mred'],
    ['terminal title', '\x1b]0;x\x07', '\\u{1b}]0;x\\u{7}'],
    ['C1 control sequence', '\x9b2J', '\\u{9b}2J'],
    ['next line', 'a\x85b', 'a\\u{85}b'],
    ['DEL', 'a\x7f', 'a\\u{7f}'],
    ['right-to-left override', 'a\u202eb', 'a\\u{202e}b'],
    ['isolates', '\u2066\u2067\u2068\u2069', '\\u{2066}\\u{2067}\\u{2068}\\u{2069}'],
    ['marks of direction', '\u200e\u200f\u061c', '\\u{200e}\\u{200f}\\u{61c}'],
    ['zero width', '\u200b\u200c\u200d\u2060\ufeff', '\\u{200b}\\u{200c}\\u{200d}\\u{2060}\\u{feff}'],
    ['soft hyphen', '\u00ad', '\\u{ad}'],
    ['line and paragraph separator', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['spaces that are not the space', '\u00a0\u3000\u2003', '\\u{a0}\\u{3000}\\u{2003}'],
    ['Hangul filler and variation selector', '\u3164\ufe0f', '\\u{3164}\\u{fe0f}'],
    ['tag characters', '\u{e0041}', '\\u{e0041}'],
    ['private use', '\ue000', '\\u{e000}'],
    ['noncharacter', '\uffff\u{10ffff}', '\\u{ffff}\\u{10ffff}'],
    ['high surrogate alone', 'a\ud83cb', 'a\\u{d83c}b'],
    ['low surrogate alone', '\udf89', '\\u{df89}'],
    ['surrogates in the wrong order', '\udf89\ud83c', '\\u{df89}\\u{d83c}'],
    ['empty', '', ''],
  ])('%s', (_name, text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });

  test.each([
    ['as long as the limit', 'abcd', 4, 'abcd'],
    ['longer', 'abcde', 4, 'abcd\\…(5)'],
    ['cut inside a pair', 'abc🎉', 4, 'abc\\…(5)'],
    ['cut after a pair', 'ab🎉c', 4, 'ab🎉\\…(5)'],
    ['cut between lone surrogates', 'abc\ud83cd', 4, 'abc\\u{d83c}\\…(5)'],
    ['cut inside the first pair', 'abc\ud800\udc00', 4, 'abc\\…(5)'],
    ['cut inside the last pair', 'abc\udbff\udfff', 4, 'abc\\…(5)'],
    ['cut between a neighbour of the surrogates and a low one', 'abc\ud7ff\udc00', 4, 'abc\\u{d7ff}\\…(5)'],
    ['cut between low surrogates', 'abc\udc00\udc00', 4, 'abc\\u{dc00}\\…(5)'],
    ['cut between high surrogates', 'abc\ud83d\udbff', 4, 'abc\\u{d83d}\\…(5)'],
    ['cut between a high surrogate and private use', 'abc\ud83d\ue000', 4, 'abc\\u{d83d}\\…(5)'],
    ['cut at a lone low surrogate', 'abcd\udf89', 4, 'abcd\\…(5)'],
    ['nothing kept', 'ab', 0, '\\…(2)'],
  ])('%s', (_name, text, length, escaped) => {
    expect(escapeText(text, length)).toBe(escaped);
  });

  test('a megabyte costs no more than its beginning', () => {
    const escaped = escapeText('\u202e'.repeat(2 ** 20));
    expect(escaped).toBe(`${'\\u{202e}'.repeat(256)}\\…(1048576)`);
  });

  const wild = fc.string({ unit: 'binary', maxLength: 60 });
  const raw = fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
    .map((units) => String.fromCharCode(...units));

  test('shows different texts differently, and nothing unsafe', () => {
    const near = fc.string({ unit: fc.constantFrom('\\', 'u', '{', '}', '0', 'a', '\n', '…'), maxLength: 8 });
    fc.assert(
      fc.property(fc.oneof(wild, raw, near), fc.oneof(wild, raw, near), (a, b) => {
        expect(escapeText(a) === escapeText(b)).toBe(a === b);
        expect(escapeText(a)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(escapeText(a).isWellFormed()).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('can be undone', () => {
    fc.assert(fc.property(fc.oneof(wild, raw), (text) => undo(escapeText(text)) === text));
  });
});
