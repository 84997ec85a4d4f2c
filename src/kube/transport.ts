import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { sameTls, type TlsMaterial } from './credentials.ts';
import { KubeError } from './errors.ts';

export interface TransportOptions {
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly proxyUrl?: string | undefined;
}

/** `request` is one bounded pool; `watch` has connections of its own: a busy server closes watches that share one. */
export interface Dispatchers {
  readonly request: Dispatcher;
  readonly watch: Dispatcher;
}

/**
 * The connections to the API server, rebuilt when the TLS material changes. HTTP/1.1 only: after a GOAWAY on HTTP/2 with
 * a watch open, later requests hang without an error (TRAPS.md).
 */
export class Transport {
  readonly #options: TransportOptions;
  #built: { tls: TlsMaterial; dispatchers: Dispatchers } | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    if (options.proxyUrl !== undefined && !/^https?:/.test(options.proxyUrl)) {
      throw new KubeError({
        kind: 'credentials',
        reason: 'KubeConfig',
        message: `proxy-url ${options.proxyUrl}: only http and https proxies are supported`,
      });
    }
    this.#options = options;
  }

  dispatchers(tls: TlsMaterial): Dispatchers {
    if (this.#closed) throw new KubeError({ kind: 'aborted', message: 'the client is closed' });
    const built = this.#built;
    if (built !== undefined && (built.tls === tls || sameTls(built.tls, tls))) return built.dispatchers;
    let context: SecureContext;
    try {
      context = createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key });
    } catch (error) {
      // Between the writing of a new certificate and its key the two do not fit: what we have still works.
      if (built !== undefined) return built.dispatchers;
      throw new KubeError({
        kind: 'credentials',
        message: `TLS material of the kubeconfig: ${error instanceof Error ? error.message : String(error)}`,
        cause: error,
      });
    }
    this.#built = { tls, dispatchers: this.#build(tls, context) };
    if (built !== undefined) retire(built.dispatchers);
    return this.#built.dispatchers;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const built = this.#built;
    this.#built = undefined;
    if (built === undefined) return;
    await Promise.all([built.dispatchers.request.destroy(), built.dispatchers.watch.destroy()]);
  }

  #build(tls: TlsMaterial, secureContext: SecureContext): Dispatchers {
    const { connections, connectTimeoutMs, proxyUrl } = this.#options;
    const connect = {
      secureContext,
      // Said aloud, because Node's default can be switched off by NODE_TLS_REJECT_UNAUTHORIZED.
      rejectUnauthorized: tls.rejectUnauthorized !== false,
      ...(tls.servername === undefined ? {} : { servername: tls.servername }),
      timeout: connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    };
    const common = { allowH2: false, pipelining: 1, keepAliveTimeout: 60_000 };
    const make = (limit: number | null): Dispatcher =>
      proxyUrl === undefined
        ? new Agent({ ...common, connections: limit, connect })
        : new ProxyAgent({
            ...common,
            connections: limit,
            uri: proxyUrl,
            proxyTunnel: true,
            requestTls: connect,
          });
    return { request: make(connections), watch: make(null) };
  }
}

const ignore = (): undefined => undefined;

/** Requests in flight finish on the old connections; watches are closed, so that they come back as who we are now. */
function retire(old: Dispatchers): void {
  old.request.close().catch(ignore);
  old.watch
    .destroy(
      new KubeError({
        kind: 'network',
        reason: 'CredentialsRotated',
        message: 'the credentials were rotated',
      }),
    )
    .catch(ignore);
}
