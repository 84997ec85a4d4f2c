import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../bundle/sources/make-folder.ts';

export interface RotatingFileOptions {
  readonly path: string;
  /** A file grows no larger, unless by a single line. */
  readonly maxBytes: number;
  /** Most files, the one that is written among them. */
  readonly maxFiles: number;
}

/** Others may read it by the group, such as whoever ships logs. */
const mode = 0o640;

/** To be written at the end of a file, by one process at a time; not opened where it would wait for a reader. */
const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

interface Opened {
  readonly handle: FileHandle;
  readonly inode: number;
  readonly device: number;
  size: number;
}

/** A file that is renamed when it is full, and begun anew when somebody else has renamed or removed it. */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #opened: Opened | undefined;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /**
   * Opens the file, if it is not the one that is open already.
   * @param bytes that are to be written to it, and for which it is rotated if need be
   * @returns whether it is another file than before, so that whatever is written must begin a line
   */
  async prepare(bytes: number): Promise<boolean> {
    const { path, maxBytes } = this.#options;
    const before = this.#opened;
    if (before !== undefined && !(await this.#isThere(before))) await this.close();
    this.#opened ??= await this.#open();
    if (this.#opened.size > 0 && this.#opened.size + bytes > maxBytes) {
      await this.close();
      await this.#rotate(path);
      this.#opened = await this.#open();
    }
    return this.#opened !== before;
  }

  /** @returns how many of the bytes have been written, which may be fewer */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#opened === undefined) throw new TypeError('not prepared');
    const { bytesWritten } = await this.#opened.handle.write(bytes);
    this.#opened.size += bytesWritten;
    return bytesWritten;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.handle.close();
  }

  async #isThere({ inode, device }: Opened): Promise<boolean> {
    const now = await stat(this.#options.path).catch(() => undefined);
    return now !== undefined && now.ino === inode && now.dev === device;
  }

  async #open(): Promise<Opened> {
    const { path } = this.#options;
    await makeFolder(dirname(path));
    const handle = await open(path, flags, mode);
    try {
      const info = await handle.stat();
      if (!info.isFile()) throw new Error(`${path} is not a plain file`);
      const opened = { handle, inode: info.ino, device: info.dev, size: info.size };
      await endLine(opened);
      return opened;
    } catch (cause) {
      await handle.close();
      throw cause;
    }
  }

  async #rotate(path: string): Promise<void> {
    const { maxFiles } = this.#options;
    const nameOf = (at: number) => (at === 0 ? path : `${path}.${String(at)}`);
    await rm(nameOf(maxFiles - 1), { force: true });
    for (let at = maxFiles - 2; at >= 0; at -= 1) {
      // oxlint-disable-next-line no-await-in-loop -- from the oldest on
      await rename(nameOf(at), nameOf(at + 1)).catch(unlessMissing);
    }
  }
}

/** Whoever wrote it last may have been ended in the middle of a line. */
async function endLine(opened: Opened): Promise<void> {
  if (opened.size === 0) return;
  const { buffer } = await opened.handle.read(Buffer.alloc(1), 0, 1, opened.size - 1);
  if (buffer[0] === 0x0a) return;
  await opened.handle.write('\n');
  opened.size += 1;
}

function unlessMissing(cause: unknown): void {
  if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
}
