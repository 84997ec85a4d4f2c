import { type Dispatcher, request } from 'undici';
import { escapeText } from '../../text/escape.ts';
import { SourceError } from './error.ts';
import { PolicyError } from '../error.ts';

/** Milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the request to the head of the answer. */
  readonly headersMs: number;
  /** Between two pieces of the answer. */
  readonly idleMs: number;
  /** One exchange as a whole: a server that sends a byte now and then must not hold us for ever. */
  readonly totalMs: number;
}

export const defaultTimeouts: Timeouts = {
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 30_000,
  totalMs: 300_000,
};

export interface Question {
  /** What is fetched, for messages. */
  readonly name: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Most bytes of a body that is read. */
  readonly limit: number;
  /** How much longer the server may take, since we asked it to (long polling). */
  readonly patienceMs?: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Read for a 200 only: what is said with any other is not for us, and not to be repeated. */
  readonly body: Buffer;
}

/** One request and its answer, bounded in every direction. Follows no redirect. */
export async function exchange(
  dispatcher: Dispatcher,
  url: URL,
  question: Question,
  timeouts: Timeouts,
): Promise<Answer> {
  const { name, signal, patienceMs = 0 } = question;
  const deadline = AbortSignal.timeout(timeouts.totalMs + patienceMs);
  let answering = false;
  try {
    const response = await request(url, {
      dispatcher,
      method: question.method ?? 'GET',
      headers: { ...question.headers, 'accept-encoding': 'identity' },
      body: question.body ?? null,
      signal: AbortSignal.any([signal, deadline]),
      headersTimeout: timeouts.headersMs + patienceMs,
      bodyTimeout: timeouts.idleMs,
    });
    answering = true;
    const { statusCode: status, headers } = response;
    return { status, headers, body: await readBody(response, question) };
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    if (signal.aborted) throw new SourceError('SourceStopped', `bundle ${name}: given up`, { cause });
    if (deadline.aborted) {
      const seconds = String((timeouts.totalMs + patienceMs) / 1000);
      throw new SourceError('SourceTimeout', `bundle ${name}: not whole after ${seconds} seconds`, { cause });
    }
    throw explain(cause, url, name, answering);
  }
}

async function readBody(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  question: Question,
): Promise<Buffer> {
  if (statusCode !== 200 || question.method === 'HEAD') {
    // Without a body the connection can be used again; whatever is more is not waited for.
    if (statusCode === 304 || question.method === 'HEAD') await body.dump();
    else body.on('error', () => undefined).destroy();
    return Buffer.alloc(0);
  }
  const chunks: Buffer[] = [];
  let size = Number(headers['content-length'] ?? 0);
  const check = (): void => {
    if (size <= question.limit) return;
    body.on('error', () => undefined).destroy();
    throw new PolicyError(
      'BundleTooLarge',
      `bundle ${question.name}: the answer is larger than ${String(question.limit)} bytes`,
    );
  };
  check();
  size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    check();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Codes of OpenSSL and Node for a certificate that is not to be trusted, or a handshake that failed. */
const untrusted =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|ERR_TLS_|ERR_SSL_)/;

function explain(cause: unknown, { host }: URL, name: string, answering: boolean): SourceError {
  const { code, message } = innermost(cause);
  const said = escapeText(
    code === undefined || message.includes(code) ? message.trim() : `${message.trim()} (${code})`,
  );
  if (code !== undefined && untrusted.test(code)) {
    // A handshake that fails in the protocol has nothing to do with CAs.
    const hint = code.startsWith('ERR_SSL_') ? '' : '; caFile names the CA that it must be of';
    const text = `bundle ${name}: no TLS connection to ${host}: ${said}${hint}`;
    return new SourceError('SourceUntrusted', text, { cause });
  }
  if (code !== undefined && (/^UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT$/.test(code) || code === 'ETIMEDOUT')) {
    return new SourceError('SourceTimeout', `bundle ${name}: ${host} does not answer: ${said}`, { cause });
  }
  if (answering) {
    const text = `bundle ${name}: the answer of ${host} ended early: ${said}`;
    return new SourceError('SourceTruncated', text, { cause });
  }
  return new SourceError('SourceUnreachable', `bundle ${name}: no answer from ${host}: ${said}`, { cause });
}

/** undici and happy eyeballs wrap: the code is the first down the chain, the message that of whoever has the code. */
function innermost(cause: unknown): { readonly code?: string; readonly message: string } {
  let at = cause;
  for (let depth = 0; at instanceof Error && depth < 5; depth += 1) {
    if ('code' in at && typeof at.code === 'string') return { code: at.code, message: at.message || at.code };
    at = at instanceof AggregateError ? (at.errors as unknown[])[0] : at.cause;
  }
  return { message: cause instanceof Error ? cause.message : String(cause) };
}
