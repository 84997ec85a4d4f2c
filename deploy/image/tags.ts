import { ImageError } from './error.ts';

interface Version {
  readonly numbers: readonly [number, number, number];
  readonly prerelease: boolean;
}

const pattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/;

function parse(text: string): Version | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, prerelease] = match;
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease: prerelease !== undefined };
}

/**
 * The tags of a version, the exact one first: `1.2.3`, `1.2`, `1`, `latest`. One that moves stays where it is when the
 * repository has a newer version that it names, so that a fix of an old line takes nobody back. A prerelease gets its
 * own alone; `0` is no promise (SemVer 2.0.0 clause 4) and no tag.
 * @param existing the tags that the repository has
 * @throws ImageError `VersionInvalid`; build metadata is refused too, a tag cannot hold its `+`
 */
export function tagsOf(version: string, existing: readonly string[]): string[] {
  const mine = parse(version);
  if (mine === undefined) {
    throw new ImageError(
      'VersionInvalid',
      `${version} is no version: package.json must hold MAJOR.MINOR.PATCH`,
    );
  }
  if (mine.prerelease) return [version];
  const [major, minor] = mine.numbers;
  const released = existing.map(parse).filter((one) => one !== undefined && !one.prerelease);
  const newest = (length: number) =>
    !released.some(
      (other) =>
        other !== undefined &&
        mine.numbers.slice(0, length).every((number, at) => other.numbers[at] === number) &&
        isNewer(other, mine),
    );
  const moving = [
    { tag: `${String(major)}.${String(minor)}`, fixed: 2 },
    ...(major > 0 ? [{ tag: String(major), fixed: 1 }] : []),
    { tag: 'latest', fixed: 0 },
  ];
  return [version, ...moving.filter(({ fixed }) => newest(fixed)).map(({ tag }) => tag)];
}

function isNewer({ numbers: a }: Version, { numbers: b }: Version): boolean {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}
