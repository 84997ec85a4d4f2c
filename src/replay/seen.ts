/** Names that were seen of late: at least the last `size` of them, and at most twice as many. */
export class SeenOfLate {
  readonly #size: number;
  #young = new Set<string>();
  #old: ReadonlySet<string> = new Set();

  constructor(size: number) {
    this.#size = size;
  }

  /** Notes a name. @returns whether it was there already */
  has(name: string): boolean {
    if (this.#young.has(name)) return true;
    const was = this.#old.has(name);
    this.#young.add(name);
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return was;
  }
}
