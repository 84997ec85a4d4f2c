import { describe, expect, test } from 'vitest';
import { isCanonicalURI } from '../../../src/csr/uri.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
const word = `${letters}${letters.toUpperCase()}${digits}_`;
const SCHEME = `${letters}${digits}+.-`;
/** pchar of RFC 3986 §3.3, without percent-encoding. */
const PCHAR = `${word}.~!$&'()*+,;=:@-`;
const ascii = Array.from({ length: 128 }, (_, code) => String.fromCodePoint(code));

/** One place of a good URI, and every character that may stand there. */
const places: readonly (readonly [place: string, uri: (character: string) => string, allowed: string])[] = [
  ['the head of a scheme with a host', (c) => `${c}a://h/`, letters],
  // A colon ends a scheme, and what follows is opaque then.
  ['a scheme with a host', (c) => `a${c}a://h/`, `${SCHEME}:`],
  ['the end of a scheme with a host', (c) => `a${c}://h/`, `${SCHEME}:`],
  ['a host', (c) => `a://h${c}h`, `${word}./-`],
  ['a path', (c) => `a://h/${c}`, `${PCHAR}/`],
  ['the head of an opaque scheme', (c) => `${c}a:b`, letters],
  ['an opaque scheme', (c) => `a${c}a:b`, `${SCHEME}:`],
  ['the end of an opaque scheme', (c) => `a${c}:b`, `${SCHEME}:`],
  ['the head of an opaque part', (c) => `a:${c}`, PCHAR],
  ['an opaque part', (c) => `a:b${c}`, `${PCHAR}/`],
];

describe('a URI that Go writes back as it was', () => {
  test.each(places)('%s has the plain characters only', (_place, uri, allowed) => {
    const taken = ascii.filter((character) => isCanonicalURI(uri(character)));
    expect(taken.join('')).toBe(ascii.filter((character) => allowed.includes(character)).join(''));
  });

  test.each([
    ['the longest host', `a://${'a.'.repeat(126)}a/`, true],
    ['a host of 254 characters', `a://${'a.'.repeat(126)}aa/`, false],
    ['the longest label', `a://${'a'.repeat(63)}/`, true],
    ['a label of 64 characters', `a://${'a'.repeat(64)}/`, false],
    ['an empty label', 'a://a..b/', false],
    ['no host', 'a:///b', false],
    ['an opaque part of one character', 'a:b', true],
    ['no opaque part', 'a:', false],
    ['something before it', '1a://h/', false],
    ['a blank before it', ' a://h/', false],
    ['a line after it', 'a:b\n', false],
    ['a line after its path', 'a://h/b\n', false],
  ])('%s: %s', (_name, uri, canonical) => {
    expect(isCanonicalURI(uri)).toBe(canonical);
  });
});
