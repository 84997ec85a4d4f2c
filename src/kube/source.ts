import type { KubeClient } from './client.ts';
import type { WatchEvent } from './watch-event.ts';
import { listPage, type ListPage } from './list.ts';

/** A resource that can be listed in pages and watched. */
export interface Source {
  list(page: { limit: number; continueToken: string }, signal: AbortSignal): Promise<ListPage>;
  watch(
    from: { resourceVersion: string; timeoutSeconds: number },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent>;
}

export interface SourceOptions {
  /** CSRs: `metadata.name` and `spec.signerName` (SEMANTICS.md §3.2). */
  readonly fieldSelector?: string;
  /** A page of a long list takes a loaded server longer than other requests. */
  readonly listTimeoutMs?: number;
}

/**
 * No resourceVersion on lists: the answer is not older than anything that a watch has shown before. With `0` it could be,
 * and a copy would go back in time.
 */
export function resourceSource(client: KubeClient, path: string, options: SourceOptions = {}): Source {
  const { fieldSelector, listTimeoutMs = 60_000 } = options;
  return {
    list: ({ limit, continueToken }, signal) =>
      listPage(client, path, {
        query: { fieldSelector, limit, continue: continueToken },
        timeoutMs: listTimeoutMs,
        signal,
      }),
    watch: ({ resourceVersion, timeoutSeconds }, signal) =>
      client.watch(path, {
        query: { fieldSelector, resourceVersion, timeoutSeconds, allowWatchBookmarks: 'true' },
        signal,
      }),
  };
}
