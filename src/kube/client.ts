import { jsonBody, statusError } from './answer.ts';
import { codeOf, describeCall, type Call, type Follow } from './call.ts';
import type { Credential, Credentials } from './credentials.ts';
import { KubeError } from './errors.ts';
import { aborted, exchange, noLongerWanted, type Answer, type Exchange } from './exchange.ts';
import type { JsonRecord } from './json.ts';
import { withQuery, type Query } from './path.ts';
import type { Pacer, Turn } from './pacer.ts';
import { ServerClock } from './server-clock.ts';
import { parseServer } from './server-url.ts';
import { Transport } from './transport.ts';
import { parseEvent, watchRefusal, type WatchEvent } from './watch-event.ts';
import { watchLines } from './watch-stream.ts';

export interface KubeClientOptions {
  readonly credentials: Credentials;
  /** `rego-csr-approver/<version>` */
  readonly userAgent: string;
  /** Requests under way at once; more wait in line. */
  readonly connections?: number;
  /** Over the whole of a request: credentials, waiting for a connection, connecting, sending, reading; both tries. */
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /**
   * Longest silence on a watch. Where events happen or etcd reports progress, a bookmark comes about every minute. A
   * resource in which nothing happens gets none at all, and cannot be told from a dead connection.
   */
  readonly watchIdleMs?: number;
  readonly maxBytes?: number;
  readonly maxEventBytes?: number;
  /** http:// sends the token in the clear; for a local proxy only. */
  readonly allowPlainHttp?: boolean;
  /** Holds back requests that say how they take their turn. None: the API server paces its clients itself. */
  readonly pacer?: Pacer | undefined;
  /** Told of each request that was sent, or was to be, and of the beginning of each watch. */
  readonly observe?: ((call: Call) => void) | undefined;
  /** Asked of each request before it is sent, but for watches. */
  readonly follow?: Follow | undefined;
}

export interface RequestOptions {
  readonly query?: Query | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /**
   * Asked when there are credentials, and again in the very turn in which a connection begins to send it: whoever has to
   * wait for either may no longer want it. False is an `aborted` of which nothing was sent.
   */
  readonly wanted?: (() => boolean) | undefined;
  readonly turn?: Turn | undefined;
}

const DEFAULTS = {
  connections: 32,
  timeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  watchIdleMs: 90_000,
  // Room for 100 Nodes of 160 KB. A page of anything larger is asked for in parts, at a fraction of the memory.
  maxBytes: 16 * 1024 * 1024,
  maxEventBytes: 8 * 1024 * 1024,
  allowPlainHttp: false,
};

/** Part of its time that a request keeps for the answer: whoever waits longer for a turn would blame the API server. */
const answerShare = 0.2;

/** What is asked for, and how an answer that is a success is read. */
interface Form<T> {
  readonly accept: string;
  readonly read: (answer: Answer) => T;
}
const reading: Form<JsonRecord> = { accept: 'application/json', read: (answer) => jsonBody(answer, false) };
const writing: Form<JsonRecord> = { accept: 'application/json', read: (answer) => jsonBody(answer, true) };
const plainText: Form<string> = { accept: 'text/plain', read: ({ body }) => body.toString('utf8') };

/**
 * The Kubernetes API, as far as paths and JSON go. Every call is bounded in time and size and fails with KubeError only.
 * Nothing is retried here but a 401, once, with fresh credentials: what else to retry is the caller's to know.
 */
export class KubeClient {
  readonly #options: Required<Omit<KubeClientOptions, 'pacer' | 'observe' | 'follow'>>;
  readonly #pacer: Pacer | undefined;
  readonly #observe: (call: Call) => void;
  readonly #follow: Follow | undefined;
  readonly #transport: Transport;
  readonly #clock = new ServerClock(() => performance.now());
  readonly #origin: string;
  readonly #prefix: string;

  constructor(options: KubeClientOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#pacer = options.pacer;
    this.#observe = options.observe ?? (() => undefined);
    this.#follow = options.follow;
    const server = parseServer(options.credentials.server, this.#options.allowPlainHttp);
    this.#origin = server.origin;
    this.#prefix = server.pathname.replace(/\/+$/, '');
    this.#transport = new Transport({
      connections: this.#options.connections,
      connectTimeoutMs: this.#options.connectTimeoutMs,
      proxyUrl: options.credentials.proxyUrl,
    });
  }

  /** For messages: where we are connected to. */
  get server(): string {
    return this.#origin + this.#prefix;
  }

  /** By the API server's clock; by ours before its first answer. */
  now(): Date {
    return this.#clock.now() ?? new Date();
  }

  get(path: string, options?: RequestOptions): Promise<JsonRecord> {
    return this.#request('GET', path, undefined, options, reading);
  }

  /** What is no object of the API, such as /metrics. */
  text(path: string, options?: RequestOptions): Promise<string> {
    return this.#request('GET', path, undefined, options, plainText);
  }

  create(path: string, body: unknown, options?: RequestOptions): Promise<JsonRecord> {
    return this.#request('POST', path, body, options, writing);
  }

  put(path: string, body: unknown, options?: RequestOptions): Promise<JsonRecord> {
    return this.#request('PUT', path, body, options, writing);
  }

  /** Events of one watch until the server closes it. An ERROR event is thrown as the KubeError of its Status. */
  async *watch(path: string, options: RequestOptions = {}): AsyncGenerator<WatchEvent, void, undefined> {
    const credential = await this.#options.credentials.get();
    try {
      yield* this.#watchOnce(path, options, credential);
    } catch (error) {
      if (!(await this.#mayRetry(error, credential))) throw error;
      yield* this.#watchOnce(path, options, await this.#options.credentials.get());
    }
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #request<T>(
    method: Exchange['method'],
    path: string,
    body: unknown,
    asked: RequestOptions | undefined,
    form: Form<T>,
  ): Promise<T> {
    const isPaced = this.#pacer !== undefined && asked?.turn !== undefined;
    const options = isPaced ? await this.#takeTurn(this.#pacer, asked) : asked;
    const until = performance.now() + (options?.timeoutMs ?? this.#options.timeoutMs);
    const given = this.#options.credentials.get();
    const credential = given instanceof Promise ? await given : given;
    try {
      return await this.#requestOnce(method, path, body, options, form, until, credential);
    } catch (error) {
      if (!(await this.#mayRetry(error, credential))) throw error;
      const fresh = await this.#options.credentials.get();
      return await this.#requestOnce(method, path, body, options, form, until, fresh);
    }
  }

  /** @returns the options with what is left of the deadline */
  async #takeTurn(pacer: Pacer, options: RequestOptions): Promise<RequestOptions> {
    const { signal, turn, timeoutMs = this.#options.timeoutMs } = options;
    const delayMs = turn === 'ahead' ? 0 : pacer.delayMs();
    if (delayMs > timeoutMs * (1 - answerShare)) throw tooManyBefore(delayMs);
    pacer.take();
    if (delayMs > 0) await pause(delayMs, signal);
    return { ...options, timeoutMs: timeoutMs - delayMs };
  }

  async #requestOnce<T>(
    method: Exchange['method'],
    path: string,
    body: unknown,
    options: RequestOptions | undefined,
    form: Form<T>,
    until: number,
    credential: Credential,
  ): Promise<T> {
    if (options?.wanted?.() === false) throw noLongerWanted();
    const askedAt = performance.now();
    const timeoutMs = Math.ceil(until - askedAt);
    if (timeoutMs <= 0) throw noTimeLeft(method, path);
    const told = describeCall(method, path);
    const followed = this.#follow?.({ ...told, method, url: this.server + path });
    const observe = (code: string): void => {
      this.#observe({ ...told, code, ms: performance.now() - askedAt });
      followed?.ended(code);
    };
    try {
      const answer = await exchange(this.#transport.dispatchers(credential.tls).request, {
        origin: this.#origin,
        method,
        path: this.#prefix + withQuery(path, options?.query),
        headers: { ...this.#headers(credential, body !== undefined, form.accept), ...followed?.headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        timeoutMs,
        maxBytes: this.#options.maxBytes,
        signal: options?.signal,
        wanted: options?.wanted,
      });
      const write = method !== 'GET';
      if (answer.status < 200 || answer.status > 299) throw statusError(answer, write);
      const read = form.read(answer);
      this.#clock.saw(answer.headers['date'], askedAt);
      observe(String(answer.status));
      return read;
    } catch (error) {
      observe(codeOf(error));
      throw error;
    }
  }

  async *#watchOnce(
    path: string,
    options: RequestOptions,
    credential: Credential,
  ): AsyncGenerator<WatchEvent, void, undefined> {
    const askedAt = performance.now();
    const told = describeCall('GET', path, true);
    let hasBegun = false;
    const observe = (code: string): void => {
      if (!hasBegun) this.#observe({ ...told, code, ms: performance.now() - askedAt });
      hasBegun = true;
    };
    const batches = watchLines(this.#transport.dispatchers(credential.tls).watch, {
      origin: this.#origin,
      path: this.#prefix + withQuery(path, { ...options.query, watch: 'true' }),
      headers: this.#headers(credential, false),
      headersTimeoutMs: options.timeoutMs ?? this.#options.timeoutMs,
      idleMs: this.#options.watchIdleMs,
      maxLineBytes: this.#options.maxEventBytes,
      signal: options.signal,
      refusal: watchRefusal,
      accepted: () => observe('200'),
    });
    try {
      for await (const lines of batches) {
        for (const line of lines) yield parseEvent(line);
      }
    } catch (error) {
      observe(codeOf(error));
      throw error;
    }
  }

  #headers(credential: Credential, withBody: boolean, accept = reading.accept): Record<string, string> {
    return {
      accept,
      'user-agent': this.#options.userAgent,
      ...(withBody ? { 'content-type': 'application/json' } : {}),
      ...credential.headers,
    };
  }

  async #mayRetry(error: unknown, credential: Credential): Promise<boolean> {
    if (!(error instanceof KubeError && error.kind === 'status' && error.status === 401)) return false;
    try {
      return await this.#options.credentials.refresh(credential);
    } catch {
      return false; // the 401 says more than why there is nothing better
    }
  }
}

/** Nothing was sent, and nothing is wrong with the API server. */
function tooManyBefore(delayMs: number): KubeError {
  const seconds = Math.ceil(delayMs / 1000);
  return new KubeError({
    kind: 'aborted',
    reason: 'Paced',
    message: `not sent: limits.apiQps of the configuration allows it in ${String(seconds)} s only, too late for an answer before its deadline`,
    retryAfterSeconds: seconds,
  });
}

/** Nothing was sent, or what was sent was refused. */
function noTimeLeft(method: string, path: string): KubeError {
  return new KubeError({
    kind: 'credentials',
    message: `credentials for the API server came too late: the deadline of ${method} ${path} had passed`,
  });
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(aborted(signal, false));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
