/** Where the version is written. package.json states it; the others repeat it, and a test holds them to it. */
import { ReleaseError } from './error.ts';

interface Place {
  readonly file: string;
  /** Matches once: what stands before the version, then the version. */
  readonly pattern: RegExp;
}

const stated: Place = { file: 'package.json', pattern: /^( {2}"version": ")([^"]+)/m };

export const places: readonly Place[] = [
  stated,
  { file: 'package-lock.json', pattern: /^( {2}"version": ")([^"]+)/m },
  {
    file: 'package-lock.json',
    pattern: /^( {4}"": \{\n {6}"name": "rego-csr-approver",\n {6}"version": ")([^"]+)/m,
  },
  { file: 'deploy/chart/Chart.yaml', pattern: /^(version: )(\S+)/m },
  { file: 'deploy/chart/Chart.yaml', pattern: /^(appVersion: )(\S+)/m },
  { file: 'deploy/kustomize/base/deployment.yaml', pattern: /^( +image: rego-csr-approver:)(\S+)/m },
];

/** The files, each once. */
export const versionedFiles: readonly string[] = [...new Set(places.map(({ file }) => file))];

const missing = ({ file }: Place): ReleaseError =>
  new ReleaseError('VersionUnstated', `${file} does not write the version as deploy/release/places.ts says`);

/** @param read gives the content of a file of the repository */
export const versionAt = (place: Place, read: (file: string) => string): string => {
  const found = place.pattern.exec(read(place.file))?.[2];
  if (found === undefined) throw missing(place);
  return found;
};

/** What package.json says. */
export const statedVersion = (read: (file: string) => string): string => versionAt(stated, read);

/** The file's content with the version in all its places. */
export function withVersion(file: string, content: string, version: string): string {
  return places
    .filter((place) => place.file === file)
    .reduce((text, place) => {
      if (!place.pattern.test(text)) throw missing(place);
      return text.replace(place.pattern, (_, before: string) => before + version);
    }, content);
}
