import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { backoffMs } from './backoff.ts';
import { LineBuffer } from './line-buffer.ts';
import type { LossReason, Pause, Sink, SinkObserver, SinkProblem } from './sink.ts';

const compress = promisify(gzip);

/** What a server made of an upload. */
export type UploadAnswer =
  | { readonly kind: 'taken' }
  /** More than it takes at once. */
  | { readonly kind: 'too large' }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly status?: number | undefined;
      readonly retryAfterMs?: number | undefined;
    };

export interface ServiceSinkOptions {
  /** Hands over a compressed JSON array. Never throws. */
  readonly upload: (body: Uint8Array, signal: AbortSignal) => Promise<UploadAnswer>;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Of one upload, compressed. */
  readonly uploadBytes: number;
  /** Of the lines that wait. */
  readonly bufferBytes: number;
  readonly observer: SinkObserver;
  readonly pause: Pause;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The first delay of a failing server. */
const baseMs = 500;

/** A server may ask for patience, not for being forgotten. */
const mostRetryAfterMs = 300_000;

/** Lines of decisions compress at least so well; how well is learned. */
const firstRatio = 3;

/** Characters of one upload, before compression: however well lines compress, there is no text of 512 MiB. */
const mostBatch = 32 * 1024 * 1024;

/**
 * Lines for a server, as OPA sends them: gathered for a while, a JSON array each time, compressed. One upload at a time; one
 * that fails is tried again as it is, with backoff and for as long as it takes, while newer lines push out older ones.
 */
export class ServiceSink implements Sink {
  readonly name = 'service';
  readonly #options: ServiceSinkOptions;
  readonly #buffer: LineBuffer;
  /** Ends every wait; then uploads have until the deadline. */
  readonly #stopping = new AbortController();
  readonly #deadline = new AbortController();
  /** Characters of lines that are expected to fill one upload. */
  #batchBytes: number;
  #failures = 0;
  #problem: SinkProblem | undefined;
  #running: Promise<void> | undefined;
  /** Ends the gathering: there is enough. */
  #full = new AbortController();

  constructor(options: ServiceSinkOptions) {
    this.#options = options;
    this.#buffer = new LineBuffer(options.bufferBytes);
    this.#batchBytes = Math.min(options.uploadBytes * firstRatio, mostBatch);
  }

  write(lines: readonly string[]): void {
    if (this.#stopping.signal.aborted) return;
    let lost = 0;
    for (const line of lines) lost += this.#buffer.push(line);
    if (lost > 0) this.#lost(lost, 'buffer_full');
    if (this.#buffer.bytes >= this.#batchBytes) this.#full.abort();
    this.#running ??= this.#work();
  }

  problem(): SinkProblem | undefined {
    return this.#problem;
  }

  waiting(): number {
    return this.#buffer.bytes;
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    this.#full.abort();
    const timer = setTimeout(() => this.#deadline.abort(), deadlineMs);
    await this.#running;
    clearTimeout(timer);
  }

  async #work(): Promise<void> {
    const { minDelayMs, maxDelayMs, pause, random } = this.#options;
    // oxlint-disable no-await-in-loop -- one upload after the other
    while (this.#buffer.size > 0) {
      if (this.#buffer.bytes < this.#batchBytes && !this.#stopping.signal.aborted) {
        this.#full = new AbortController();
        await pause(minDelayMs + random() * (maxDelayMs - minDelayMs), this.#full.signal);
      }
      await this.#send(this.#buffer.take(this.#batchBytes));
    }
    // oxlint-enable no-await-in-loop
    this.#running = undefined;
  }

  async #send(lines: readonly string[]): Promise<void> {
    const { uploadBytes, upload } = this.#options;
    const text = `[${lines.map((line) => line.trimEnd()).join(',')}]`;
    const body = await compress(text, { level: 1 });
    // Room for what compresses worse.
    const fits = Math.floor((uploadBytes * 0.8 * text.length) / body.length);
    this.#batchBytes = Math.max(1024, Math.min(fits, this.#options.bufferBytes, mostBatch));
    if (body.length > uploadBytes) return this.#sendHalves(lines);
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- until it is taken
      const answer = await upload(body, this.#deadline.signal);
      if (answer.kind === 'taken') {
        this.#failures = 0;
        this.#problem = undefined;
        this.#options.observer.written(this.name, lines.length);
        return undefined;
      }
      if (answer.kind === 'too large') return this.#sendHalves(lines);
      if (this.#deadline.signal.aborted) return this.#lost(lines.length, 'stopped');
      // oxlint-disable-next-line no-await-in-loop
      await this.#failed(answer);
    }
  }

  async #sendHalves(lines: readonly string[]): Promise<void> {
    if (lines.length === 1) {
      this.#problem = {
        message: `a line alone is larger than the server or uploadSizeLimitBytes lets pass`,
        status: 413,
      };
      this.#lost(1, 'too_large');
      return;
    }
    const half = Math.ceil(lines.length / 2);
    await this.#send(lines.slice(0, half));
    await this.#send(lines.slice(half));
  }

  async #failed({ message, status, retryAfterMs = 0 }: UploadAnswer & { kind: 'failed' }): Promise<void> {
    const { maxDelayMs, observer, pause, random } = this.#options;
    this.#failures += 1;
    this.#problem = { message, status };
    observer.failed(this.name, this.#problem, this.#failures);
    const asked = Math.min(retryAfterMs, mostRetryAfterMs);
    const delay = asked + backoffMs(this.#failures, { baseMs, capMs: Math.max(baseMs, maxDelayMs) }, random);
    // At the end of the program nobody is asked more often than once a second, nor left unasked.
    if (this.#stopping.signal.aborted) await pause(Math.min(delay, 1000), this.#deadline.signal);
    else await pause(delay, this.#stopping.signal);
  }

  #lost(lines: number, reason: LossReason): void {
    this.#options.observer.lost(this.name, lines, reason);
  }
}
