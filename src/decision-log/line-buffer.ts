/** Lines that wait, bounded in bytes: the oldest make room. */
export class LineBuffer {
  readonly #limit: number;
  #lines: (string | undefined)[] = [];
  #first = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#lines.length - this.#first;
  }

  /** @returns how many had to go for it, itself perhaps among them */
  push(line: string): number {
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line);
    let gone = 0;
    while (this.#bytes > this.#limit) {
      this.#shift();
      gone += 1;
    }
    return gone;
  }

  /** Takes the oldest ones, at least one if there is any, and no more than so many bytes of more. */
  take(bytes: number): string[] {
    const taken: string[] = [];
    let size = 0;
    for (;;) {
      const next = this.#lines[this.#first];
      if (next === undefined) break;
      size += Buffer.byteLength(next);
      if (taken.length > 0 && size > bytes) break;
      taken.push(next);
      this.#shift();
    }
    return taken;
  }

  #shift(): void {
    const line = this.#lines[this.#first];
    if (line === undefined) return;
    this.#bytes -= Buffer.byteLength(line);
    this.#lines[this.#first] = undefined;
    this.#first += 1;
    // Now and then, so that each costs the same whatever there is.
    if (this.#first < 1024 && this.#first < this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }
}
