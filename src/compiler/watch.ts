import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A save is several events: a new file, its content, a rename, the removal of the old one. */
const quietMs = 50;
/** Looked at anyway: a folder that was replaced, a file system that tells of nothing, no watches left. */
const tickMs = 2000;
/** Each takes an inotify watch, of which a user has some thousands. */
const maxFolders = 1000;

/**
 * Says that something may have changed below these files and folders: at once, and then whenever it may have. Whoever
 * asks compares; being told too often costs a look.
 */
export async function* changes(paths: readonly string[], signal: AbortSignal): AsyncGenerator<void> {
  let isDirty = true;
  let wake: (() => void) | undefined;
  const changed = (): void => {
    isDirty = true;
    wake?.();
  };
  let watchers: FSWatcher[] = [];
  try {
    while (!signal.aborted) {
      // The new ones first, so that nothing falls between.
      const before = watchers;
      watchers = [...new Set(paths.flatMap(foldersOf))].flatMap((path) => watchFolder(path, changed));
      for (const watcher of before) watcher.close();
      if (isDirty) {
        // oxlint-disable-next-line no-await-in-loop -- for as long as it runs
        await settled(
          () => isDirty,
          () => (isDirty = false),
          signal,
        );
        if (signal.aborted) return;
        yield;
        continue;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const tick = setTimeout(changed, tickMs);
      signal.addEventListener('abort', changed, { once: true });
      // oxlint-disable-next-line no-await-in-loop
      await promise;
      clearTimeout(tick);
      signal.removeEventListener('abort', changed);
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

/** Waits for a while without events. */
async function settled(isDirty: () => boolean, clear: () => void, signal: AbortSignal): Promise<void> {
  while (isDirty() && !signal.aborted) {
    clear();
    // oxlint-disable-next-line no-await-in-loop
    await sleep(quietMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Folders one by one: node's own recursive watch follows the files that were there, and editors put others in their place.
 * None where a folder cannot be watched: the tick remains.
 */
function watchFolder(path: string, changed: () => void): FSWatcher[] {
  try {
    const watcher = watch(path, changed);
    return [watcher.on('error', () => watcher.close())];
  } catch {
    return [];
  }
}

/** A folder and all below it; of a file the folder that it is in. */
function foldersOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [dirname(path)];
    const below = readdirSync(path, { recursive: true, withFileTypes: true });
    const folders = below.filter((entry) => entry.isDirectory());
    return [path, ...folders.map((entry) => join(entry.parentPath, entry.name))].slice(0, maxFolders);
  } catch {
    return [];
  }
}
