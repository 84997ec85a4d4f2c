import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../text/message.ts';
import { digestBytes } from '../digest.ts';
import { bundleLimits, unpackBundle } from '../files.ts';
import { makeFolder } from './make-folder.ts';
import type { Fetched } from './source.ts';

/** First line of a cache file; the archive follows. */
const headSchema = z.strictObject({
  format: z.literal('rego-csr-approver/bundle-cache/1'),
  source: z.string(),
  version: z.string(),
});
const mostHeadBytes = 8192;

type Warn = (message: string) => void;

/**
 * The last bundle of a source that was in force, for a restart while the source cannot be reached. What is read from it
 * is as little trusted as what comes from a server: the caller verifies it with the keys that are configured now.
 */
export class BundleCache {
  readonly #file: string;
  readonly #directory: string;
  readonly #source: string;
  readonly #warn: Warn;

  /** @param source the name of the source: a bundle of another one is not given */
  constructor(directory: string, source: string, warn: Warn) {
    const name = createHash('sha256').update(source).digest('hex').slice(0, 32);
    this.#directory = directory;
    this.#file = join(directory, `${name}.bundle`);
    this.#source = source;
    this.#warn = warn;
  }

  /** @returns undefined when there is none that can be used, which is never fatal */
  async read(): Promise<Fetched | undefined> {
    try {
      const bytes = await readBounded(this.#file);
      if (bytes === undefined) return undefined;
      const end = bytes.subarray(0, mostHeadBytes).indexOf(0x0a);
      const head = headSchema.parse(JSON.parse(bytes.toString('utf8', 0, Math.max(end, 0))));
      const archive = bytes.subarray(end + 1);
      if (head.source !== this.#source) throw new Error('it is of another source');
      if (digestBytes(archive) !== head.version) throw new Error('it is damaged');
      return { version: head.version, files: await unpackBundle(archive), archive };
    } catch (cause) {
      // A parser's message would quote the file.
      const what =
        cause instanceof SyntaxError || cause instanceof z.ZodError ? 'it is damaged' : messageOf(cause);
      this.#warn(`the cached bundle ${this.#file} is ignored: ${what}`);
      return undefined;
    }
  }

  /**
   * Keeps it, for when it is in force; does nothing for a directory, which has no archive. Atomic, also when the machine
   * stops: what was there before, or all of the new one.
   */
  async write({ version, archive }: Fetched): Promise<void> {
    if (archive === undefined) return;
    const head = { format: 'rego-csr-approver/bundle-cache/1', source: this.#source, version };
    const temporary = `${this.#file}.tmp`;
    try {
      await makeFolder(this.#directory, 0o700);
      // Neither to be led elsewhere, nor to wait for the reader of a pipe.
      const flags =
        constants.O_WRONLY |
        constants.O_CREAT |
        constants.O_TRUNC |
        constants.O_NOFOLLOW |
        constants.O_NONBLOCK;
      await using(await open(temporary, flags, 0o600), async (handle) => {
        await handle.chmod(0o600);
        await handle.writeFile(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), archive]));
        await handle.sync();
      });
      await rename(temporary, this.#file);
      await using(await open(this.#directory, 'r'), (handle) => handle.sync());
    } catch (cause) {
      this.#warn(`the bundle could not be kept in ${this.#file}: ${messageOf(cause)}`);
    }
  }
}

/** Undefined when there is no such file. */
async function readBounded(file: string): Promise<Buffer | undefined> {
  let handle: FileHandle;
  try {
    // Not to wait for the writer of a pipe, nor to be led elsewhere.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
  return using(handle, async () => {
    const info = await handle.stat();
    if (!info.isFile()) throw new Error('it is not a regular file');
    if (info.size > bundleLimits.totalBytes + mostHeadBytes) throw new Error('it is too large');
    return handle.readFile();
  });
}

async function using<T>(handle: FileHandle, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}
