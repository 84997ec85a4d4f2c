import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { KubeError } from '../../../src/kube/errors.ts';
import { apiPath, withQuery } from '../../../src/kube/path.ts';

test.each([
  ['plain', 'csr-abc', 'csr-abc'],
  ['space and newline', 'a b\nc', 'a%20b%0Ac'],
  ['query and fragment', 'a?b=c#d', 'a%3Fb%3Dc%23d'],
  ['slash', 'a/b', 'a%2Fb'],
  ['percent', '%2e%2e', '%252e%252e'],
  ['dots in a name', '..a', '..a'],
  ['beyond ASCII', 'ü\u{1f600}', '%C3%BC%F0%9F%98%80'],
  ['backslash and semicolon', '\\;', '%5C%3B'],
  ['NUL', '\0', '%00'],
])('a name with %s stays one segment', (_, name, encoded) => {
  expect(apiPath('x', name, 'approval')).toBe(`/x/${encoded}/approval`);
});

test.each([
  ['nothing', ''],
  ['here', '.'],
  ['above', '..'],
  ['half a surrogate pair', 'a\ud800'],
])('refuses %s as a name', (_, name) => {
  expect(() => apiPath('x', name)).toThrow(KubeError);
});

test('whatever the name, a URL parser sees the same path and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      fc.pre(name !== '.' && name !== '..' && name.isWellFormed());
      const url = new URL(`https://server${apiPath('x', name, 'approval')}`);
      expect([url.search, url.hash]).toEqual(['', '']);
      expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'x', name, 'approval']);
    }),
  );
});

test('a query holds what is given, encoded', () => {
  const query = {
    fieldSelector: 'spec.signerName=a/b',
    limit: 5,
    continue: '',
    none: undefined,
    watch: true,
  };
  expect(withQuery('/x', query)).toBe('/x?fieldSelector=spec.signerName%3Da%2Fb&limit=5&watch=true');
  expect(withQuery('/x', {})).toBe('/x');
  expect(withQuery('/x', undefined)).toBe('/x');
});
