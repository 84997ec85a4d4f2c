import { ImageError } from './error.ts';
import { compareVersions, parseVersion } from './semver.ts';

/**
 * The tags of a version, the exact one first: `1.2.3`, `1.2`, `1`, `latest`. One that moves stays where it is when the
 * repository has a newer version that it names, so that a fix of an old line takes nobody back. A prerelease gets its
 * own alone; `0` is no promise (SemVer 2.0.0 clause 4) and no tag.
 * @param existing the tags that the repository has
 * @throws ImageError `VersionInvalid`; build metadata is refused too, a tag cannot hold its `+`
 */
export function tagsOf(version: string, existing: readonly string[]): string[] {
  const mine = parseVersion(version);
  if (mine === undefined) {
    throw new ImageError(
      'VersionInvalid',
      `${version} is no version: package.json must hold MAJOR.MINOR.PATCH`,
    );
  }
  if (mine.prerelease.length > 0) return [version];
  const [major, minor] = mine.numbers;
  const released = existing.map(parseVersion).filter((one) => one?.prerelease.length === 0);
  const newest = (length: number) =>
    !released.some(
      (other) =>
        other !== undefined &&
        mine.numbers.slice(0, length).every((number, at) => other.numbers[at] === number) &&
        compareVersions(other, mine) > 0,
    );
  const moving = [
    { tag: `${String(major)}.${String(minor)}`, fixed: 2 },
    ...(major > 0 ? [{ tag: String(major), fixed: 1 }] : []),
    { tag: 'latest', fixed: 0 },
  ];
  return [version, ...moving.filter(({ fixed }) => newest(fixed)).map(({ tag }) => tag)];
}
