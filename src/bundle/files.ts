import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { unpackTar } from 'modern-tar';
import { messageOf } from '../text/message.ts';
import { PolicyError } from './error.ts';

/** What a bundle may hold at most. A policy that needs more is data in the wrong place. */
export const bundleLimits = {
  entries: 4096,
  entryBytes: 32 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
} as const;

/** Members of a bundle by their path, without a leading slash. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** Reads a bundle from a `.tar.gz` file or an unpacked directory. */
export async function readBundleFiles(path: string): Promise<BundleFiles> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new PolicyError('BundleNotFound', `bundle ${path}: cannot be read (${messageOf(cause)})`, {
      cause,
    });
  });
  if (info.isDirectory()) return readDirectory(path);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new PolicyError('BundleNotFound', `bundle ${path}: cannot be read (${messageOf(cause)})`, {
      cause,
    });
  });
  return unpackBundle(bytes);
}

/** Unpacks a gzip-compressed tar archive, as `opa build` writes it. */
export async function unpackBundle(bytes: Uint8Array): Promise<BundleFiles> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw new PolicyError(
      'BundleUnreadable',
      'not a gzip-compressed tar archive: build one with `opa build -b DIR -t wasm`',
    );
  }
  const tar = await inflate(bytes);
  const collector = new Collector();
  const entries = await unpackTar(tar, { strict: true }).catch((cause: unknown) => {
    throw new PolicyError('BundleUnreadable', `not a tar archive inside: ${messageOf(cause)}`, { cause });
  });
  for (const { header, data } of entries) {
    if (header.type === 'directory') continue;
    if (header.type !== 'file') {
      throw new PolicyError(
        'BundleEntryRefused',
        `${JSON.stringify(header.name)} is a ${header.type}: only files are allowed`,
      );
    }
    collector.add(header.name, data ?? new Uint8Array());
  }
  return collector.files;
}

/** Inflates with a hard limit, so that a gzip bomb costs no more than the limit. */
async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    const inflated: AsyncIterable<Buffer> = Readable.from([bytes]).pipe(createGunzip());
    for await (const chunk of inflated) {
      total += chunk.length;
      if (total > bundleLimits.totalBytes) {
        throw new PolicyError(
          'BundleTooLarge',
          `more than ${String(bundleLimits.totalBytes)} bytes when unpacked`,
        );
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError('BundleUnreadable', `damaged gzip data: ${messageOf(cause)}`, { cause });
  }
  return Buffer.concat(chunks);
}

async function readDirectory(root: string): Promise<BundleFiles> {
  const collector = new Collector();
  const walk = async (directory: string, prefix: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      // Kubernetes mounts a ConfigMap as links into a `..data` directory that it swaps atomically.
      if (entry.name.startsWith('..')) continue;
      const path = join(directory, entry.name);
      // oxlint-disable-next-line no-await-in-loop -- order and memory matter more than speed
      const info = await stat(path);
      if (info.isDirectory()) {
        if (entry.isSymbolicLink()) {
          throw new PolicyError('BundleEntryRefused', `${JSON.stringify(path)} is a link to a directory`);
        }
        // oxlint-disable-next-line no-await-in-loop
        await walk(path, `${prefix}${entry.name}/`);
      } else if (info.isFile()) {
        const name = collector.reserve(`${prefix}${entry.name}`, info.size);
        // oxlint-disable-next-line no-await-in-loop
        collector.files.set(name, await readFile(path));
      } else {
        throw new PolicyError('BundleEntryRefused', `${JSON.stringify(path)} is not a regular file`);
      }
    }
  };
  await walk(root, '');
  return collector.files;
}

/** Collects members, and holds each and all of them to the limits. */
class Collector {
  readonly files = new Map<string, Uint8Array>();
  #total = 0;

  /** Refuses by the announced size, before the content is read. */
  reserve(name: string, size: number): string {
    // `opa build` writes members with a leading slash.
    const path = name.replace(/^\.?\/+/, '');
    const inside =
      path !== '' && !/[\\\0]/.test(path) && !path.split('/').some((s) => s === '..' || s === '.');
    if (!inside) {
      throw new PolicyError('BundlePathInvalid', `${JSON.stringify(name)} is not a path inside the bundle`);
    }
    if (this.files.has(path)) {
      throw new PolicyError('BundleEntryRefused', `${JSON.stringify(path)} is in the bundle twice`);
    }
    this.#total += size;
    const { entries, entryBytes, totalBytes } = bundleLimits;
    if (size > entryBytes || this.#total > totalBytes || this.files.size >= entries) {
      throw new PolicyError(
        'BundleTooLarge',
        `at ${JSON.stringify(path)}: more than ${String(entries)} files, ${String(entryBytes)} bytes in one or ${String(totalBytes)} in all`,
      );
    }
    return path;
  }

  add(name: string, data: Uint8Array): void {
    this.files.set(this.reserve(name, data.length), data);
  }
}
