/** What a release is about, and what is known before it begins. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Version } from '../image/semver.ts';
import { cutRelease, notesOf } from './changelog.ts';
import type { Git, Remote } from './git.ts';
import { versionedFiles, withVersion } from './places.ts';

export interface ReleaseOptions {
  readonly version: Version;
  /** The repository that this script is part of. */
  readonly root: string;
  /** YYYY-MM-DD. */
  readonly today: string;
  /** Name of the git remote. */
  readonly remote: string;
  /** The branch that releases come from; fixes of older lines come from `release-MAJOR.MINOR`. */
  readonly branch: string;
  /** Shell command that must succeed before there is a tag. */
  readonly tests: string;
  /** Where the image goes; without it the image is built and stays here. */
  readonly image?: { readonly repository: string; readonly plainHttp: boolean };
  /** Digest of the image that another machine built of the same commit: it must be this. */
  readonly digest?: string;
}

export interface Release extends ReleaseOptions {
  readonly git: Git;
  /** As it was before the first step. */
  readonly remoteState: Remote;
  /** `v1.2.3`. */
  readonly tag: string;
  /** Whether the tag was there, here or at the remote, on the commit that is checked out. */
  readonly tagged: boolean;
}

const changelog = 'CHANGELOG.md';
export const releaseFiles: readonly string[] = [...versionedFiles, changelog];

/** What a file of `releaseFiles` must say in the release, out of what it says now; a second time nothing changes. */
export function released(file: string, content: string, { version, today }: ReleaseOptions): string {
  return file === changelog ? cutRelease(content, version, today) : withVersion(file, content, version.text);
}

export const readIn = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');

export const notes = ({ root, version }: ReleaseOptions): string =>
  `${notesOf(readIn(root, changelog), version)}\n`;
