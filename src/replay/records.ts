/** A record of a log: a line, or an element of an array of them, as bytes. */
export interface LogRecord {
  /** Undefined where it is longer than the limit. */
  readonly bytes: Uint8Array | undefined;
  /** Where it begins, from 1. */
  readonly line: number;
}

const [newline, quote, backslash, comma, space] = [0x0a, 0x22, 0x5c, 0x2c, 0x20];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Cuts a log into records, whatever the chunks are in which it comes. Lines, or arrays of objects, as OPA uploads them, also
 * one after the other in one log. What is longer than the limit is passed over, and never kept.
 */
export class RecordSplitter {
  readonly #maxBytes: number;
  /**
   * - start: before a record
   * - bracket: behind a `[` that may begin an array, or a line such as `[INFO] …`
   * - line: in a line
   * - gap: in an array, between elements
   * - element: in an element
   */
  #state: 'start' | 'bracket' | 'line' | 'gap' | 'element' = 'start';
  #line = 1;
  #begin = 1;
  /** Parts of the record from earlier chunks. */
  #parts: Uint8Array[] = [];
  #size = 0;
  #depth = 0;
  #inText = false;
  #escaped = false;

  /** @param maxBytes of one record */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The records that end in this chunk. The chunk is kept: nobody may write to it. */
  push(chunk: Uint8Array): LogRecord[] {
    const found: LogRecord[] = [];
    for (let at = 0; at < chunk.length;) at = this.#step(chunk, at, found);
    return found;
  }

  /** The record that nothing ended. */
  end(): LogRecord[] {
    if (this.#state === 'bracket') this.#keep(Uint8Array.of(openBracket));
    const isOpen = this.#size > 0;
    return isOpen ? [this.#take()] : [];
  }

  #step(chunk: Uint8Array, at: number, found: LogRecord[]): number {
    if (this.#state === 'line') return this.#inLine(chunk, at, found);
    if (this.#state === 'element') return this.#inElement(chunk, at, found);
    const byte = chunk[at] ?? 0;
    if (byte <= space || (byte === comma && this.#state === 'gap')) {
      // A line that is `[` and nothing else is none of an array that has its first element in the same line or below.
      if (byte === newline) this.#line += 1;
      return at + 1;
    }
    if (this.#state === 'start') {
      this.#begin = this.#line;
      this.#state = byte === openBracket ? 'bracket' : 'line';
      return byte === openBracket ? at + 1 : at;
    }
    if (byte === openBrace) {
      this.#begin = this.#line;
      this.#state = 'element';
      return at;
    }
    if (byte === closeBracket) {
      this.#state = 'start';
      return at + 1;
    }
    if (this.#state === 'bracket') this.#keep(Uint8Array.of(openBracket));
    else this.#begin = this.#line;
    this.#state = 'line';
    return at;
  }

  #inLine(chunk: Uint8Array, from: number, found: LogRecord[]): number {
    const end = chunk.indexOf(newline, from);
    this.#keep(chunk.subarray(from, end < 0 ? chunk.length : end));
    if (end < 0) return chunk.length;
    found.push(this.#take());
    this.#state = 'start';
    this.#line += 1;
    return end + 1;
  }

  #inElement(chunk: Uint8Array, from: number, found: LogRecord[]): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === newline) this.#line += 1;
      if (this.#escaped) this.#escaped = false;
      else if (this.#inText) {
        if (byte === quote) this.#inText = false;
        else if (byte === backslash) this.#escaped = true;
      } else if (byte === quote) this.#inText = true;
      else if (byte === openBrace) this.#depth += 1;
      else if (byte === closeBrace) {
        this.#depth -= 1;
        if (this.#depth > 0) continue;
        this.#keep(chunk.subarray(from, at + 1));
        found.push(this.#take());
        this.#state = 'gap';
        return at + 1;
      }
    }
    this.#keep(chunk.subarray(from));
    return chunk.length;
  }

  #keep(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #take(): LogRecord {
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    const record = { bytes: this.#size > this.#maxBytes ? undefined : whole, line: this.#begin };
    this.#parts = [];
    this.#size = 0;
    this.#depth = 0;
    this.#inText = false;
    this.#escaped = false;
    return record;
  }
}
