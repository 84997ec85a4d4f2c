import { KubeError } from './errors.ts';

const NEWLINE = 0x0a;

/**
 * Splits a stream of bytes into lines, for watches (newline-delimited JSON). Works on bytes: a chunk may end in the
 * middle of a UTF-8 sequence. A line longer than `maxBytes` is an error, so memory stays bounded.
 */
export class LineSplitter {
  #rest: Buffer[] = [];
  #size = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a line that has not ended: not zero at the end of a stream means that it was cut. */
  get pending(): number {
    return this.#size;
  }

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      from = at + 1;
      const line = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest, this.#size);
      if (line !== undefined && line.length > 0) lines.push(line.toString('utf8'));
      this.#rest = [];
      this.#size = 0;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
    return lines;
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) {
      throw new KubeError({
        kind: 'protocol',
        reason: 'LineTooLong',
        message: `a watch event is larger than ${String(this.#maxBytes)} bytes`,
      });
    }
    this.#rest.push(part);
  }
}
