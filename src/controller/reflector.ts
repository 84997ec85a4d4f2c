import { isExpired, isTooLarge, KubeError } from '../kube/errors.ts';
import type { ListPage } from '../kube/list.ts';
import { asObject, bookmarkVersion, type KubeObject } from '../kube/objects.ts';
import { compareResourceVersions } from '../kube/resource-version.ts';
import type { Source } from '../kube/source.ts';
import { backoffDelay, type Backoff } from './backoff.ts';
import { sleep, systemClock, type Clock } from './clock.ts';

/** Called in the order of events. An exception is reported and does not stop anything. */
export interface ReflectorHandler<T> {
  /** New or changed. `before` is what was held until now. */
  onUpsert?(item: T, before: T | undefined): void;
  /** Gone, or no longer wanted by `project`. */
  onDelete?(item: T): void;
  /** A list is complete: all of its changes have been told. */
  onListed?(): void;
}

/**
 * How a watch ended: `timeout` in good order, the others lead to a new list. `silent` may also mean that nothing
 * happened: the API server sends no bookmarks then, unless etcd reports progress to it.
 */
type WatchEnd = 'timeout' | 'early' | 'expired' | 'silent' | 'rotated' | 'error';

export interface ReflectorObserver {
  listed?(items: number, ms: number): void;
  watchEnded?(how: WatchEnd): void;
  /** What nobody can expect; so not the ends of watches that have a name of their own. */
  error?(error: unknown, during: 'list' | 'watch' | 'project' | 'handler'): void;
}

export interface ReflectorOptions<T> {
  readonly source: Source;
  /** What is kept of an object; undefined when it is of no interest. An exception means undefined. */
  readonly project: (object: KubeObject) => T | undefined;
  readonly handler?: ReflectorHandler<T>;
  readonly observer?: ReflectorObserver;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly backoff?: Backoff;
  readonly pageSize?: number;
  readonly watchSeconds?: readonly [number, number];
}

interface Held<T> {
  readonly resourceVersion: string;
  readonly item: T;
}

/** A watch that lived so long was healthy: the next failure starts backing off from the beginning. */
const HEALTHY_MS = 5_000;

/**
 * Keeps a copy of a resource, reduced by `project`, and tells what changes: list, watch from there, list again whenever
 * the watch ends otherwise than in good order. Runs until stopped; no error ends it.
 */
export class Reflector<T> {
  readonly #source: Source;
  readonly #project: (object: KubeObject) => T | undefined;
  readonly #handler: ReflectorHandler<T>;
  readonly #observer: ReflectorObserver;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #pageSize: number;
  readonly #watchSeconds: readonly [number, number];
  readonly #stopping = new AbortController();
  readonly #held = new Map<string, Held<T>>();
  readonly #synced: Promise<void>;
  #resolveSynced: () => void = () => undefined;
  #hasSynced = false;
  #resourceVersion = '';
  #progressAt: number | undefined;
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
    this.#pageSize = options.pageSize ?? 500;
    this.#watchSeconds = options.watchSeconds ?? [300, 600];
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
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let retryAfterMs = 0;
      let during: 'list' | 'watch' = 'list';
      try {
        // oxlint-disable-next-line no-await-in-loop -- a control loop
        await this.#list(signal);
        during = 'watch';
        // oxlint-disable-next-line no-await-in-loop
        await this.#watchWhileHealthy(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (during === 'list' || howEnded(error) === 'error') {
          this.#report(() => this.#observer.error?.(error, during));
        }
        if (error instanceof KubeError) retryAfterMs = (error.retryAfterSeconds ?? 0) * 1000;
      }
      this.#failures += 1;
      const delay = backoffDelay(this.#failures, this.#backoff, this.#random);
      // oxlint-disable-next-line no-await-in-loop
      await sleep(this.#clock, Math.max(delay, retryAfterMs), signal);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.now();
    const seen = new Set<string>();
    let resourceVersion: string | undefined;
    let continueToken = '';
    let limit = this.#pageSize;
    do {
      let page: ListPage;
      try {
        // oxlint-disable-next-line no-await-in-loop -- each page names the next
        page = await this.#source.list({ limit, continueToken }, signal);
      } catch (error) {
        // 500 requests of 1.5 MiB each, which any node may create, must not keep us from the rest.
        if (!isTooLarge(error) || limit <= 1) throw error;
        limit = Math.ceil(limit / 4);
        continue;
      }
      resourceVersion ??= page.resourceVersion;
      for (const raw of page.items) {
        const object = this.#read(raw);
        if (object === undefined) continue;
        seen.add(keyOf(object));
        this.#upsert(object);
      }
      continueToken = page.continueToken;
      if (continueToken === '') break;
    } while (!signal.aborted);
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
        if (!signal.aborted) this.#report(() => this.#observer.watchEnded?.(howEnded(error)));
        throw error;
      } finally {
        lived = this.#clock.now() - startedAt;
        if (lived >= HEALTHY_MS) this.#failures = 0;
      }
      if (signal.aborted) return;
      // A server under load ends watches early, and events may be gone with them (TRAPS.md): list again.
      const early = lived < timeoutSeconds * 1000 - 1_000;
      this.#report(() => this.#observer.watchEnded?.(early ? 'early' : 'timeout'));
      if (early) return;
    }
  }

  async #watchOnce(timeoutSeconds: number, signal: AbortSignal): Promise<void> {
    const from = { resourceVersion: this.#resourceVersion, timeoutSeconds };
    for await (const { type, object: raw } of this.#source.watch(from, signal)) {
      if (signal.aborted) return;
      if (type === 'BOOKMARK') {
        this.#resourceVersion = bookmarkVersion(raw);
      } else {
        const object = this.#read(raw);
        if (object === undefined) continue;
        if (type === 'DELETED') this.#delete(keyOf(object));
        else this.#upsert(object);
        this.#resourceVersion = object.metadata.resourceVersion;
      }
      this.#progressAt = this.#clock.now();
    }
  }

  #upsert(object: KubeObject): void {
    const key = keyOf(object);
    const { resourceVersion } = object.metadata;
    const before = this.#held.get(key);
    // A list repeats what is known.
    if (before !== undefined && before.resourceVersion === resourceVersion && resourceVersion !== '') return;
    let item: T | undefined;
    try {
      item = this.#project(object);
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

function howEnded(error: unknown): WatchEnd {
  if (isExpired(error)) return 'expired';
  const reason = error instanceof KubeError ? error.reason : undefined;
  if (reason === 'WatchSilent') return 'silent';
  return reason === 'CredentialsRotated' ? 'rotated' : 'error';
}
