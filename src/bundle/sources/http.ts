import { createHash } from 'node:crypto';
import { escapeText } from '../../text/escape.ts';
import { digestBytes } from '../digest.ts';
import { bundleLimits, unpackBundle } from '../files.ts';
import { readCredential } from './connections.ts';
import { SourceError } from './error.ts';
import type { Answer } from './exchange.ts';
import type { BundleSource, Fetched } from './source.ts';
import { refuseStatus, type Web } from './web.ts';

/** By which a server says that it holds requests (OPA, management of bundles: HTTP long polling). */
const longPollType = 'application/vnd.openpolicyagent.bundles';

const credentialsHint = 'see credentials.bearerTokenFile and credentials.clientCertificateFile';

export interface HttpOptions {
  /** Read for each request: tokens rotate. */
  readonly bearerTokenFile?: string | undefined;
  /** How long the server is asked to hold a request; 0 for polling. */
  readonly longPollSeconds: number;
}

/** A bundle server, spoken to as OPA does (bundle service API). */
export class HttpSource implements BundleSource {
  readonly name: string;
  readonly #url: URL;
  readonly #web: Web;
  readonly #options: HttpOptions;
  /** Wanted at first, as OPA does; then as the last bundle said. A 304 says nothing of it. */
  #holds: boolean;
  /** Of the version that it came with. */
  #tag: { readonly version: string; readonly etag: string } | undefined;

  constructor(url: URL, web: Web, options: HttpOptions) {
    this.name = nameOf(url);
    this.#url = url;
    this.#web = web;
    this.#options = options;
    this.#holds = options.longPollSeconds > 0;
  }

  get longPolling(): boolean {
    return this.#holds;
  }

  async fetch(known: string | undefined, signal: AbortSignal): Promise<Fetched | undefined> {
    const etag = this.#tag?.version === known ? this.#tag?.etag : undefined;
    const wait = this.#holds ? this.#options.longPollSeconds : 0;
    const answer = await this.#web.ask(this.#url, {
      name: this.name,
      headers: {
        accept: `application/gzip, application/octet-stream, ${longPollType}, */*;q=0.5`,
        prefer: wait > 0 ? `modes=snapshot;wait=${String(wait)}` : 'modes=snapshot',
        ...(etag !== undefined && { 'if-none-match': etag }),
      },
      authorization: await this.#authorization(),
      limit: bundleLimits.totalBytes,
      patienceMs: wait * 1000,
      signal,
    });
    if (answer.status === 304 && etag !== undefined) return undefined;
    if (answer.status !== 200) throw refuseStatus(this.name, answer, credentialsHint);
    return this.#read(answer, known);
  }

  async #read({ headers, body }: Answer, known: string | undefined): Promise<Fetched | undefined> {
    const type = headers['content-type'];
    const shown = typeof type === 'string' ? escapeText(type, 100) : 'no type';
    if (body[0] !== 0x1f || body[1] !== 0x8b) {
      const what = body.length === 0 ? 'an empty answer' : `an answer of ${shown}`;
      const text = `bundle ${this.name}: ${what} is no .tar.gz; is it the URL of the bundle itself?`;
      throw new SourceError('SourceContent', text);
    }
    const version = digestBytes(body);
    const files = version === known ? undefined : await unpackBundle(body);
    // Only now: a bundle that could not be read is asked for in full again.
    this.#tag = tagOf(version, headers['etag']);
    this.#holds = this.#options.longPollSeconds > 0 && type === longPollType;
    return files === undefined ? undefined : { version, files, archive: body };
  }

  async #authorization(): Promise<string | undefined> {
    const { bearerTokenFile: file } = this.#options;
    if (file === undefined) return undefined;
    const token = (await readCredential('credentials.bearerTokenFile', file)).toString('latin1').trim();
    if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
    const text = `credentials.bearerTokenFile ${file}: not one token in visible ASCII`;
    throw new SourceError('SourceCredentials', text);
  }
}

/** Sent back as it came (RFC 9110 §8.8.3); one that is not well-formed, or long, is none. */
function tagOf(version: string, etag: string | string[] | undefined) {
  return typeof etag === 'string' && /^(W\/)?"?[\x21\x23-\x7e]{1,256}"?$/.test(etag)
    ? { version, etag }
    : undefined;
}

/** Without the query, which may hold a signature that gives access, but told from the same URL with another one. */
function nameOf(url: URL): string {
  const plain = `${url.origin}${url.pathname}`;
  if (url.search === '') return plain;
  return `${plain}?(${createHash('sha256').update(url.search).digest('hex').slice(0, 8)})`;
}
