// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port, not a window
import { Worker } from 'node:worker_threads';
import { messageOf } from '../text/message.ts';
import type { Answer, Question, StartQuestion } from './question.ts';

/** Starting a module is compiling it for this thread: once, and not under anybody's control but its builder's. */
export const startMs = 10_000;

const stopped: Answer = { problem: 'evaluation has been stopped' };

// Replaced when the program is built.
declare const WORKER: string | undefined;
const workerUrl = new URL(typeof WORKER === 'string' ? WORKER : './worker.ts', import.meta.url);

/** The question that is being answered. */
interface Running {
  readonly question: Question;
  readonly deadlineMs: number;
  readonly timer: NodeJS.Timeout;
  readonly settle: (answer: Answer) => void;
}

/**
 * One thread that evaluates, one question at a time.
 *
 * A question that takes too long is ended together with the worker that answers it, and another worker takes its place,
 * with all modules started. Asking a second question before the first is answered is a mistake of the caller's.
 */
export class Thread {
  readonly #modules: ReadonlyMap<number, StartQuestion>;
  /** Modules that the present worker can be asked. */
  readonly #started = new Set<number>();
  #worker: Worker | undefined;
  #running: Running | undefined;
  #closed = false;

  /** @param modules what every thread has to have started; it may grow */
  constructor(modules: ReadonlyMap<number, StartQuestion>) {
    this.#modules = modules;
  }

  /** Asks one question. Never throws: what goes wrong is a problem. */
  async ask(question: Question, deadlineMs: number): Promise<Answer> {
    // Not at the cost of whoever asks next: what an earlier question has spoiled has a start's time, not an evaluation's.
    const problem = question.kind === 'evaluate' ? await this.prepare() : undefined;
    if (problem !== undefined && !this.#started.has(question.id)) return problem;
    const answer = await this.#post(question, deadlineMs);
    if (question.kind === 'start' && 'value' in answer) this.#started.add(question.id);
    if ('spoiled' in answer) this.#started.delete(question.id);
    return answer;
  }

  /**
   * Starts whatever is not started.
   * @returns the last problem with that
   */
  async prepare(): Promise<Answer | undefined> {
    let problem: Answer | undefined;
    for (const [id, question] of this.#modules) {
      if (this.#started.has(id)) continue;
      // oxlint-disable-next-line no-await-in-loop -- one question at a time
      const answer = await this.#post(question, startMs);
      if ('problem' in answer) problem = answer;
      else this.#started.add(id);
    }
    return problem;
  }

  /** Ends the worker, for good; whoever still waits gets a problem. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = this.#end();
    this.#settle(stopped);
    await ended;
  }

  #post(question: Question, deadlineMs: number): Promise<Answer> {
    if (this.#closed) return Promise.resolve(stopped);
    return new Promise((settle) => {
      this.#worker ??= this.#spawn();
      // The timer also keeps the process alive while the answer is due; the thread alone does not.
      const timer = setTimeout(() => {
        // An answer that is here already, and was only not read yet, counts.
        setImmediate(() => this.#overdue(question));
      }, deadlineMs);
      this.#running = { question, deadlineMs, timer, settle };
      try {
        this.#worker.postMessage(question);
      } catch (cause) {
        // Nested too deeply to be copied: an object of the cluster may be, and the program must not end of it.
        this.#settle({ problem: `the question cannot be handed over: ${messageOf(cause)}` });
      }
    });
  }

  #spawn(): Worker {
    const worker = new Worker(workerUrl, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.on('message', (answer: Answer) => {
      if (worker === this.#worker) this.#settle(answer);
    });
    const ended = (problem: string) => {
      if (worker !== this.#worker) return;
      this.#forget();
      this.#settle({ problem });
    };
    worker.on('error', (cause) => ended(`the evaluation ended its thread: ${cause.message}`));
    worker.on('exit', () => ended('the evaluation ended its thread'));
    // Last: a listener for messages would hold the process again.
    worker.unref();
    return worker;
  }

  #settle(answer: Answer): void {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.timer);
    running?.settle(answer);
  }

  #overdue(question: Question): void {
    const running = this.#running;
    if (running?.question !== question) return;
    void this.#end();
    const what = question.kind === 'evaluate' ? question.entrypoint : 'starting the module';
    this.#settle({ problem: `${what} took longer than ${String(running.deadlineMs)} ms`, overdue: true });
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#forget();
    await worker?.terminate();
  }

  #forget(): void {
    this.#worker = undefined;
    this.#started.clear();
  }
}
