import { isTooLarge, KubeError } from '../kube/errors.ts';
import type { ListPage } from '../kube/list.ts';
import type { Source } from '../kube/source.ts';
import { pauseAfter, type Backoff } from './backoff.ts';
import { sleep, type Clock } from './clock.ts';

export interface PagesOptions {
  readonly pageSize: number;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly random: () => number;
  /** A page failed, and is asked for again after that pause. */
  readonly failed: (error: unknown, pauseMs: number) => void;
}

/** Tries of one page. A continue token is good for five minutes; a server that is away for long is listed anew. */
const maxTries = 5;

/**
 * The pages of one list. A later page that fails is asked for again, so that a server under load, which fails one in so
 * many, does not keep a long list from ever coming to its end. The first one is not: whoever lists begins anew anyway.
 * @throws KubeError what another try of the page cannot mend
 */
export async function* pagesOf(
  source: Pick<Source, 'list'>,
  options: PagesOptions,
  signal: AbortSignal,
): AsyncGenerator<ListPage, void, undefined> {
  const { pageSize, backoff, clock, random, failed } = options;
  let continueToken = '';
  let limit = pageSize;
  for (let tries = 1; !signal.aborted;) {
    let page: ListPage;
    try {
      // oxlint-disable-next-line no-await-in-loop -- each page names the next
      page = await source.list({ limit, continueToken }, signal);
    } catch (error) {
      // 500 requests of 1.5 MiB each, which any node may create, must not keep us from the rest.
      if (isTooLarge(error) && limit > 1) {
        limit = Math.ceil(limit / 4);
        continue;
      }
      if (signal.aborted || continueToken === '' || tries >= maxTries || !mayPass(error)) throw error;
      const pause = pauseAfter(error, tries, backoff, random);
      failed(error, pause);
      // oxlint-disable-next-line no-await-in-loop
      await sleep(clock, pause, signal);
      tries += 1;
      continue;
    }
    yield page;
    if (page.continueToken !== '' && page.continueToken === continueToken) throw endless();
    ({ continueToken } = page);
    if (continueToken === '') return;
    tries = 1;
    limit = Math.min(pageSize, limit * 2);
  }
  signal.throwIfAborted();
}

/** The same page would come again and again, for as long as the program runs. */
function endless(): KubeError {
  return new KubeError({
    kind: 'protocol',
    reason: 'EndlessList',
    message: 'a list leads back to the same page',
  });
}

/** Whether the same page may be given a moment later; a token that has expired (410), or a refusal, will not. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  if (error.kind === 'status') return error.status === 429 || (error.status ?? 0) >= 500;
  return error.kind === 'network' || error.kind === 'timeout' || error.kind === 'protocol';
}
