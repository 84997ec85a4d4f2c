import { backoffDelay, type Backoff } from './backoff.ts';
import { systemClock, type Clock } from './clock.ts';
import { Crowd } from './crowd.ts';
import { FairOrder, type Waiting } from './fair-order.ts';
import { Heap } from './heap.ts';
import { Shares } from './shares.ts';

/** What a worker says of a key when it is through with it. */
export type Outcome =
  /** Nothing is left to do. */
  | { readonly kind: 'done' }
  /** Not decided yet, and no fault of anybody: look again then. */
  | { readonly kind: 'again'; readonly afterMs: number }
  /**
   * It failed: exponential backoff, and not before `atLeastMs` (Retry-After). Where others had to wait for it meanwhile it
   * was costly: its whole group waits, exponentially longer each time.
   */
  | { readonly kind: 'failed'; readonly atLeastMs?: number; readonly costly?: boolean };

export interface QueueOptions {
  readonly process: (key: string, signal: AbortSignal) => Promise<Outcome>;
  /** Keys worked on at once. */
  readonly concurrency?: number;
  /** Keys of one group worked on at once. */
  readonly atOnce?: (group: string) => number;
  /** Keys waiting, ready or not; above it the oldest of the biggest group is dropped. */
  readonly capacity?: number;
  readonly backoff?: Backoff;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly observer?: QueueObserver;
}

export interface QueueObserver {
  /** Dropped for want of room. The owner adds it again when `roomAgain` is called. */
  dropped?(key: string): void;
  /** After drops: less than half of the capacity is used. */
  roomAgain?(): void;
  /** `process` threw. It counts as failed. */
  threw?(key: string, error: unknown): void;
  /** It failed, and is tried again later. */
  retried?(key: string): void;
  /** Time that a key was ready before a worker took it. */
  waited?(ms: number): void;
}

export interface Addition {
  /** Whose key it is: groups take turns. */
  readonly group: string;
  /** Newest (largest) first within a group, and among groups whose turn it is. */
  readonly priority: number;
}

interface Item extends Waiting {
  readonly key: string;
  group: string;
  priority: number;
  state: 'ready' | 'delayed' | 'working';
  readySince: number;
  dueAt: number;
  /** Retry-After: no addition makes it ready earlier. */
  notBefore: number;
  failures: number;
  /** While it is worked on: when it was asked to be worked on again. */
  againAt: number | undefined;
  forgotten: boolean;
}

/** After the signal was aborted: how long workers get to notice. */
const GRACE_MS = 1_000;

/**
 * Work queue: each key once, newest first, groups in turn, backoff per key, bounded. A key is never worked on by two
 * workers; one that is added meanwhile is worked on again afterwards.
 */
export class WorkQueue {
  readonly #process: QueueOptions['process'];
  readonly #concurrency: number;
  readonly #capacity: number;
  readonly #backoff: Backoff;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #observer: QueueObserver;
  readonly #items = new Map<string, Item>();
  readonly #order = new FairOrder<Item>();
  readonly #shares: Shares;
  readonly #delayed = new Heap<Item>((a, b) => a.dueAt < b.dueAt);
  readonly #waiting = new Crowd<Item>();
  readonly #idle = new Set<() => void>();
  #started = false;
  /** When a worker last took or finished anything, or had something to take after nothing. */
  #movedAt = 0;
  #working = 0;
  #sequence = 0;
  #abort = new AbortController();
  #alarm: { at: number; cancel: () => void } | undefined;
  #pumping = false;
  #lacksSome = false;

  constructor(options: QueueOptions) {
    this.#process = options.process;
    this.#concurrency = options.concurrency ?? 16;
    this.#capacity = options.capacity ?? 20_000;
    this.#backoff = options.backoff ?? { baseMs: 500, maxMs: 300_000 };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#observer = options.observer ?? {};
    this.#shares = new Shares({
      order: this.#order,
      atOnce: options.atOnce ?? (() => Infinity),
      delayMs: (costs) => backoffDelay(costs, this.#backoff, this.#random),
      clock: this.#clock,
      freed: () => this.#schedulePump(),
    });
  }

  /** Ready now, whatever it was waiting for, but for a Retry-After. */
  add(key: string, addition: Addition): void {
    this.addAfter(key, addition, 0);
  }

  /** Ready in `ms`, or earlier if it is to be already. */
  addAfter(key: string, { group, priority }: Addition, ms: number): void {
    const dueAt = this.#clock.now() + Math.max(0, ms);
    const known = this.#items.get(key);
    if (known?.state === 'working') {
      Object.assign(known, { group, priority, forgotten: false });
      known.againAt = Math.min(known.againAt ?? Infinity, dueAt);
      return;
    }
    if (known === undefined) {
      this.#sequence += 1;
      const item: Item = {
        key,
        group,
        priority,
        sequence: this.#sequence,
        state: 'delayed',
        readySince: 0,
        dueAt,
        notBefore: 0,
        failures: 0,
        againAt: undefined,
        forgotten: false,
      };
      this.#items.set(key, item);
      this.#wait(item, dueAt);
      return;
    }
    const at = known.state === 'ready' ? known.dueAt : Math.min(known.dueAt, dueAt);
    if (at === known.dueAt && known.group === group && known.priority === priority) return;
    this.#unwait(known);
    Object.assign(known, { group, priority });
    this.#wait(known, at);
  }

  /** No longer of interest. One that is being worked on is finished, but not repeated. */
  forget(key: string): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    if (item.state === 'working') {
      item.forgotten = true;
      item.againAt = undefined;
      return;
    }
    this.#unwait(item);
    this.#items.delete(key);
    this.#schedulePump();
  }

  /** What made keys costly is gone: no group waits for it any longer. */
  forgive(): void {
    this.#shares.forgive();
    this.#schedulePump();
  }

  /** Begins to work, or goes on after `drain`. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#movedAt = this.#clock.now();
    this.#abort = new AbortController();
    this.#setAlarm();
    this.#schedulePump();
  }

  /**
   * Takes no further keys and waits for those being worked on; after `deadlineMs` their signal is aborted. What waits
   * stays, and `start` goes on with it.
   * @returns whether all finished in time
   */
  async drain(deadlineMs: number): Promise<boolean> {
    this.#started = false;
    // Left set, they would keep the process alive until the last key's time.
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#shares.release();
    if (this.#working === 0) return true;
    const abort = this.#abort;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        cancelAbort();
        cancelWait();
        this.#idle.delete(finish);
        resolve();
      };
      const cancelAbort = this.#clock.after(deadlineMs, () => abort.abort());
      const cancelWait = this.#clock.after(deadlineMs + GRACE_MS, finish);
      this.#idle.add(finish);
    });
    return !abort.signal.aborted;
  }

  /** Keys that could be worked on now. */
  get ready(): number {
    return this.#order.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  get working(): number {
    return this.#working;
  }

  /** How long the longest-waiting ready key has been ready. Linear: for metrics. */
  oldestAgeMs(): number {
    let since = Infinity;
    for (const item of this.#order) since = Math.min(since, item.readySince);
    return since === Infinity ? 0 : this.#clock.now() - since;
  }

  /** How long nothing was taken or finished, while there was something to do; 0 where nothing is to be done. */
  stillMs(): number {
    if (!this.#started || (this.#order.size === 0 && this.#working === 0)) return 0;
    return this.#clock.now() - this.#movedAt;
  }

  #wait(item: Item, at: number): void {
    item.dueAt = Math.max(at, item.notBefore);
    this.#waiting.add(item);
    if (item.dueAt <= this.#clock.now()) {
      this.#makeReady(item);
    } else {
      item.state = 'delayed';
      this.#delayed.set(item);
      this.#setAlarm();
    }
    if (this.#waiting.size > this.#capacity) this.#drop(this.#waiting.expendable());
  }

  #unwait(item: Item): void {
    this.#waiting.delete(item);
    this.#order.delete(item);
    this.#delayed.delete(item);
  }

  #makeReady(item: Item): void {
    item.state = 'ready';
    item.readySince = this.#clock.now();
    if (this.#order.size === 0 && this.#working === 0) this.#movedAt = item.readySince;
    this.#order.add(item);
    this.#schedulePump();
  }

  #drop(item: Item | undefined): void {
    if (item === undefined) return;
    this.#unwait(item);
    this.#items.delete(item.key);
    this.#lacksSome = true;
    this.#observer.dropped?.(item.key);
  }

  /** One timer, for the earliest. */
  #setAlarm(): void {
    if (!this.#started) return;
    const first = this.#delayed.peek();
    if (first === undefined || (this.#alarm !== undefined && this.#alarm.at <= first.dueAt)) return;
    this.#alarm?.cancel();
    const cancel = this.#clock.after(first.dueAt - this.#clock.now(), () => {
      this.#alarm = undefined;
      const now = this.#clock.now();
      for (
        let due = this.#delayed.peek();
        due !== undefined && due.dueAt <= now;
        due = this.#delayed.peek()
      ) {
        this.#delayed.delete(due);
        this.#makeReady(due);
      }
      this.#setAlarm();
    });
    this.#alarm = { at: first.dueAt, cancel };
  }

  /** In a microtask: what is added in one go is ordered before the first of it is taken. */
  #schedulePump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#started && this.#working < this.#concurrency) {
      const item = this.#order.pop();
      if (item === undefined) break;
      this.#waiting.delete(item);
      item.state = 'working';
      this.#movedAt = this.#clock.now();
      this.#working += 1;
      this.#observer.waited?.(this.#clock.now() - item.readySince);
      void this.#work(item);
    }
    if (this.#lacksSome && this.#waiting.size < this.#capacity / 2) {
      this.#lacksSome = false;
      this.#observer.roomAgain?.();
    }
  }

  async #work(item: Item): Promise<void> {
    // Another one's, by the same name, may take its place meanwhile.
    const { group } = item;
    let outcome: Outcome;
    this.#shares.begin(group);
    try {
      outcome = await this.#process(item.key, this.#abort.signal);
    } catch (error) {
      outcome = { kind: 'failed' };
      this.#observer.threw?.(item.key, error);
    }
    this.#working -= 1;
    this.#movedAt = this.#clock.now();
    const costly = outcome.kind === 'failed' && outcome.costly === true;
    this.#shares.end(group, costly && this.#started);
    this.#settle(item, outcome);
    if (this.#working === 0) for (const finish of this.#idle) finish();
    this.#schedulePump();
  }

  #settle(item: Item, outcome: Outcome): void {
    const { againAt } = item;
    const now = this.#clock.now();
    item.againAt = undefined;
    item.failures = outcome.kind === 'failed' ? item.failures + 1 : 0;
    item.notBefore = outcome.kind === 'failed' ? now + (outcome.atLeastMs ?? 0) : 0;
    if (item.forgotten || (outcome.kind === 'done' && againAt === undefined)) {
      this.#items.delete(item.key);
      return;
    }
    if (outcome.kind === 'failed') this.#observer.retried?.(item.key);
    this.#wait(item, Math.min(againAt ?? Infinity, now + this.#delayAfter(item, outcome)));
  }

  #delayAfter(item: Item, outcome: Outcome): number {
    switch (outcome.kind) {
      case 'done':
        return Infinity;
      case 'again':
        return Math.max(0, outcome.afterMs);
      case 'failed':
        break;
    }
    return backoffDelay(item.failures, this.#backoff, this.#random);
  }
}
