import { request } from 'undici';
import { PolicyError } from '../bundle/error.ts';
import { type Connections, readCredential } from '../bundle/sources/connections.ts';
import { SourceError } from '../bundle/sources/error.ts';
import { parseRetryAfter } from '../bundle/sources/web.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import type { UploadAnswer } from './service-sink.ts';

export interface UploadOptions {
  readonly url: URL;
  readonly connections: Pick<Connections, 'to'>;
  readonly bearerTokenFile: string | undefined;
  readonly userAgent: string;
  /** For one upload as a whole. */
  readonly timeoutMs?: number;
}

/**
 * Posts decisions as OPA's decision log API has it (management of decision logs: `POST /logs`, a JSON array, gzip). Follows
 * no redirect: where the log goes is for the configuration to say. What a server answers with is not repeated.
 */
export function uploader({
  url,
  connections,
  bearerTokenFile,
  userAgent,
  timeoutMs = 60_000,
}: UploadOptions) {
  return async (body: Uint8Array, signal: AbortSignal): Promise<UploadAnswer> => {
    try {
      const authorization = await tokenOf(bearerTokenFile);
      const answer = await request(url, {
        dispatcher: await connections.to('own'),
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          'user-agent': userAgent,
          ...(authorization !== undefined && { authorization }),
        },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      // Nobody may keep us by an answer without end.
      await answer.body.dump({ limit: 64 * 1024 });
      return readAnswer(answer.statusCode, answer.headers['retry-after']);
    } catch (cause) {
      if (cause instanceof PolicyError) return { kind: 'failed', message: cause.message };
      return { kind: 'failed', message: `${url.host}: ${escapeText(explain(cause))}` };
    }
  };
}

function readAnswer(status: number, retryAfter: string | string[] | undefined): UploadAnswer {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 413) return { kind: 'too large' };
  return { kind: 'failed', status, message: meaningOf(status), retryAfterMs: parseRetryAfter(retryAfter) };
}

function meaningOf(status: number): string {
  const said = `the server answered ${String(status)}`;
  if (status === 401 || status === 403) return `${said}: see decisionLog.service.credentials`;
  if (status === 404 || status === 405)
    return `${said}: see decisionLog.service.url and decisionLog.service.resource`;
  if (status >= 300 && status < 400) return `${said}: redirects are not followed: name the place itself`;
  return said;
}

async function tokenOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const field = 'decisionLog.service.credentials.bearerTokenFile';
  const token = (await readCredential(field, file)).toString('latin1').trim();
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new SourceError('SourceCredentials', `${field} ${file}: not one token in visible ASCII`);
}

/** undici and happy eyeballs wrap what went wrong. */
function explain(cause: unknown): string {
  let at = cause;
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    const inner: unknown = at instanceof AggregateError ? at.errors[0] : at.cause;
    if (!(inner instanceof Error)) break;
    at = inner;
  }
  return messageOf(at);
}
