import type { Connections } from './connections.ts';
import { SourceError } from './error.ts';
import { redirectRefused, redirectTarget } from './redirect.ts';
import { type Answer, exchange, type Question, type Timeouts } from './exchange.ts';

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;

export interface WebOptions {
  readonly connections: Connections;
  readonly timeouts: Timeouts;
  readonly userAgent: string;
  /** Whether what comes without TLS is verified by other means: by a signature, or by a digest that is configured. */
  readonly verified: boolean;
}

export type WebQuestion = Question & {
  /** For the origin that is asked first, and no other. */
  readonly authorization?: string | undefined;
  /** A server said that this one is to be asked, and not the configuration: our client certificate is not for it. */
  readonly isForeign?: boolean;
};

/** HTTP with redirects as a browser of bundles needs them. */
export class Web {
  readonly #options: WebOptions;

  constructor(options: WebOptions) {
    this.#options = options;
  }

  /**
   * Follows redirects, for GET and HEAD. Our token and our client certificate are for the configured origin: once a
   * redirect has led to another, neither is sent any more, even if the next one leads back.
   */
  async ask(start: URL, { authorization, isForeign = false, ...question }: WebQuestion): Promise<Answer> {
    const { connections, timeouts, userAgent, verified } = this.#options;
    let url = start;
    let own = true;
    for (let hops = 0; hops <= mostRedirects; hops += 1) {
      const headers = {
        ...question.headers,
        'user-agent': userAgent,
        ...(own && authorization !== undefined && { authorization }),
      };
      // oxlint-disable-next-line no-await-in-loop -- one leads to the next
      const dispatcher = await connections.to(own && !isForeign ? 'own' : 'foreign');
      // oxlint-disable-next-line no-await-in-loop
      const answer = await exchange(dispatcher, url, { ...question, headers }, timeouts);
      if (!redirects.has(answer.status) || question.method === 'POST') return answer;
      url = redirectTarget(question.name, url, answer, verified);
      own &&= url.origin === start.origin;
    }
    throw redirectRefused(question.name, `more than ${String(mostRedirects)} of them`);
  }
}

/** Refuses every answer that is not a success, each kind by its own code. */
export function refuseStatus(name: string, { status, headers }: Answer, credentials: string): SourceError {
  const said = `bundle ${name}: answered ${String(status)}`;
  const retryAfterMs = parseRetryAfter(headers['retry-after']);
  const options = { retryAfterMs };
  if (status === 401)
    return new SourceError('SourceUnauthorized', `${said}: it wants other credentials; ${credentials}`);
  if (status === 403)
    return new SourceError('SourceForbidden', `${said}: who we are may not read it; ${credentials}`);
  if (status === 404 || status === 410) return new SourceError('SourceNotFound', `${said}: it is not there`);
  if (status === 429) return new SourceError('SourceThrottled', `${said}: it was asked too often`, options);
  if (status >= 500) return new SourceError('SourceUnavailable', `${said}: the server fails`, options);
  return new SourceError('SourceStatus', `${said}: 200 or 304 was expected`, options);
}

/** RFC 9110 §10.2.3: seconds, or a date. */
export function parseRetryAfter(value: string | string[] | undefined, now = Date.now()): number | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = /^[A-Z][a-z]{2}, /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
