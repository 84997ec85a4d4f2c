import type { Dispatcher } from 'undici';
import { KubeError } from './errors.ts';

export interface Exchange {
  readonly origin: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Asked when a connection has come to it, before the first byte is written; false is an `aborted` of which nothing was sent. */
  readonly wanted?: (() => boolean) | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * One bounded request and its answer: one deadline over connecting, waiting in the pool's queue, headers and body.
 * On undici's dispatch interface: no stream, no AbortSignal and no Headers objects per request, and redirects are never
 * followed. Rejects with KubeError only.
 */
export function exchange(dispatcher: Dispatcher, request: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    const write = request.method !== 'GET';
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Answer['headers'] = {};
    let size = 0;
    const chunks: Buffer[] = [];
    let finished: KubeError | true | undefined;

    const finish = (outcome: KubeError | true): void => {
      if (finished !== undefined) return;
      finished = outcome;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (outcome === true) {
        const [only] = chunks;
        resolve({ status, headers, body: chunks.length === 1 && only ? only : Buffer.concat(chunks, size) });
      } else {
        reject(outcome);
        controller?.abort(outcome);
      }
    };
    // undici calls onRequestStart when a connected socket takes the request: before that nothing was sent.
    const uncertain = (): boolean => write && controller !== undefined;
    const onAbort = (): void => finish(aborted(signal, uncertain()));
    const timer = setTimeout(() => {
      finish(
        new KubeError({
          kind: 'timeout',
          message: `no answer to ${request.method} ${request.path} within ${String(request.timeoutMs)} ms`,
          uncertain: uncertain(),
        }),
      );
    }, request.timeoutMs);

    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        if (finished === undefined && request.wanted?.() === false) finish(noLongerWanted());
        if (finished !== undefined && finished !== true) started.abort(finished);
        else controller = started;
      },
      onResponseStart(_, statusCode, responseHeaders) {
        status = statusCode;
        headers = responseHeaders;
      },
      onResponseData(_, chunk) {
        size += chunk.length;
        if (size > request.maxBytes) {
          finish(
            new KubeError({
              kind: 'protocol',
              reason: 'ResponseTooLarge',
              message: `the answer to ${request.method} ${request.path} is larger than ${String(request.maxBytes)} bytes`,
              uncertain: write,
            }),
          );
        } else {
          chunks.push(chunk);
        }
      },
      onResponseEnd() {
        finish(true);
      },
      onResponseError(_, error) {
        finish(networkError(error, uncertain()));
      },
    };
    try {
      dispatcher.dispatch(
        {
          origin: request.origin,
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      finish(networkError(error, false));
    }
  });
}

export function noLongerWanted(): KubeError {
  return new KubeError({ kind: 'aborted', message: 'no longer wanted when it could be sent' });
}

export function aborted(signal: AbortSignal | undefined, uncertain: boolean): KubeError {
  return new KubeError({
    kind: 'aborted',
    message: 'the request was given up',
    cause: signal?.reason,
    uncertain,
  });
}

export function networkError(error: unknown, uncertain: boolean): KubeError {
  if (error instanceof KubeError) return error;
  return new KubeError({
    kind: 'network',
    reason: errorCode(error),
    message: describe(error),
    uncertain,
    cause: error,
  });
}

/** The first code down the chain of causes; an AggregateError (one per address tried) speaks by its first. */
function errorCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    at = at instanceof AggregateError ? (at.errors as unknown[])[0] : at.cause;
  }
  return undefined;
}

function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return (error.errors as unknown[]).map(describe).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
