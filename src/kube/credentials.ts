import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { KubeError } from './errors.ts';

export interface TlsMaterial {
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  readonly servername?: string | undefined;
  readonly rejectUnauthorized?: false | undefined;
}

export interface Credential {
  /** Authorization and impersonation. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface CredentialsOptions {
  readonly load: () => KubeConfig;
  /** How long what was read from files is believed. Rotated files are picked up within this. */
  readonly maxAgeMs?: number;
  /** Longest run of an exec plugin or OIDC refresh. */
  readonly timeoutMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Between two refreshes that a 401 asks for: credentials that are wrong for good must not run an exec plugin in a loop. */
const MIN_REFRESH_MS = 5_000;

/**
 * Who we are, read again when it may have changed: service account tokens, CA bundles and client certificates rotate in
 * their files, exec and OIDC tokens expire. `refresh()` after a 401 starts from nothing, past every cache.
 */
export class Credentials {
  readonly #options: Required<CredentialsOptions>;
  #config: KubeConfig;
  #current: { credential: Credential; readAt: number } | undefined;
  #reading: Promise<Credential> | undefined;
  #refreshedAt = -Infinity;

  constructor(options: CredentialsOptions) {
    this.#options = { maxAgeMs: 10_000, timeoutMs: 30_000, now: () => performance.now(), ...options };
    this.#config = options.load();
  }

  get server(): string {
    return this.#config.getCurrentCluster()?.server ?? '';
  }

  get proxyUrl(): string | undefined {
    const url = this.#config.getCurrentCluster()?.proxyUrl;
    return url === undefined || url === '' ? undefined : url;
  }

  /** Synchronously when fresh, the way of nearly every request. */
  get(): Credential | Promise<Credential> {
    const current = this.#current;
    if (current !== undefined && this.#options.now() - current.readAt < this.#options.maxAgeMs) {
      return current.credential;
    }
    return this.#read();
  }

  /**
   * The server refused `refused`. Callers that were refused together share one refresh, and a caller whose credential has
   * been replaced in the meantime gets the new one. False when nothing better can be had.
   */
  async refresh(refused: Credential): Promise<boolean> {
    if (this.#current !== undefined && this.#current.credential !== refused) return true;
    if (this.#reading === undefined && this.#options.now() - this.#refreshedAt < MIN_REFRESH_MS) return false;
    // A fresh KubeConfig has empty caches. Not for OIDC: there a rotated refresh token lives only in the old one.
    if (this.#reading === undefined && this.#config.getCurrentUser()?.authProvider?.name !== 'oidc') {
      this.#config = this.#options.load();
    }
    this.#refreshedAt = this.#options.now();
    const fresh = await this.#read();
    return fresh !== refused;
  }

  #read(): Promise<Credential> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<Credential> {
    let options: RequestOptions;
    try {
      options = await this.#apply();
    } catch (error) {
      const previous = this.#current;
      // A file may be missing for a moment while it is replaced. What we have is good until the server says otherwise.
      if (previous !== undefined && !(error instanceof KubeError)) {
        this.#current = { ...previous, readAt: this.#options.now() };
        return previous.credential;
      }
      throw error instanceof KubeError ? error : failed(error);
    }
    const credential = convert(options);
    const kept = this.#current?.credential;
    const result = kept !== undefined && sameCredential(kept, credential) ? kept : credential;
    this.#current = { credential: result, readAt: this.#options.now() };
    return result;
  }

  async #apply(): Promise<RequestOptions> {
    const options: RequestOptions = {};
    let timer: NodeJS.Timeout | undefined;
    const { timeoutMs } = this.#options;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(failed(new Error(`not obtained within ${String(timeoutMs)} ms`)));
      }, timeoutMs);
    });
    try {
      await Promise.race([this.#config.applyToHTTPSOptions(options), deadline]);
    } finally {
      clearTimeout(timer);
    }
    return options;
  }
}

function convert(options: RequestOptions): Credential {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // Token files usually end in a newline, which is not a header's.
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return {
    headers,
    tls: {
      ca: bytes(options.ca),
      cert: bytes(options.cert),
      key: bytes(options.key),
      servername: options.servername,
      rejectUnauthorized: options.rejectUnauthorized === false ? false : undefined,
    },
  };
}

const bytes = (value: unknown): Buffer | undefined =>
  Buffer.isBuffer(value) ? value : typeof value === 'string' ? Buffer.from(value) : undefined;

const sameBytes = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.equals(b);

export const sameTls = (a: TlsMaterial, b: TlsMaterial): boolean =>
  sameBytes(a.ca, b.ca) &&
  sameBytes(a.cert, b.cert) &&
  sameBytes(a.key, b.key) &&
  a.servername === b.servername &&
  a.rejectUnauthorized === b.rejectUnauthorized;

function sameCredential(a: Credential, b: Credential): boolean {
  const names = Object.keys(a.headers);
  return (
    sameTls(a.tls, b.tls) &&
    names.length === Object.keys(b.headers).length &&
    names.every((name) => a.headers[name] === b.headers[name])
  );
}

const failed = (error: unknown): KubeError =>
  new KubeError({
    kind: 'credentials',
    // client-node passes on what an exec plugin wrote to standard error, which may be nothing.
    message: `credentials for the API server: ${(error instanceof Error ? error.message : String(error)).trim() || 'the exec plugin of the kubeconfig failed without a word: run its command by hand'}`,
    cause: error,
  });
