/** CHANGELOG.md in the form of Keep a Changelog 1.1.0; pure. */
import type { Version } from '../image/semver.ts';
import { ReleaseError } from './error.ts';

interface Section {
  readonly title: string;
  readonly body: string;
}

const unreleased = 'Unreleased';

/** What stands before the first section, and the sections in their order. */
function split(text: string): { readonly head: string; readonly sections: readonly Section[] } {
  const [head = '', ...parts] = text.split(/^## /m);
  const sections = parts.map((part) => {
    const [title = '', ...lines] = part.split('\n');
    return { title: title.trim(), body: lines.join('\n').trim() };
  });
  if (sections[0]?.title !== unreleased) {
    throw new ReleaseError(
      'ChangelogInvalid',
      `the first section of CHANGELOG.md must be "## ${unreleased}"`,
    );
  }
  return { head, sections };
}

const find = (sections: readonly Section[], version: string) =>
  sections.find(({ title }) => title.split(' ')[0] === version);
const hasEntries = ({ body }: Section): boolean => /^[*-] /m.test(body);

/**
 * What a version changes: its section without the heading, for a prerelease what is unreleased.
 * @throws ReleaseError `ChangelogInvalid`
 */
export function notesOf(text: string, version: Version): string {
  const { sections } = split(text);
  const section = version.prerelease.length > 0 ? sections[0] : find(sections, version.text);
  if (section !== undefined) return section.body;
  throw new ReleaseError('ChangelogInvalid', `CHANGELOG.md has no section ${version.text}`);
}

/**
 * Moves what is unreleased into a section of the version; a text that has such a section stays as it is. So does it for
 * a prerelease: the section of the release that follows is to be whole.
 * @param date YYYY-MM-DD
 * @throws ReleaseError `ChangelogInvalid`; `ChangelogEmpty` without entries; `ChangelogLeftover` for entries that came
 *   after the section was written
 */
export function cutRelease(text: string, { text: version, prerelease }: Version, date: string): string {
  const { head, sections } = split(text);
  const [open, ...released] = sections;
  const written = find(sections, version) !== undefined;
  const entries = open !== undefined && hasEntries(open);
  if (written && entries) {
    throw new ReleaseError(
      'ChangelogLeftover',
      `CHANGELOG.md has a section ${version} and entries under ${unreleased}: move them into it, and commit`,
    );
  }
  if (written) return text;
  if (!entries) {
    throw new ReleaseError(
      'ChangelogEmpty',
      `CHANGELOG.md has no entry under ${unreleased}: say what ${version} changes, and commit`,
    );
  }
  if (prerelease.length > 0) return text;
  const all = [
    { title: unreleased, body: '' },
    { title: `${version} - ${date}`, body: open.body },
    ...released,
  ];
  const texts = all.map(({ title, body }) => `## ${title}\n${body === '' ? '' : `\n${body}\n`}`);
  return `${head}${texts.join('\n')}`;
}
