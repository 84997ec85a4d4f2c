import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tagsOf } from '../image/tags.ts';
import { chartDigest } from './chart-steps.ts';
import { Output } from './output.ts';
import { notes, type Release } from './release.ts';

/** Writes `notes.md`, and `outputs`: lines `name=value` for the workflow that goes on from here. */
export async function writeResults(release: Release): Promise<string> {
  const { git, version, remoteState, tag } = release;
  const output = await Output.of(release);
  const known = [...remoteState.tags.keys(), ...(await git.tags('all'))].map((name) =>
    name.replace(/^v/, ''),
  );
  const prerelease = version.prerelease.length > 0;
  const latest = tagsOf(version.text, known).includes('latest');
  const [major, minor] = version.numbers;
  // What `npm install NAME` takes is the newest release; neither a prerelease nor a fix of an old line.
  const npmTag = prerelease ? 'next' : latest ? 'latest' : `release-${String(major)}.${String(minor)}`;
  const tarball = join(output.folder, `rego-csr-approver-${version.text}.tgz`);
  const values = {
    version: version.text,
    tag,
    commit: await git.head(),
    package_sha256: createHash('sha256').update(readFileSync(tarball)).digest('hex'),
    digest: output.read('digest')?.trim() ?? '',
    chart_digest: await chartDigest(release),
    prerelease: String(prerelease),
    latest: String(latest),
    npm_tag: npmTag,
  };
  output.write('notes.md', notes(release));
  const lines = Object.entries(values).map((entry) => entry.join('='));
  output.write('outputs', `${lines.join('\n')}\n`);
  return output.folder;
}
