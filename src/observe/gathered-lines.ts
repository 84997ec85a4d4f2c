import { pino, type DestinationStream } from 'pino';

/** Nobody reads a log faster; and of a program that is killed no more is lost. */
const gatherMs = 10;

/** Of one write; more goes out at once. */
const maxGathered = 8 * 1024;

/**
 * Writes the lines of a moment together: each write wakes whoever reads them, and costs more than making the line. None
 * waits for longer than 10 ms, and none is lost when the process ends by itself, be it of an exception.
 */
export class GatheredLines implements DestinationStream {
  readonly #stream;
  #timer: NodeJS.Timeout | undefined;

  /** @param fd open for writing */
  constructor(fd: number) {
    this.#stream = pino.destination({ fd, sync: true, minLength: maxGathered });
    process.on('exit', () => this.flush());
  }

  write(line: string): void {
    this.#stream.write(line);
    this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  /** Returns when everything has been written. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stream.flushSync();
  }
}
