/**
 * One build of a tool at a time, across processes. The lock is a file that names its owner and is touched while
 * held. It only saves work: builds are put in place by a rename, so even two at once would not corrupt the cache.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayBeAlive, self, type Owner } from './owner.ts';

const touchMs = 10_000;
/** A holder touches its lock far more often: past this it is gone, or its machine sleeps. */
const abandonedMs = 120_000;
const pollMs = 200;

export type LockOptions = {
  /** Called while another process holds the lock. */
  readonly waiting: (owner: Owner) => void;
  readonly signal?: AbortSignal | undefined;
};

/** Waits for the lock, runs the action, releases the lock. */
export async function withLock<T>(file: string, options: LockOptions, action: () => Promise<T>): Promise<T> {
  while (!create(file)) {
    options.signal?.throwIfAborted();
    const owner = liveOwner(file);
    if (owner === undefined) {
      removeStale(file);
      continue;
    }
    options.waiting(owner);
    await sleep(pollMs);
  }
  const timer = setInterval(() => touch(file), touchMs).unref();
  try {
    return await action();
  } finally {
    clearInterval(timer);
    if (isOurs(file)) rmSync(file, { force: true });
  }
}

/** The lock's owner, or undefined when there is none any more. */
export function liveOwner(file: string): Owner | undefined {
  try {
    const owner = parseOwner(readFileSync(file, 'utf8'));
    const age = Date.now() - statSync(file).mtimeMs;
    return owner !== undefined && age < abandonedMs && mayBeAlive(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** A hard link appears with its content and fails when the name is taken: no one ever reads half a lock. */
function create(file: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(self));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Looks again under a guard: between two who saw the same stale lock, one could remove the other's new one. */
function removeStale(file: string): void {
  const guard = `${file}.guard`;
  if (!create(guard)) {
    if (liveOwner(guard) === undefined) rmSync(guard, { force: true });
    return;
  }
  if (liveOwner(file) === undefined) rmSync(file, { force: true });
  rmSync(guard, { force: true });
}

function touch(file: string): void {
  try {
    const now = new Date();
    if (isOurs(file)) utimesSync(file, now, now);
  } catch {
    // Removed by hand: the build goes on, the rename is what counts.
  }
}

function isOurs(file: string): boolean {
  try {
    const owner = parseOwner(readFileSync(file, 'utf8'));
    return owner?.pid === self.pid && owner.started === self.started && owner.host === self.host;
  } catch {
    return false;
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, started, host } = value as Partial<Record<keyof Owner, unknown>>;
    if (typeof pid !== 'number' || typeof started !== 'string' || typeof host !== 'string') return undefined;
    return { pid, started, host };
  } catch {
    return undefined;
  }
}
