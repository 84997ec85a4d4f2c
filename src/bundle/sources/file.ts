import type { BigIntStats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { whyUnreadable } from '../../text/message.ts';
import { digestBytes, digestFiles } from '../digest.ts';
import { PolicyError } from '../error.ts';
import { bundleLimits, bundleSetting, readArchive, readBundleFiles, unpackBundle } from '../files.ts';
import { SourceError } from './error.ts';
import type { BundleSource, Fetched } from './source.ts';

/**
 * Younger than this, a file may change again without its time of change doing so (it has the resolution of the kernel's
 * tick, on some filesystems of a second), and whoever writes a directory may not be done.
 */
const settledMs = 2_000;

/** Between two looks at a directory that changed just now. */
const lookAgainMs = 250;

/**
 * A `.tar.gz` file or a directory, looked at by stat: no watch sees the `..data` link of a ConfigMap swapped on every
 * filesystem. What is still being written is an error, and read again by the next fetch: gzip's checksum tells a
 * half-written archive, two equal looks a directory that holds still.
 */
export class FileSource implements BundleSource {
  readonly name: string;
  readonly #path: string;
  readonly #now: () => number;
  /** What was seen when this version was read; undefined when it was too young to be told by. */
  #seen: { readonly version: string; readonly mark: string } | undefined;

  /** @param now wall clock in milliseconds, that of the filesystem */
  constructor(path: string, now: () => number = Date.now) {
    this.name = path;
    this.#path = path;
    this.#now = now;
  }

  async fetch(known: string | undefined, signal: AbortSignal): Promise<Fetched | undefined> {
    const look = await this.#look();
    if (known !== undefined && this.#seen?.version === known && this.#seen.mark === look.mark) {
      return undefined;
    }
    const settled = Math.abs(this.#now() - look.changedMs) > settledMs;
    const fetched = look.directory ? await this.#readDirectory() : await this.#readArchive(known);
    if (look.directory && !settled) await pause(lookAgainMs, signal);
    if ((await this.#look()).mark !== look.mark) {
      throw new SourceError('SourceChanging', `bundle ${this.name}: changed while it was read; tried again`);
    }
    this.#seen = settled ? { version: fetched.version, mark: look.mark } : undefined;
    return fetched.version === known || fetched.files === undefined ? undefined : fetched;
  }

  async #readDirectory(): Promise<Fetched> {
    const files = await readBundleFiles(this.#path);
    return { version: digestFiles(files), files, archive: undefined };
  }

  /** Without files when it is the version that is known: nothing is unpacked then. */
  async #readArchive(known: string | undefined): Promise<Fetched | { version: string; files: undefined }> {
    const archive = await this.#reading(() => readArchive(this.#path));
    const version = digestBytes(archive);
    if (version === known) return { version, files: undefined };
    return { version, files: await unpackBundle(archive), archive };
  }

  async #look(): Promise<Look> {
    const info = await this.#reading(() => stat(this.#path, { bigint: true }));
    const look = new Look(info.isDirectory());
    if (!look.directory) {
      if (!info.isFile()) {
        throw new PolicyError('BundleUnreadable', `bundle ${this.name}: neither a file nor a directory`);
      }
      look.add('', info);
    } else {
      await this.#reading(() => lookInto(this.#path, '', look));
    }
    return look;
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      if (cause instanceof PolicyError) throw cause;
      const message = `bundle ${this.name}: ${whyUnreadable(cause, bundleSetting)}`;
      throw new PolicyError('BundleNotFound', message, { cause });
    }
  }
}

/** What stat tells of a file or of all files of a directory. */
class Look {
  readonly directory: boolean;
  changedMs = 0;
  #parts: string[] = [];

  constructor(directory: boolean) {
    this.directory = directory;
  }

  add(path: string, info: BigIntStats): void {
    this.#parts.push([path, info.dev, info.ino, info.size, info.mtimeNs, info.ctimeNs].join('\0'));
    this.changedMs = Math.max(this.changedMs, Number(info.mtimeMs), Number(info.ctimeMs));
    if (this.#parts.length > bundleLimits.entries * 2) {
      throw new PolicyError('BundleTooLarge', `more than ${String(bundleLimits.entries)} files`);
    }
  }

  get mark(): string {
    return this.#parts.sort().join('\n');
  }
}

async function lookInto(directory: string, prefix: string, look: Look): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    // As the reader of directories does: of a ConfigMap only the links are the content.
    if (entry.name.startsWith('..')) continue;
    const path = join(directory, entry.name);
    // oxlint-disable-next-line no-await-in-loop -- a handful of files
    const info = await stat(path, { bigint: true });
    look.add(`${prefix}${entry.name}`, info);
    // oxlint-disable-next-line no-await-in-loop
    if (info.isDirectory() && !entry.isSymbolicLink()) await lookInto(path, `${prefix}${entry.name}/`, look);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((cause: unknown) => {
    throw new SourceError('SourceStopped', 'stopped', { cause });
  });
}
