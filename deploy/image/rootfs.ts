/** Assembles the root filesystem of a platform. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command } from './command.ts';
import { contents, type Part } from './contents.ts';
import { fetchPackage, openApt, packagesOf, type Apt } from './debian.ts';
import { ImageError } from './error.ts';
import { fetchNode } from './node-package.ts';
import { dist } from './paths.ts';
import type { Platform } from './platforms.ts';

/**
 * Writes it to `directory`, which must not exist. Modes and times are set whatever the umask is: they are part of what
 * is built.
 * @param time of every file, in seconds since 1970
 */
export async function assemble(platform: Platform, directory: string, time: number): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'rootfs-'));
  try {
    const sources = await unpack(platform, scratch);
    mkdirSync(directory, { recursive: true });
    for (const part of contents(platform)) {
      const target = join(directory, part.path);
      mkdirSync(dirname(target), { recursive: true });
      write(part, target, sources);
      chmodSync(target, part.executable === true ? 0o755 : 0o644);
    }
    settle(directory, time);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The folder of each source by name. */
async function unpack(platform: Platform, scratch: string): Promise<ReadonlyMap<string, string>> {
  const sources = new Map([
    ['program', dist],
    ['node', await fetchNode(platform.node)],
  ]);
  let opened: Promise<Apt> | undefined;
  const apt = () => (opened ??= openApt());
  for (const one of packagesOf(platform)) {
    // oxlint-disable-next-line no-await-in-loop -- apt locks its lists
    const file = await fetchPackage(one, apt);
    const folder = join(scratch, one.name);
    // oxlint-disable-next-line no-await-in-loop
    await command('dpkg-deb', ['-x', file, folder]);
    sources.set(one.name, folder);
  }
  return sources;
}

function write(
  { path, from, source = path }: Part,
  target: string,
  sources: ReadonlyMap<string, string>,
): void {
  if (typeof from === 'object') {
    writeFileSync(target, from.text);
    return;
  }
  const folder = sources.get(from);
  const file = join(folder ?? '', source);
  if (folder === undefined || !existsSync(file)) {
    const hint =
      from === 'program' ? 'run `make build`' : `mend deploy/image/contents.ts, or its package list`;
    throw new ImageError('FileMissing', `there is no ${source} in ${from}: ${hint}`);
  }
  if (!source.endsWith('/')) {
    // Symbolic links end here: the file itself, under the name that it is asked for by.
    copyFileSync(realpathSync(file), target);
    return;
  }
  const joined = readdirSync(file)
    .sort()
    .map((name) => `${readFileSync(join(file, name), 'utf8').trimEnd()}\n`);
  writeFileSync(target, joined.join(''));
}

function settle(directory: string, time: number): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) settle(path, time);
    else utimesSync(path, time, time);
  }
  chmodSync(directory, 0o755);
  utimesSync(directory, time, time);
}
