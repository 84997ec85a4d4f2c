/** The steps that make what is published, and publish the image. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../image/command.ts';
import { indexDigest, labelsOf, platformManifests } from '../image/layout.ts';
import { digestOf, listTags, push } from '../image/push.ts';
import { referrersTag } from '../image/referrer.ts';
import { tagsOf } from '../image/tags.ts';
import { ReleaseError } from './error.ts';
import { Output } from './output.ts';
import type { Release } from './release.ts';
import { succeeds } from './run.ts';
import type { Step } from './step.ts';

const built = ({ root }: Release): string => join(root, 'dist/image');
const layoutOf = (release: Release): string => join(built(release), 'layout');

/** Digest of the image in dist/image; undefined when it is not that of this version and commit. */
async function current(release: Release): Promise<string | undefined> {
  const layout = layoutOf(release);
  if (!existsSync(join(layout, 'index.json'))) return undefined;
  const head = await release.git.head();
  try {
    const digest = indexDigest(layout, release.version.text);
    const ours = platformManifests(layout, digest).every(
      (manifest) => labelsOf(layout, manifest.digest)['org.opencontainers.image.revision'] === head,
    );
    return ours ? digest : undefined;
  } catch {
    // Of another version, or what an interrupted build left.
    return undefined;
  }
}

async function make(release: Release, target: string): Promise<void> {
  if (await succeeds(`make --no-print-directory ${target}`, release.root)) return;
  throw new ReleaseError('BuildFailed', `make ${target} failed: mend it, commit, and run the same again`);
}

const image = (release: Release): Step => ({
  name: 'image',
  plan: 'make image, and compare what it says about itself',
  done: async () => {
    const digest = await current(release);
    if (digest === undefined) return false;
    demand(release, digest);
    return (await Output.of(release)).read('digest') === `${digest}\n`;
  },
  run: async () => {
    if ((await current(release)) === undefined) await make(release, 'image');
    const digest = await current(release);
    const said = (await command(join(release.root, 'dist/rego-csr-approver'), ['--version'])).trim();
    if (digest === undefined || said !== release.version.text) {
      throw new ReleaseError(
        'BuildFailed',
        `the image is not that of ${release.version.text} at this commit; the program says it is ${said}`,
      );
    }
    demand(release, digest);
    const output = await Output.of(release);
    for (const { platform } of platformManifests(layoutOf(release), digest)) {
      const name = `sbom-${platform?.architecture ?? ''}.cdx.json`;
      output.write(name, readFileSync(join(built(release), name)));
    }
    output.write('digest', `${digest}\n`);
  },
});

/** Two machines that build one commit must come to one image: otherwise one of them is not to be trusted. */
function demand({ digest: expected }: Release, digest: string): void {
  if (expected === undefined || expected === digest) return;
  throw new ReleaseError(
    'DigestDiffers',
    `this image is ${digest}, another machine built ${expected} of the same commit: find out why, push neither`,
  );
}

const packed = (release: Release): Step => {
  const tarball = `rego-csr-approver-${release.version.text}.tgz`;
  return {
    name: 'package',
    plan: `make package, and keep ${tarball}`,
    done: async () => (await Output.of(release)).read(tarball) !== undefined,
    run: async () => {
      await make(release, 'package');
      copyFileSync(join(release.root, 'dist', tarball), join((await Output.of(release)).folder, tarball));
    },
  };
};

function pushed(release: Release): Step | undefined {
  if (release.image === undefined) return undefined;
  const { repository, plainHttp } = release.image;
  const version = release.version.text;
  const layout = layoutOf(release);
  return {
    name: 'push image',
    plan: `push ${version}, the tags that move with it, and the SBOMs to ${repository}`,
    done: async () => {
      const digest = indexDigest(layout, version);
      const existing = await listTags(repository, plainHttp);
      const tags = tagsOf(version, existing);
      const sboms = platformManifests(layout, digest).map((manifest) => referrersTag(manifest.digest));
      if (![...tags, ...sboms].every((tag) => existing.includes(tag))) return false;
      const digests = await Promise.all(tags.map((tag) => digestOf(`${repository}:${tag}`, plainHttp)));
      return digests.every((found) => found === digest);
    },
    run: async () => {
      const digest = indexDigest(layout, version);
      await push({ layout, digest }, { repository, version, output: built(release), plainHttp });
    },
  };
}

export const imageSteps = (release: Release) => ({
  image: image(release),
  packed: packed(release),
  pushed: pushed(release),
});
