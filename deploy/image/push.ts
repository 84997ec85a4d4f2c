/** Pushes what `make image` built: the index under its tags, and the SBOM of each platform beside it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Built } from './build.ts';
import { command } from './command.ts';
import { ImageError } from './error.ts';
import { platformManifests } from './layout.ts';
import { writeReferrers } from './referrer.ts';
import { tagsOf } from './tags.ts';

export interface PushOptions {
  /** `HOST[:PORT]/PATH`, without a tag. Credentials are those of `skopeo login`. */
  readonly repository: string;
  readonly version: string;
  /** The folder that `buildImage` wrote. */
  readonly output: string;
  /** For a registry without TLS, on this machine. */
  readonly plainHttp?: boolean;
}

export interface Pushed {
  readonly digest: string;
  readonly tags: readonly string[];
}

/** Bytes and digests stay as they are. A version is pushed once: throws `VersionTaken` for other content under its tag. */
export async function push({ layout, digest }: Built, options: PushOptions): Promise<Pushed> {
  const { repository, version, output, plainHttp = false } = options;
  const existing = await listTags(repository, plainHttp);
  if (existing.includes(version)) {
    const found = await digestOf(`${repository}:${version}`, plainHttp);
    if (found !== digest) {
      const what = `${repository}:${version} is ${found}, this is ${digest}`;
      throw new ImageError('VersionTaken', `${what}: a version never changes, release the next one`);
    }
  }
  const tags = tagsOf(version, existing);
  const copy = (from: string, tag: string) =>
    command('skopeo', [
      'copy',
      '--all',
      '--preserve-digests',
      `--dest-tls-verify=${String(!plainHttp)}`,
      `oci:${from}`,
      `docker://${repository}:${tag}`,
    ]);
  // oxlint-disable no-await-in-loop -- the exact version first, and what moves only when all of it is there
  const [exact = version, ...moving] = tags;
  await copy(`${layout}:${version}`, exact);
  await pushSboms(layout, digest, output, copy);
  for (const tag of moving) await copy(`${layout}:${version}`, tag);
  // oxlint-enable no-await-in-loop
  return { digest, tags };
}

async function pushSboms(
  layout: string,
  digest: string,
  output: string,
  copy: (from: string, tag: string) => Promise<unknown>,
): Promise<void> {
  for (const manifest of platformManifests(layout, digest)) {
    const scratch = mkdtempSync(join(tmpdir(), 'referrers-'));
    try {
      const file = join(output, `sbom-${manifest.platform?.architecture ?? ''}.cdx.json`);
      const tag = writeReferrers(scratch, manifest, file);
      // oxlint-disable-next-line no-await-in-loop -- two
      await copy(`${scratch}:${tag}`, tag);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
}

/** The tags of a repository; none when there is no such repository yet. */
export async function listTags(repository: string, plainHttp: boolean): Promise<string[]> {
  try {
    const text = await command('skopeo', [
      'list-tags',
      `--tls-verify=${String(!plainHttp)}`,
      `docker://${repository}`,
    ]);
    const { Tags }: { Tags: string[] } = JSON.parse(text);
    return Tags;
  } catch (error) {
    if (error instanceof ImageError && /404 \(Not Found\)|name unknown/i.test(error.message)) return [];
    throw error;
  }
}

/** Digest of what a reference names: of the bytes, as any client computes it. */
export async function digestOf(reference: string, plainHttp = false): Promise<string> {
  const raw = await command('skopeo', [
    'inspect',
    '--raw',
    `--tls-verify=${String(!plainHttp)}`,
    `docker://${reference}`,
  ]);
  return `sha256:${createHash('sha256').update(raw).digest('hex')}`;
}
