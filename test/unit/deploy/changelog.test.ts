import { expect, test } from 'vitest';
import { parseVersion, type Version } from '../../../deploy/image/semver.ts';
import { cutRelease, notesOf } from '../../../deploy/release/changelog.ts';

const version = (text: string): Version => {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const head = '# Changelog\n\nAll notable changes.\n\n';
const entries = '### Added\n\n* One thing,\n  on two lines.\n\n### Fixed\n\n* Another.\n';
const before = `${head}## Unreleased\n\n${entries}\n## 1.2.2 - 2026-01-02\n\n### Fixed\n\n* Old.\n`;
const after = `${head}## Unreleased\n\n## 1.2.3 - 2026-11-22\n\n${entries}\n## 1.2.2 - 2026-01-02\n\n### Fixed\n\n* Old.\n`;
const cut = (text: string, to = '1.2.3') => cutRelease(text, version(to), '2026-11-22');

test('what is unreleased becomes the section of the version, and nothing else changes', () => {
  expect(cut(before)).toBe(after);
});

test('the second time nothing changes, whatever the day', () => {
  expect(cutRelease(after, version('1.2.3'), '2027-01-01')).toBe(after);
});

test('the first release', () => {
  expect(cut(`${head}## Unreleased\n\n${entries}`)).toBe(
    `${head}## Unreleased\n\n## 1.2.3 - 2026-11-22\n\n${entries}`,
  );
});

test('a prerelease leaves it all to the release that follows', () => {
  expect(cut(before, '1.3.0-rc.1')).toBe(before);
  expect(notesOf(before, version('1.3.0-rc.1'))).toBe(entries.trim());
});

test.each<[string, string, string]>([
  ['there is no entry', before.replace(/### Added[^]*Another\.\n/, ''), 'ChangelogEmpty'],
  ['there are only headings', before.replace(/^\* [^#]*$/gm, ''), 'ChangelogEmpty'],
  ['the first section is another', before.replace('## Unreleased', '## Next'), 'ChangelogInvalid'],
  ['there are no sections', head, 'ChangelogInvalid'],
  ['entries came later', after.replace('## Unreleased\n', '## Unreleased\n\n* Late.\n'), 'ChangelogLeftover'],
])('is refused when %s', (_, text, code) => {
  expect(() => cut(text)).toThrow(expect.objectContaining({ code }));
});

test("a version's notes are its own section, not one that begins alike", () => {
  expect(notesOf(after, version('1.2.3'))).toBe(entries.trim());
  expect(notesOf(after, version('1.2.2'))).toBe('### Fixed\n\n* Old.');
  expect(() => notesOf(after, version('1.2.1'))).toThrow(
    expect.objectContaining({ code: 'ChangelogInvalid' }),
  );
  expect(() => notesOf(after.replaceAll('1.2.2', '1.2.20'), version('1.2.2'))).toThrow(/no section/);
});
