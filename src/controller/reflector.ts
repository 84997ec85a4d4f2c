import { asObject, bookmarkVersion, type KubeObject } from '../kube/objects.ts';
import { compareResourceVersions } from '../kube/resource-version.ts';
import type { Source } from '../kube/source.ts';
import { pauseAfter, type Backoff } from './backoff.ts';
import { sleep, systemClock, type Clock } from './clock.ts';
import { pagesOf } from './pages.ts';
import { howEnded, type WatchEnd } from './watch-end.ts';

/** Called in the order of events. An exception is reported and does not stop anything. */
export interface ReflectorHandler<T> {
  /** New or changed. `before` is what was held until now. */
  onUpsert?(item: T, before: T | undefined): void;
  /** Gone, or no longer wanted by `project`. */
  onDelete?(item: T): void;
  /** A list is complete: all of its changes have been told. */
  onListed?(): void;
}

export interface ReflectorObserver {
  listed?(items: number, ms: number): void;
  watchEnded?(how: WatchEnd): void;
  /** What nobody can expect; so not the ends of watches that have a name of their own. */
  error?(error: unknown, during: 'list' | 'watch' | 'project' | 'handler'): void;
}

export interface ReflectorOptions<T> {
  readonly source: Source;
  /**
   * What is kept of an object; undefined when it is of no interest. An exception means undefined. An object that is held
   * is not projected again while it has the same version.
   */
  readonly project: (object: KubeObject, from: 'list' | 'watch') => T | undefined;
  readonly handler?: ReflectorHandler<T>;
  readonly observer?: ReflectorObserver;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly backoff?: Backoff;
  readonly pageSize?: number;
  readonly watchSeconds?: readonly [number, number];
  /**
   * Lists anew after every watch, also after one that ended in good order: whatever a watch has not shown, because
   * somebody in between swallowed it, is found within the longest watch. For what is cheap to list.
   */
  readonly listAfterWatch?: boolean;
}

interface Held<T> {
  readonly resourceVersion: string;
  readonly item: T;
}

/**
 * A page of 100 Nodes is 2 to 3 MB of JSON. Of 500 it is five times that, several times over while it is read, and a list
 * of 15,000 Nodes takes the same time (test/bench/scale.bench.ts).
 */
const defaultPageSize = 100;

/** A watch that lived so long was healthy: the next failure starts backing off from the beginning. */
const HEALTHY_MS = 5_000;

/**
 * Keeps a copy of a resource, reduced by `project`, and tells what changes: list, watch from there, list again whenever
 * the watch ends otherwise than in good order. Runs until stopped; no error ends it.
 */
export class Reflector<T> {
  readonly #source: Source;
  readonly #project: ReflectorOptions<T>['project'];
  readonly #handler: ReflectorHandler<T>;
  readonly #observer: ReflectorObserver;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #pageSize: number;
  readonly #watchSeconds: readonly [number, number];
  readonly #listAfterWatch: boolean;
  readonly #stopping = new AbortController();
  /** Of the list and watch that are under way. */
  #round = new AbortController();
  #isListing = false;
  /** Asked for while the last one was under way. */
  #isListDue = false;
  readonly #held = new Map<string, Held<T>>();
  readonly #synced: Promise<void>;
  #resolveSynced: () => void = () => undefined;
  #hasSynced = false;
  #resourceVersion = '';
  #progressAt: number | undefined;
  /** Until then nothing is expected of the loop. */
  #activeAt: number | undefined;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#source = options.source;
    this.#project = options.project;
    this.#handler = options.handler ?? {};
    this.#observer = options.observer ?? {};
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#backoff = options.backoff ?? { baseMs: 200, maxMs: 10_000 };
    this.#pageSize = options.pageSize ?? defaultPageSize;
    this.#watchSeconds = options.watchSeconds ?? [300, 600];
    this.#listAfterWatch = options.listAfterWatch ?? false;
    this.#synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the last callback has been made. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** A list has been completed once; since then the copy is complete, though it may lag. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves after the first complete list. */
  whenSynced(): Promise<void> {
    return this.#synced;
  }

  /** Milliseconds since the server last told us something: list, event, bookmark. Infinity before the first. */
  progressAgeMs(): number {
    return this.#progressAt === undefined ? Infinity : this.#clock.now() - this.#progressAt;
  }

  /** Milliseconds since the loop last heard something or tried anything; 0 before it begins, and while it pauses. */
  idleMs(): number {
    return Math.max(0, this.#clock.now() - (this.#activeAt ?? Infinity));
  }

  /**
   * Lists anew, since what `project` takes has changed: ends the watch for it. A list that is under way comes to its end
   * first: a long one never would if it was begun again each time.
   */
  relist(): void {
    if (this.#isListing) this.#isListDue = true;
    else this.#round.abort();
  }

  get latestResourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Whether the copy is at least as new as an object of this resource that was read elsewhere. Unsure is no. */
  hasSeen(resourceVersion: string): boolean {
    const order = compareResourceVersions(this.#resourceVersion, resourceVersion);
    return this.#hasSynced && (order === 0 || order === 1);
  }

  get size(): number {
    return this.#held.size;
  }

  /** Holds one object no longer. Its next change, or the next list, tells of it as of a new one. */
  drop(key: string): void {
    this.#delete(key);
  }

  get(key: string): T | undefined {
    return this.#held.get(key)?.item;
  }

  *items(): IterableIterator<T> {
    for (const { item } of this.#held.values()) yield item;
  }

  async #run(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      let failure: unknown;
      let during: 'list' | 'watch' = 'list';
      this.#round = new AbortController();
      const signal = AbortSignal.any([stopping, this.#round.signal]);
      this.#touch();
      try {
        // oxlint-disable-next-line no-await-in-loop -- a control loop
        await this.#listOnce(signal);
        if (this.#isListDue) continue;
        during = 'watch';
        // oxlint-disable-next-line no-await-in-loop
        await this.#watchWhileHealthy(signal);
      } catch (error) {
        if (stopping.aborted) break;
        if (signal.aborted) continue;
        if (during === 'list' || howEnded(error) === 'error') {
          this.#report(() => this.#observer.error?.(error, during));
        }
        failure = error;
      }
      if (signal.aborted) continue;
      this.#failures += 1;
      const pause = pauseAfter(failure, this.#failures, this.#backoff, this.#random);
      this.#touch(pause);
      // oxlint-disable-next-line no-await-in-loop
      await sleep(this.#clock, pause, signal);
    }
  }

  /** @param forMs so long it will be quiet, in good order */
  #touch(forMs = 0): void {
    this.#activeAt = this.#clock.now() + forMs;
  }

  async #listOnce(signal: AbortSignal): Promise<void> {
    this.#isListing = true;
    this.#isListDue = false;
    try {
      await this.#list(signal);
    } finally {
      this.#isListing = false;
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.now();
    const seen = new Set<string>();
    let resourceVersion: string | undefined;
    const options = {
      pageSize: this.#pageSize,
      backoff: this.#backoff,
      clock: this.#clock,
      random: this.#random,
      failed: (error: unknown, pauseMs: number) => {
        this.#touch(pauseMs);
        this.#report(() => this.#observer.error?.(error, 'list'));
      },
    };
    for await (const page of pagesOf(this.#source, options, signal)) {
      this.#touch();
      resourceVersion ??= page.resourceVersion;
      for (const raw of page.items) {
        const object = this.#read(raw);
        if (object === undefined) continue;
        seen.add(keyOf(object));
        this.#upsert(object, 'list');
      }
    }
    signal.throwIfAborted();
    for (const key of this.#held.keys()) if (!seen.has(key)) this.#delete(key);
    // Only now: a copy of half a list is no newer than the one before.
    this.#progressAt = this.#clock.now();
    this.#resourceVersion = resourceVersion ?? '';
    this.#hasSynced = true;
    this.#report(() => this.#observer.listed?.(seen.size, this.#clock.now() - startedAt));
    this.#tell(() => this.#handler.onListed?.());
    this.#resolveSynced();
  }

  /** Watches again and again from where the last one ended in good order. Returns or throws when a list is needed. */
  async #watchWhileHealthy(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [least, most] = this.#watchSeconds;
      const timeoutSeconds = Math.round(least + (most - least) * this.#random());
      const startedAt = this.#clock.now();
      let lived = 0;
      try {
        // oxlint-disable-next-line no-await-in-loop -- a control loop
        await this.#watchOnce(timeoutSeconds, signal);
      } catch (error) {
        if (!this.#stopping.signal.aborted) {
          const how = signal.aborted ? 'asked' : howEnded(error);
          this.#report(() => this.#observer.watchEnded?.(how));
        }
        throw error;
      } finally {
        lived = this.#clock.now() - startedAt;
        if (lived >= HEALTHY_MS) this.#failures = 0;
      }
      if (signal.aborted) return;
      // A server under load ends watches early, and events may be gone with them (TRAPS.md): list again.
      const early = lived < timeoutSeconds * 1000 - 1_000;
      this.#report(() => this.#observer.watchEnded?.(early ? 'early' : 'timeout'));
      if (early || this.#listAfterWatch) return;
    }
  }

  async #watchOnce(timeoutSeconds: number, signal: AbortSignal): Promise<void> {
    this.#touch();
    const from = { resourceVersion: this.#resourceVersion, timeoutSeconds };
    for await (const { type, object: raw } of this.#source.watch(from, signal)) {
      if (signal.aborted) return;
      if (type === 'BOOKMARK') {
        this.#resourceVersion = bookmarkVersion(raw);
      } else {
        const object = this.#read(raw);
        if (object === undefined) continue;
        if (type === 'DELETED') this.#delete(keyOf(object));
        else this.#upsert(object, 'watch');
        this.#resourceVersion = object.metadata.resourceVersion;
      }
      this.#progressAt = this.#clock.now();
      this.#touch();
    }
  }

  #upsert(object: KubeObject, from: 'list' | 'watch'): void {
    const key = keyOf(object);
    const { resourceVersion } = object.metadata;
    const before = this.#held.get(key);
    // A list repeats what is known.
    if (before !== undefined && before.resourceVersion === resourceVersion && resourceVersion !== '') return;
    let item: T | undefined;
    try {
      item = this.#project(object, from);
    } catch (error) {
      this.#report(() => this.#observer.error?.(error, 'project'));
    }
    if (item === undefined) {
      this.#delete(key);
      return;
    }
    const kept = item;
    this.#held.set(key, { resourceVersion, item });
    this.#tell(() => this.#handler.onUpsert?.(kept, before?.item));
  }

  #delete(key: string): void {
    const before = this.#held.get(key);
    if (before === undefined) return;
    this.#held.delete(key);
    this.#tell(() => this.#handler.onDelete?.(before.item));
  }

  #read(raw: unknown): KubeObject | undefined {
    try {
      return asObject(raw);
    } catch (error) {
      this.#report(() => this.#observer.error?.(error, 'project'));
      return undefined;
    }
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#report(() => this.#observer.error?.(error, 'handler'));
    }
  }

  #report(call: () => void): void {
    try {
      call();
    } catch {
      // An observer that fails has nobody left to tell.
    }
  }
}

function keyOf({ metadata }: KubeObject): string {
  const { namespace, name } = metadata;
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}/${name}` : name;
}
