import type { KubeClient, RequestOptions } from './client.ts';
import { isTooLarge, KubeError } from './errors.ts';
import { isRecord, textOf } from './json.ts';

export interface ListPage {
  /** Items carry no apiVersion and kind in a list. */
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continueToken: string;
}

export async function listPage(
  client: KubeClient,
  path: string,
  options?: RequestOptions,
): Promise<ListPage> {
  const { items, metadata } = await client.get(path, options);
  // Go writes an empty list as null in some old types.
  if (isRecord(metadata) && (Array.isArray(items) || items === null)) {
    return {
      items: items ?? [],
      resourceVersion: textOf(metadata['resourceVersion']),
      continueToken: textOf(metadata['continue']),
    };
  }
  throw new KubeError({
    kind: 'protocol',
    reason: 'NotAList',
    message: `the answer to ${path} is not a list`,
  });
}

const MAX_PAGES = 1000;

/**
 * The pages of a list, one after the other, so that nobody has to hold all of it. A page that is larger than we read is
 * asked for in parts.
 */
export async function* listPages(
  client: KubeClient,
  path: string,
  options?: RequestOptions,
): AsyncGenerator<readonly unknown[], void, undefined> {
  let continueToken = '';
  let limit = 500;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = { ...options?.query, limit, continue: continueToken };
    let next: ListPage;
    try {
      // oxlint-disable-next-line no-await-in-loop -- each page names the next
      next = await listPage(client, path, { ...options, query });
    } catch (error) {
      if (!isTooLarge(error) || limit <= 1) throw error;
      limit = Math.ceil(limit / 4);
      continue;
    }
    yield next.items;
    continueToken = next.continueToken;
    if (continueToken === '') return;
  }
  throw new KubeError({
    kind: 'protocol',
    reason: 'EndlessList',
    message: `the list of ${path} does not end`,
  });
}

/** Every item of a short list. For long or lasting ones there is the reflector. */
export async function listAll(
  client: KubeClient,
  path: string,
  options?: RequestOptions,
): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const page of listPages(client, path, options)) items.push(...page);
  return items;
}
