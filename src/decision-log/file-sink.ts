import { messageOf } from '../text/message.ts';
import { backoffMs } from './backoff.ts';
import { LineBuffer } from './line-buffer.ts';
import type { RotatingFile } from './rotating-file.ts';
import type { Pause, Sink, SinkObserver, SinkProblem } from './sink.ts';

export interface FileSinkOptions {
  readonly file: Pick<RotatingFile, 'prepare' | 'write' | 'close'>;
  readonly path: string;
  readonly observer: SinkObserver;
  readonly pause: Pause;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Of lines that wait. */
  readonly limitBytes?: number;
}

/** Between two tries while the file cannot be written. */
const delays = { baseMs: 100, capMs: 10_000 };

/** Of lines that are written together. */
const batchBytes = 64 * 1024;

const lineFeed = 0x0a;

/** Lines in a file: written one batch after the other, each until all of it is there, however often that takes. */
export class FileSink implements Sink {
  readonly name = 'file';
  readonly #options: FileSinkOptions;
  readonly #buffer: LineBuffer;
  readonly #stopping = new AbortController();
  #failures = 0;
  #problem: SinkProblem | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#buffer = new LineBuffer(options.limitBytes ?? 16 * 1024 * 1024);
  }

  write(lines: readonly string[]): void {
    if (this.#isClosed) return;
    let lost = 0;
    for (const line of lines) lost += this.#buffer.push(line);
    if (lost > 0) this.#options.observer.lost(this.name, lost, 'buffer_full');
    this.#running ??= this.#work();
  }

  problem(): SinkProblem | undefined {
    return this.#problem;
  }

  waiting(): number {
    return this.#buffer.bytes;
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#isClosed = true;
    const timer = setTimeout(() => this.#stopping.abort(), deadlineMs);
    await this.#running;
    clearTimeout(timer);
    await this.#options.file.close().catch(() => undefined);
  }

  async #work(): Promise<void> {
    const { observer } = this.#options;
    for (let batch = this.#buffer.take(batchBytes); batch.length > 0; batch = this.#buffer.take(batchBytes)) {
      // oxlint-disable-next-line no-await-in-loop -- in the order in which they came
      const isWritten = await this.#append(Buffer.from(batch.join('')));
      if (isWritten) observer.written(this.name, batch.length);
      else observer.lost(this.name, batch.length, 'stopped');
    }
    this.#running = undefined;
  }

  /** @returns false when it was given up since the program ends */
  async #append(bytes: Buffer): Promise<boolean> {
    const { file, observer, pause, random, path } = this.#options;
    const { signal } = this.#stopping;
    let at = 0;
    // oxlint-disable no-await-in-loop -- one part after the other
    while (!signal.aborted) {
      try {
        // In another file a line that was begun in the last one begins again.
        if (await file.prepare(bytes.length - at))
          at = at === 0 ? 0 : bytes.lastIndexOf(lineFeed, at - 1) + 1;
        while (at < bytes.length) at += await file.write(bytes.subarray(at));
        this.#failures = 0;
        this.#problem = undefined;
        return true;
      } catch (cause) {
        this.#failures += 1;
        this.#problem = { message: `${path}: ${messageOf(cause)}` };
        observer.failed(this.name, this.#problem, this.#failures);
        await pause(backoffMs(this.#failures, delays, random), signal);
      }
    }
    // oxlint-enable no-await-in-loop
    return false;
  }
}
