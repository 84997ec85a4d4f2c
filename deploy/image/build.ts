/** Builds the image of both platforms into an OCI layout, without a daemon. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../src/cli/version.ts';
import { command } from './command.ts';
import { indexDigest } from './layout.ts';
import { root } from './paths.ts';
import { platforms } from './platforms.ts';
import { assemble } from './rootfs.ts';
import { sbom } from './sbom.ts';

export interface Built {
  /** OCI image layout; its one tag is the version. */
  readonly layout: string;
  /** Of the index, `sha256:…`. */
  readonly digest: string;
}

export interface Origin {
  /** Seconds since 1970: the image's date, and that of every file in it. */
  readonly time: number;
  /** Commit; empty for sources that are not quite any. */
  readonly revision: string;
}

/** The last commit; SOURCE_DATE_EPOCH and REVISION say otherwise, or where there is no repository. */
export async function originOf(directory = root): Promise<Origin> {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  const git = (...args: string[]) => command('git', ['-C', directory, ...args]).catch(() => undefined);
  const [time = '0', commit = ''] = ((await git('log', '-1', '--format=%ct %H')) ?? '').trim().split(' ');
  const clean = (await git('status', '--porcelain'))?.trim() === '';
  return { time: Number(epoch ?? time), revision: process.env['REVISION'] ?? (clean ? commit : '') };
}

/** @param output a folder; `context`, `layout` and the SBOMs in it are replaced */
export async function buildImage(output: string, { time, revision }: Origin): Promise<Built> {
  const context = join(output, 'context');
  const layout = join(output, 'layout');
  for (const directory of [context, layout]) rmSync(directory, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  copyFileSync(new URL('Dockerfile', import.meta.url), join(context, 'Dockerfile'));
  const args = {
    VERSION: version,
    REVISION: revision,
    CREATED: new Date(time * 1000).toISOString().replace('.000', ''),
  };
  const flags = [
    ...'--isolation chroot --no-cache --pull=never --format oci --identity-label=false'.split(' '),
    `--timestamp=${String(time)}`,
    ...Object.entries(args).map(([key, value]) => `--build-arg=${key}=${value}`),
  ];
  const store = mkdtempSync(join(tmpdir(), 'image-store-'));
  const storage = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs'];
  const buildah = (...more: string[]) => command('buildah', [...storage, ...more]);
  try {
    const list = `localhost/rego-csr-approver:${version}`;
    await buildah('manifest', 'create', list);
    for (const platform of platforms) {
      const name = `${list}-${platform.arch}`;
      // oxlint-disable no-await-in-loop -- one after the other: the index keeps this order
      await assemble(platform, join(context, `rootfs-${platform.arch}`), time);
      await buildah('bud', ...flags, '--platform', `linux/${platform.arch}`, '--tag', name, context);
      await buildah('manifest', 'add', list, `containers-storage:${name}`);
      // oxlint-enable no-await-in-loop
      const file = join(output, `sbom-${platform.arch}.cdx.json`);
      writeFileSync(file, `${JSON.stringify(sbom(platform, time), null, 2)}\n`);
    }
    await buildah('manifest', 'push', '--all', list, `oci:${layout}:${version}`);
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
  return { layout, digest: indexDigest(layout, version) };
}
