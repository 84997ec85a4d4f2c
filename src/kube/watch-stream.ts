import type { Dispatcher } from 'undici';
import { KubeError } from './errors.ts';
import { aborted, networkError, type Answer } from './exchange.ts';
import { LineSplitter } from './lines.ts';

export interface WatchExchange {
  readonly origin: string;
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  /** For the answer's headers: the API server sends them as soon as it has accepted the watch. */
  readonly headersTimeoutMs: number;
  /** Longest silence. */
  readonly idleMs: number;
  readonly maxLineBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Undefined when this answer is a watch; else what is wrong with it, given the beginning of its body. */
  readonly refusal: (answer: Answer) => KubeError | undefined;
  /** It is one. */
  readonly accepted?: () => void;
}

const MAX_REFUSAL_BODY = 64 * 1024;
/** Lines waiting for the consumer before the socket is paused: a slow consumer must not fill our memory. */
const HIGH_WATER = 1000;

const NO_BODY = Buffer.alloc(0);

/** The lines of one watch, in batches as they arrive. Returns when the server ends it in good order; throws KubeError. */
export async function* watchLines(
  dispatcher: Dispatcher,
  request: WatchExchange,
): AsyncGenerator<string[], void, undefined> {
  const stream = new WatchStream(request);
  stream.start(dispatcher);
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a stream
      const lines = await stream.next();
      if (lines === undefined) return;
      yield lines;
    }
  } finally {
    stream.stop();
  }
}

class WatchStream implements Dispatcher.DispatchHandler {
  readonly #request: WatchExchange;
  readonly #splitter: LineSplitter;
  readonly #onAbort = (): void => this.#end(aborted(this.#request.signal, false));
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready: string[] = [];
  #refused: { answer: Answer; chunks: Buffer[]; size: number } | undefined;
  #outcome: KubeError | 'ended' | undefined;
  #wake: (() => void) | undefined;

  constructor(request: WatchExchange) {
    this.#request = request;
    this.#splitter = new LineSplitter(request.maxLineBytes);
  }

  start(dispatcher: Dispatcher): void {
    const { origin, path, headers, headersTimeoutMs, signal } = this.#request;
    if (signal?.aborted === true) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#arm(headersTimeoutMs, `no answer to the watch of ${path} within ${String(headersTimeoutMs)} ms`);
    try {
      dispatcher.dispatch({ origin, method: 'GET', path, headers, headersTimeout: 0, bodyTimeout: 0 }, this);
    } catch (error) {
      this.#end(networkError(error, false));
    }
  }

  /** Lines that have arrived; undefined at the end. Lines that came before a failure are given first. */
  async next(): Promise<string[] | undefined> {
    if (this.#ready.length === 0 && this.#outcome === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#ready.length > 0) {
      const lines = this.#ready;
      this.#ready = [];
      if (this.#controller?.paused === true && this.#outcome === undefined) {
        this.#timer?.refresh(); // the silence was ours
        this.#controller.resume();
      }
      return lines;
    }
    if (this.#outcome instanceof KubeError) throw this.#outcome;
    return undefined;
  }

  stop(): void {
    this.#end(aborted(undefined, false));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#outcome instanceof KubeError) controller.abort(this.#outcome);
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    if (status < 200) return;
    const answer = { status, headers, body: NO_BODY };
    if (this.#request.refusal(answer) !== undefined) {
      this.#refused = { answer, chunks: [], size: 0 };
      return;
    }
    const { idleMs } = this.#request;
    this.#request.accepted?.();
    this.#arm(
      idleMs,
      `nothing came on the watch of ${this.#request.path} for ${String(idleMs)} ms`,
      'WatchSilent',
    );
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#refused !== undefined) {
      this.#refused.chunks.push(chunk);
      this.#refused.size += chunk.length;
      if (this.#refused.size > MAX_REFUSAL_BODY) this.#refuse(this.#refused);
      return;
    }
    if (this.#outcome !== undefined) return;
    this.#timer?.refresh();
    try {
      this.#ready.push(...this.#splitter.push(chunk));
    } catch (error) {
      this.#end(networkError(error, false));
      return;
    }
    if (this.#ready.length > HIGH_WATER) controller.pause();
    if (this.#ready.length > 0) this.#wake?.();
  }

  onResponseEnd(): void {
    if (this.#refused !== undefined) {
      this.#refuse(this.#refused);
    } else if (this.#splitter.pending > 0) {
      this.#end(
        new KubeError({ kind: 'protocol', reason: 'Truncated', message: 'the watch ended within an event' }),
      );
    } else {
      this.#end('ended');
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#end(networkError(error, false));
  }

  #refuse(refused: { answer: Answer; chunks: Buffer[] }): void {
    const answer = { ...refused.answer, body: Buffer.concat(refused.chunks) };
    this.#end(
      this.#request.refusal(answer) ??
        new KubeError({ kind: 'protocol', message: 'the watch was not accepted' }),
    );
  }

  #arm(ms: number, message: string, reason?: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(new KubeError({ kind: 'timeout', reason, message })), ms);
  }

  #end(how: KubeError | 'ended'): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = how;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    if (how !== 'ended') this.#controller?.abort(how);
    this.#wake?.();
  }
}
