import { Heap } from './heap.ts';

export interface Waiting {
  readonly group: string;
  /** Larger is newer. */
  readonly priority: number;
  /** Order of arrival: between equals the first comes first. */
  readonly sequence: number;
}

export const newestFirst = (a: Waiting, b: Waiting): boolean =>
  a.priority === b.priority ? a.sequence < b.sequence : a.priority > b.priority;

interface Group<T> {
  readonly name: string;
  readonly items: Heap<T>;
  /** Of its next item. */
  round: number;
}

/**
 * Order of service: groups take turns, one item a round, and within a round the newest comes first. So a group with
 * 5,000 items delays another's one by no more than its own one of this round.
 */
export class FairOrder<T extends Waiting> {
  readonly #groups = new Map<string, Group<T>>();
  readonly #turns = new Heap<Group<T>>(comesBefore);
  /** Next round of groups that have nothing waiting: a group that adds one item at a time must not get extra turns. */
  readonly #resting = new Map<string, number>();
  /** Groups whose turn does not come, whatever they have waiting. */
  readonly #paused = new Set<string>();
  #sweepAt = 1024;
  #round = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const { items } of this.#groups.values()) yield* items;
  }

  add(item: T): void {
    let group = this.#groups.get(item.group);
    if (group === undefined) {
      const round = Math.max(this.#round, this.#resting.get(item.group) ?? 0);
      group = { name: item.group, items: new Heap<T>(newestFirst), round };
      this.#groups.set(item.group, group);
      this.#resting.delete(item.group);
    }
    if (!group.items.has(item)) this.#size += 1;
    group.items.set(item);
    this.#settle(group);
  }

  delete(item: T): boolean {
    const group = this.#groups.get(item.group);
    if (group?.items.delete(item) !== true) return false;
    this.#size -= 1;
    this.#settle(group);
    return true;
  }

  pop(): T | undefined {
    const group = this.#turns.peek();
    const item = group?.items.pop();
    if (group === undefined || item === undefined) return undefined;
    this.#size -= 1;
    this.#round = group.round;
    group.round += 1;
    this.#settle(group);
    return item;
  }

  /** Nothing of this group comes out until it is resumed. */
  pause(name: string): void {
    this.#paused.add(name);
    const group = this.#groups.get(name);
    if (group !== undefined) this.#turns.delete(group);
  }

  resume(name: string): void {
    const group = this.#groups.get(name);
    if (!this.#paused.delete(name) || group === undefined) return;
    // What it has missed it does not get afterwards.
    group.round = Math.max(group.round, this.#round);
    this.#turns.set(group);
  }

  #settle(group: Group<T>): void {
    if (group.items.size > 0) {
      if (!this.#paused.has(group.name)) this.#turns.set(group);
      return;
    }
    this.#turns.delete(group);
    this.#groups.delete(group.name);
    this.#resting.set(group.name, group.round);
    if (this.#resting.size < this.#sweepAt) return;
    for (const [name, round] of this.#resting) if (round <= this.#round) this.#resting.delete(name);
    this.#sweepAt = Math.max(1024, 2 * this.#resting.size);
  }
}

function comesBefore<T extends Waiting>(a: Group<T>, b: Group<T>): boolean {
  if (a.round !== b.round) return a.round < b.round;
  const [first, second] = [a.items.peek(), b.items.peek()];
  return first !== undefined && (second === undefined || newestFirst(first, second));
}
