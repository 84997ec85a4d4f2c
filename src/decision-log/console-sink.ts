import { messageOf } from '../text/message.ts';
import type { Sink, SinkObserver, SinkProblem } from './sink.ts';

/** Standard output, or a test's stream. */
export interface ConsoleStream {
  readonly writableLength: number;
  readonly write: (text: string, done: (cause?: Error | null) => void) => unknown;
  readonly on: (event: 'error', listener: (cause: Error) => void) => unknown;
}

/** Kept for a reader that is slow. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Lines on a stream that is not ours to close. For a pipe Node.js writes without waiting, and keeps what the reader does not
 * take; when nobody reads any more, or the disk is full, each write fails, and the next one may succeed.
 */
export class ConsoleSink implements Sink {
  readonly name = 'console';
  readonly #stream: ConsoleStream;
  readonly #observer: SinkObserver;
  readonly #most: number;
  #failures = 0;
  #problem: SinkProblem | undefined;
  /** Part of a line may be there, without its end. */
  #torn = false;
  #stopped = false;

  constructor(stream: ConsoleStream, observer: SinkObserver, most = mostBytes) {
    this.#stream = stream;
    this.#observer = observer;
    this.#most = most;
    // It is told with the write that failed; unheard it would end the program.
    stream.on('error', () => undefined);
  }

  write(lines: readonly string[]): void {
    const { length } = lines;
    if (length === 0 || this.#stopped) return;
    const text = `${this.#torn ? '\n' : ''}${lines.join('')}`;
    if (this.waiting() + Buffer.byteLength(text) > this.#most) {
      this.#observer.lost(this.name, length, 'buffer_full');
      return;
    }
    this.#torn = false;
    this.#stream.write(text, (cause) => this.#wrote(length, cause));
  }

  problem(): SinkProblem | undefined {
    return this.#problem;
  }

  waiting(): number {
    return this.#stream.writableLength;
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    if (this.waiting() === 0) return;
    const drained = new Promise<void>((resolve) => {
      this.#stream.write('', () => resolve());
    });
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, deadlineMs);
    await Promise.race([drained, late.promise]);
    clearTimeout(timer);
  }

  #wrote(lines: number, cause: Error | null | undefined): void {
    if (cause === undefined || cause === null) {
      this.#failures = 0;
      this.#problem = undefined;
      this.#observer.written(this.name, lines);
      return;
    }
    this.#torn = true;
    this.#failures += 1;
    this.#problem = { message: `standard output: ${messageOf(cause)}` };
    this.#observer.lost(this.name, lines, 'failed');
    this.#observer.failed(this.name, this.#problem, this.#failures);
  }
}
