/** A binary heap that can also remove and re-order any item it holds, in O(log n). */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #items: T[] = [];
  readonly #at = new Map<T, number>();

  /** @param before whether `a` comes out before `b` */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#at.has(item);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }

  /** Adds the item, or puts it in order again after what it is ordered by has changed. */
  set(item: T): void {
    let at = this.#at.get(item);
    if (at === undefined) {
      at = this.#items.length;
      this.#place(item, at);
    }
    this.#sink(this.#rise(at));
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.delete(first);
    return first;
  }

  delete(item: T): boolean {
    const at = this.#at.get(item);
    if (at === undefined) return false;
    this.#at.delete(item);
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#place(last, at);
      this.#sink(this.#rise(at));
    }
    return true;
  }

  #place(item: T, at: number): void {
    this.#items[at] = item;
    this.#at.set(item, at);
  }

  #rise(from: number): number {
    let at = from;
    const item = this.#items[at];
    if (item === undefined) return at;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#place(parent, at);
      this.#place(item, above);
      at = above;
    }
    return at;
  }

  #sink(from: number): void {
    let at = from;
    const item = this.#items[at];
    if (item === undefined) return;
    for (;;) {
      const left = this.#items[2 * at + 1];
      const right = this.#items[2 * at + 2];
      const child = right !== undefined && left !== undefined && this.#before(right, left) ? right : left;
      if (child === undefined || !this.#before(child, item)) return;
      const below = child === left ? 2 * at + 1 : 2 * at + 2;
      this.#place(child, at);
      this.#place(item, below);
      at = below;
    }
  }
}
