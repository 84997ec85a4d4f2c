import type { KubeClient, RequestOptions } from '../../kube/client.ts';
import { isNotFound, isStatus } from '../../kube/errors.ts';
import { explain } from '../../kube/explain.ts';
import { recordOf, type JsonRecord } from '../../kube/json.ts';
import { listPages } from '../../kube/list.ts';
import type { Seen } from '../seen.ts';

/** A page of a long list takes a loaded server longer than other requests. */
const listTimeoutMs = 60_000;

/** Reads a cluster, and only reads. What cannot be had is no error here: it is not seen, with the reason. */
export class Looker {
  readonly client: KubeClient;
  readonly #signal: AbortSignal;

  constructor(client: KubeClient, signal: AbortSignal) {
    this.client = client;
    this.#signal = signal;
  }

  get options(): Pick<RequestOptions, 'signal'> {
    return { signal: this.#signal };
  }

  /** @param permission what it takes, in words of RBAC */
  async look<T>(permission: string, ask: () => Promise<T>): Promise<Seen<T>> {
    try {
      return { value: await ask() };
    } catch (cause) {
      this.#signal.throwIfAborted();
      return { unseen: { why: explain(cause), permission: isStatus(cause, 403) ? permission : '' } };
    }
  }

  /** An object; undefined when there is none. */
  object<T>(permission: string, path: string, read: (object: JsonRecord) => T): Promise<Seen<T | undefined>> {
    return this.look(permission, async () => {
      try {
        return read(await this.client.get(path, this.options));
      } catch (cause) {
        if (isNotFound(cause)) return undefined;
        throw cause;
      }
    });
  }

  /** Every item of a list, page by page: of each only what `read` makes of it is kept. */
  list<T>(
    permission: string,
    path: string,
    read: (item: JsonRecord) => T | undefined,
    query: RequestOptions['query'] = {},
  ): Promise<Seen<T[]>> {
    return this.look(permission, async () => {
      const kept: T[] = [];
      for await (const page of listPages(this.client, path, {
        ...this.options,
        timeoutMs: listTimeoutMs,
        query,
      })) {
        for (const item of page) {
          const one = read(recordOf(item));
          if (one !== undefined) kept.push(one);
        }
      }
      return kept;
    });
  }
}
