import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../deploy/image/command.ts';
import { blobFile, indexDigest, platformManifests } from '../../deploy/image/layout.ts';
import { digestOf, push } from '../../deploy/image/push.ts';
import { referrersTag, sbomType } from '../../deploy/image/referrer.ts';
import { tagsOf } from '../../deploy/image/tags.ts';
import { version } from '../../src/cli/version.ts';
import { layout, output } from './container.ts';
import { Registry } from './registry.ts';

/** Pushed to a real registry by the function that the release uses, and pulled back. */

let registry: Registry;
let scratch: string;
const digest = indexDigest(layout, version);
const tags = tagsOf(version, []);
const repository = () => `${registry.host}/rego-csr-approver`;
const release = (as: string, built = { layout, digest }, to = repository()) =>
  push(built, { repository: to, version: as, output, plainHttp: true });

/** What `latest` and its like name now. */
const named = async (which: readonly string[], of = repository()) =>
  Object.fromEntries(
    await Promise.all(which.map(async (tag) => [tag, await digestOf(`${of}:${tag}`, true)] as const)),
  );

beforeAll(async () => {
  registry = await Registry.start();
  scratch = mkdtempSync(join(tmpdir(), 'push-'));
});
afterAll(async () => {
  await registry?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** The layout with the tag of another version on another index: of one platform only, so that its digest differs. */
async function other(as: string, arch: 'amd64' | 'arm64'): Promise<{ layout: string; digest: string }> {
  const place = join(scratch, as);
  await command('skopeo', [
    'copy',
    '-q',
    '--override-arch',
    arch,
    `oci:${layout}:${version}`,
    `oci:${place}:${as}`,
  ]);
  const manifest = indexDigest(place, as);
  const content = readFileSync(blobFile(place, manifest));
  const member = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: manifest,
    size: content.length,
    platform: { architecture: arch, os: 'linux' },
  };
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [member] }));
  const name = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  writeFileSync(blobFile(place, name), index);
  const tagged = {
    mediaType,
    digest: name,
    size: index.length,
    annotations: { 'org.opencontainers.image.ref.name': as },
  };
  writeFileSync(join(place, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [tagged] }));
  return { layout: place, digest: name };
}

test('comes back by digest as it was built, for both platforms', async () => {
  expect(await release(version)).toEqual({ digest, tags: tags });
  const back = join(scratch, 'back');
  await command('skopeo', [
    'copy',
    '--all',
    '--preserve-digests',
    '--src-tls-verify=false',
    `docker://${repository()}@${digest}`,
    `oci:${back}:back`,
  ]);
  expect(indexDigest(back, 'back')).toBe(digest);
  const manifests = platformManifests(back, digest);
  expect(manifests.map(({ platform }) => platform)).toEqual([
    { architecture: 'amd64', os: 'linux' },
    { architecture: 'arm64', os: 'linux' },
  ]);
  for (const { digest: manifest } of manifests) {
    const content = readFileSync(blobFile(back, manifest));
    expect(content).toEqual(readFileSync(blobFile(layout, manifest)));
    const { config, layers } = image.parse(JSON.parse(content.toString()));
    for (const blob of [config, ...layers]) {
      const bytes = readFileSync(blobFile(back, blob.digest));
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(blob.digest);
    }
  }
});

const blob = z.object({ digest: z.string(), mediaType: z.string() });
const image = z.object({ config: blob, layers: z.array(blob) });

test('each platform has its SBOM as a referrer', async () => {
  for (const { digest: subject, platform } of platformManifests(layout, digest)) {
    // oxlint-disable no-await-in-loop -- two
    const tag = referrersTag(subject);
    const index: { manifests: { digest: string }[] } = JSON.parse(
      (
        await registry.get(`rego-csr-approver/manifests/${tag}`, 'application/vnd.oci.image.index.v1+json')
      ).toString(),
    );
    expect(index.manifests).toHaveLength(1);
    const [member] = index.manifests;
    const accept = 'application/vnd.oci.image.manifest.v1+json';
    const artifact: unknown = JSON.parse(
      (await registry.get(`rego-csr-approver/manifests/${member?.digest ?? ''}`, accept)).toString(),
    );
    expect(artifact).toMatchObject({ artifactType: sbomType, subject: { digest: subject } });
    const [layer] = image.parse(artifact).layers;
    expect(layer?.mediaType).toBe(sbomType);
    const content = await registry.get(`rego-csr-approver/blobs/${layer?.digest ?? ''}`);
    // oxlint-enable no-await-in-loop
    expect(content).toEqual(readFileSync(join(output, `sbom-${platform?.architecture ?? ''}.cdx.json`)));
  }
});

test('pushing it again changes nothing', async () => {
  const before = await named(tags);
  await release(version);
  expect(await named(tags)).toEqual(before);
});

test('other content under a version that is taken is refused, and changes nothing', async () => {
  const before = await named(tags);
  await expect(release(version, await other(version, 'arm64'))).rejects.toMatchObject({
    code: 'VersionTaken',
  });
  expect(await named(tags)).toEqual(before);
});

test('the tags of a version move forward, and a fix of an old line takes nobody back', async () => {
  const lines = `${registry.host}/lines`;
  const newer = await other('1.3.0', 'amd64');
  const fix = await other('1.2.4', 'arm64');
  expect((await release('1.3.0', newer, lines)).tags).toEqual(['1.3.0', '1.3', '1', 'latest']);
  expect((await release('1.2.4', fix, lines)).tags).toEqual(['1.2.4', '1.2']);
  expect(await named(['1', 'latest', '1.2'], lines)).toEqual({
    '1': newer.digest,
    latest: newer.digest,
    '1.2': fix.digest,
  });
});

test('a registry that does not answer is an error with the reason', async () => {
  const gone = push({ layout, digest }, { repository: '127.0.0.1:1/x', version, output, plainHttp: true });
  await expect(gone).rejects.toThrow(/connection refused/);
});
