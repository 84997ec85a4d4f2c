import { newestFirst, type Waiting } from './fair-order.ts';
import { Heap } from './heap.ts';

/** Everything that waits, by group: finds who has to go when there is no room, the oldest of the biggest group. */
export class Crowd<T extends Waiting> {
  readonly #groups = new Map<string, Heap<T>>();
  readonly #biggest = new Heap<Heap<T>>((a, b) => a.size > b.size);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    let group = this.#groups.get(item.group);
    if (group === undefined) {
      group = new Heap<T>((a, b) => newestFirst(b, a));
      this.#groups.set(item.group, group);
    }
    if (!group.has(item)) this.#size += 1;
    group.set(item);
    this.#biggest.set(group);
  }

  delete(item: T): void {
    const group = this.#groups.get(item.group);
    if (group?.delete(item) !== true) return;
    this.#size -= 1;
    if (group.size > 0) {
      this.#biggest.set(group);
    } else {
      this.#biggest.delete(group);
      this.#groups.delete(item.group);
    }
  }

  expendable(): T | undefined {
    return this.#biggest.peek()?.peek();
  }
}
