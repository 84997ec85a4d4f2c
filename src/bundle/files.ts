import { constants } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { whyUnreadable } from '../text/message.ts';
import { escapeText } from '../text/escape.ts';
import { safeJson } from '../text/json.ts';
import { PolicyError } from './error.ts';
import { gunzipOne } from './gzip.ts';
import { readTar } from './tar.ts';

/**
 * What a bundle may hold at most. A policy that needs more is data in the wrong place. Whoever serves bundles fills them
 * without a key: packed, unpacked and copied between the two, and beside the bundle that is in force, all of it must fit
 * into the memory that the container has.
 */
export const bundleLimits = {
  entries: 4096,
  entryBytes: 8 * 1024 * 1024,
  totalBytes: 16 * 1024 * 1024,
} as const;

/** Where a bundle's path is said. */
export const bundleSetting = '`policy.bundle` or `--bundle`';

/** Members of a bundle by their path, without a leading slash. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** Reads a bundle from a `.tar.gz` file or an unpacked directory. */
export async function readBundleFiles(path: string): Promise<BundleFiles> {
  try {
    const real = await realpath(path);
    const info = await lstat(real);
    if (info.isDirectory()) return await readDirectory(real);
    return await unpackBundle(await readRegular(real, bundleLimits.totalBytes));
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    const message = `bundle ${escapeText(path, 1024)}: ${whyUnreadable(cause, bundleSetting)}`;
    throw new PolicyError('BundleNotFound', message, { cause });
  }
}

/** Unpacks a gzip-compressed tar archive, as `opa build` writes it. */
export async function unpackBundle(bytes: Uint8Array): Promise<BundleFiles> {
  const tar = await gunzipOne(bytes, bundleLimits.totalBytes);
  const collector = new Collector();
  for (const { name, kind, bytes: content } of readTar(tar)) {
    if (kind === 'file') collector.add(name, content);
    else collector.pass(name);
  }
  return collector.files;
}

/**
 * Reads a directory without following any link. Of a mounted ConfigMap, which is nothing but links into a `..data`
 * directory that is swapped atomically, the directory behind that link is read: one state of it, and no mixture.
 */
async function readDirectory(directory: string): Promise<BundleFiles> {
  const root = await stateOf(directory);
  const collector = new Collector();
  const walk = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(join(root, prefix), { withFileTypes: true })) {
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) {
        collector.pass(name);
        // oxlint-disable-next-line no-await-in-loop -- order and memory matter more than speed
        await walk(`${name}/`);
      } else if (entry.isFile()) {
        // oxlint-disable-next-line no-await-in-loop
        collector.add(name, await readRegular(join(root, name), bundleLimits.entryBytes));
      } else {
        const what = entry.isSymbolicLink() ? 'a symbolic link' : 'not a regular file';
        throw new PolicyError('BundleEntryRefused', `${safeJson(join(root, name))} is ${what}`);
      }
    }
  };
  await walk('');
  return collector.files;
}

/**
 * The folder behind a ConfigMap's link, else the directory itself.
 * @param directory without links in it
 */
async function stateOf(directory: string): Promise<string> {
  const link = join(directory, '..data');
  const root = await realpath(link).catch(() => undefined);
  if (root === undefined) return directory;
  // The kubelet's leads to a folder beside it: whoever may write here does not choose what else of this machine is read.
  if (dirname(root) === directory) return root;
  throw new PolicyError('BundleEntryRefused', `${safeJson(link)} leads out of the directory`);
}

/** Bytes of an archive, of one state of the file: also where a link to it is swapped meanwhile. */
export async function readArchive(path: string): Promise<Uint8Array> {
  return readRegular(await realpath(path), bundleLimits.totalBytes);
}

/** Reads a file that is no link and, when it is opened, still none; no more than that many bytes of it. */
async function readRegular(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = await file.stat();
    if (!info.isFile())
      throw new PolicyError('BundleEntryRefused', `${safeJson(path)} is not a regular file`);
    if (info.size > maxBytes) {
      throw new PolicyError('BundleTooLarge', `${safeJson(path)}: more than ${String(maxBytes)} bytes`);
    }
    const bytes = Buffer.alloc(info.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead !== bytes.length) throw new Error('it changed while it was read');
    return bytes;
  } finally {
    await file.close();
  }
}

/** Collects members, and holds each and all of them to the limits. */
class Collector {
  readonly files = new Map<string, Uint8Array>();
  #entries = 0;
  #total = 0;

  /** A member that is not kept, but counts. */
  pass(name: string): void {
    const path = inside(name.replace(/\/$/, ''), true);
    this.#count(path, 0);
  }

  add(name: string, data: Uint8Array): void {
    const path = inside(name, false);
    if (this.files.has(path)) {
      throw new PolicyError('BundleEntryRefused', `${safeJson(path)} is in the bundle twice`);
    }
    this.#count(path, data.length);
    this.files.set(path, data);
  }

  #count(path: string, size: number): void {
    this.#entries += 1;
    this.#total += size;
    const { entries, entryBytes, totalBytes } = bundleLimits;
    if (size > entryBytes || this.#total > totalBytes || this.#entries > entries) {
      throw new PolicyError(
        'BundleTooLarge',
        `at ${safeJson(path)}: more than ${String(entries)} members, ${String(entryBytes)} bytes in one or ${String(totalBytes)} in all`,
      );
    }
  }
}

/**
 * The member's path without what stands before it: `opa build` writes a slash there, `tar -C DIR .` a dot and a slash.
 * OPA cleans paths and backslashes on its way, so that one with something to clean could be two.
 */
function inside(name: string, isDirectory: boolean): string {
  const path = name.replace(/^\.?\//, '');
  if (isDirectory && (path === '' || path === '.')) return '.';
  const clean = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!clean || /[\\\p{Cc}]/u.test(path) || !path.isWellFormed() || path.length > 1024) {
    throw new PolicyError(
      'BundlePathInvalid',
      `${safeJson(name.slice(0, 1100))} is not a path inside the bundle`,
    );
  }
  return path;
}
