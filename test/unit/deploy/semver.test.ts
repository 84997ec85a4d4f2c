import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compareVersions, parseVersion } from '../../../deploy/image/semver.ts';

/** In the order of Semantic Versioning 2.0.0, clause 11. */
const ordered = [
  '0.9.10',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1',
  '1.0.10',
  '1.2.0',
  '1.10.0',
  '2.0.0-0',
  '2.0.0--',
  '2.0.0',
];

test('versions come in the order of the specification', () => {
  for (const [at, text] of ordered.entries()) {
    for (const [other, with_] of ordered.entries()) {
      const [a, b] = [parseVersion(text), parseVersion(with_)];
      if (a === undefined || b === undefined) throw new Error(`${text} or ${with_} does not parse`);
      expect(Math.sign(compareVersions(a, b)), `${text} ${with_}`).toBe(Math.sign(at - other));
    }
  }
});

test.each([
  '',
  '1',
  '1.2',
  'v1.2.3',
  '1.2.3.4',
  '01.2.3',
  '1.02.3',
  '1.2.3+build',
  '1.2.3-',
  '1.2.3-rc..1',
  '1.2.3-01',
  '1.2.3-rc_1',
  '1.2.3\n',
  ' 1.2.3',
  '1.2.99999999999999999999',
])('%j is no version', (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

const at = (ref: string) => `https://github.com/OWNER/REPOSITORY/.github/workflows/release.yaml@refs/${ref}`;

test('the signature that SECURITY.md demands is that of the workflow, at the tag of any version and of nothing else', () => {
  const text = readFileSync(new URL('../../../SECURITY.md', import.meta.url), 'utf8');
  const identity = new RegExp(/--certificate-identity-regexp '(.*)'/.exec(text)?.[1] ?? '(?!)');
  for (const version of ordered) expect(at(`tags/v${version}`)).toMatch(identity);
  for (const ref of [
    'heads/main',
    'heads/v1.2.3',
    'tags/1.2.3',
    'tags/v1.2',
    'tags/v1.2.3/x',
    'pull/1/merge',
  ]) {
    expect(at(ref)).not.toMatch(identity);
  }
});
