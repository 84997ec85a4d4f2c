import { pino, type DestinationStream } from 'pino';

/** Of one write; more goes out at once. In characters. */
const maxGathered = 8 * 1024;

/** Kept for when it can be written again, after which lines are lost. In bytes. */
const maxUnwritten = 1024 * 1024;

/**
 * Writes the lines of a turn of the event loop together: each write wakes whoever reads them, and costs more than making
 * the line. They are there before anything that answers come to, and none is lost when the process ends by itself, be it
 * of an exception.
 *
 * They are gathered here, not by pino's stream: its `flushSync` tries again for ever, and the program stands still, when
 * nobody reads any more (EPIPE) or the disk is full.
 */
export class GatheredLines implements DestinationStream {
  readonly #stream;
  #gathered = '';
  #scheduled: NodeJS.Immediate | undefined;

  /** @param fd open for writing */
  constructor(fd: number) {
    this.#stream = pino.destination({ fd, sync: true, maxLength: maxUnwritten });
    // A log that cannot be written is no reason to decide no more.
    this.#stream.on('error', () => undefined);
    process.on('exit', () => this.flush());
  }

  write(line: string): void {
    this.#gathered += line;
    if (this.#gathered.length >= maxGathered) this.flush();
    else this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Returns when everything has been written. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const text = this.#gathered;
    this.#gathered = '';
    if (text !== '') this.#stream.write(text);
  }
}
