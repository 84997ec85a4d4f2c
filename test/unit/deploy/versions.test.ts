import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseVersion } from '../../../deploy/image/semver.ts';
import { places, versionAt, versionedFiles, withVersion } from '../../../deploy/release/places.ts';
import { version } from '../../../src/cli/version.ts';

/** package.json states the version; everything that repeats it says the same. */

const root = new URL('../../../', import.meta.url).pathname;
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

test('it is a version', () => {
  expect(parseVersion(version)?.text).toBe(version);
});

test.each(places)('$file says it, at $pattern', (place) => {
  expect(versionAt(place, read)).toBe(version);
});

test('nothing else writes it: neither a manifest nor a document names the program with another version', () => {
  const folders = ['src', 'deploy', 'policies', 'test/e2e', 'test/demo', '.github', '.ci'];
  const files = folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
    )
    .concat('README.md', 'SECURITY.md', 'Makefile');
  const pattern = /rego-csr-approver[:@](?:[ "']*)v?(\d+\.\d+\.\d+\S*)/g;
  const found = files.flatMap((file) =>
    [...read(file).matchAll(pattern)].map(([, text]) => `${file} ${text ?? ''}`),
  );
  expect(found).toEqual([`deploy/kustomize/base/deployment.yaml ${version}`]);
});

test('a release writes it everywhere, and nothing else', () => {
  for (const file of versionedFiles) {
    const content = read(file);
    const changed = withVersion(file, content, '12.34.56-rc.7');
    const differing = content
      .split('\n')
      .map((line, at) => [line, changed.split('\n')[at]])
      .filter(([a, b]) => a !== b);
    expect(differing.map(([a, b]) => [a?.replace(version, 'V'), b?.replace('12.34.56-rc.7', 'V')])).toEqual(
      differing.map(([a]) => Array(2).fill(a?.replace(version, 'V'))),
    );
    expect(differing).toHaveLength(places.filter((place) => place.file === file).length);
    expect(withVersion(file, changed, version)).toBe(content);
  }
});

test('a place that is gone is refused, not forgotten', () => {
  expect(() => withVersion('deploy/kustomize/base/deployment.yaml', 'image: other:1.0.0\n', '1.2.3')).toThrow(
    expect.objectContaining({ code: 'VersionUnstated' }),
  );
});
