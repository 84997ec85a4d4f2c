import { Worker } from 'node:worker_threads';
import type { ModuleFacts } from './instance.ts';

/** What the worker is asked. */
export type Question =
  | {
      readonly kind: 'start';
      readonly id: number;
      readonly module: WebAssembly.Module;
      readonly data: object;
      readonly maxMiB: number;
    }
  | { readonly kind: 'evaluate'; readonly id: number; readonly entrypoint: string; readonly input: object };

/** What it answers. */
export type Answer = { readonly value: unknown } | { readonly problem: string };

export interface IsolateOptions {
  /** Longest evaluation, by the clock: a container over its CPU quota stands still for up to 100 ms of it. */
  readonly deadlineMs?: number;
  /** Most memory of one module. */
  readonly maxMiB?: number;
}

interface Job {
  readonly question: Question;
  readonly deadlineMs: number;
  readonly settle: (answer: Answer) => void;
}

/** Starting a module is compiling it for this thread: once, and not under anybody's control but its builder's. */
const startMs = 10_000;

// Replaced when the program is built.
declare const WORKER: string | undefined;
const workerUrl = new URL(typeof WORKER === 'string' ? WORKER : './worker.ts', import.meta.url);

/**
 * A thread of its own in which policies are evaluated, one question at a time.
 *
 * A policy that takes too long is ended together with its thread; the next question finds a new thread with all modules
 * started again. So neither the watch nor the health server ever waits for a policy.
 */
export class Isolate {
  readonly #deadlineMs: number;
  readonly #maxMiB: number;
  readonly #modules: Extract<Question, { kind: 'start' }>[] = [];
  #nextId = 0;
  #jobs: Job[] = [];
  #running: { readonly job: Job; readonly timer: NodeJS.Timeout } | undefined;
  #worker: Worker | undefined;
  #closed = false;

  constructor({ deadlineMs = 500, maxMiB = 32 }: IsolateOptions = {}) {
    this.#deadlineMs = deadlineMs;
    this.#maxMiB = maxMiB;
  }

  /** Starts a module, now and in every thread to come. */
  async start(module: WebAssembly.Module, data: object): Promise<ModuleFacts & { readonly id: number }> {
    // Reserved at once: two modules may be started at the same time.
    const id = this.#nextId;
    this.#nextId += 1;
    const question = { kind: 'start', id, module, data, maxMiB: this.#maxMiB } as const;
    const answer = await this.#ask(question, startMs);
    if ('problem' in answer) throw new Error(answer.problem);
    this.#modules.push(question);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own worker's answer
    return { id, ...(answer.value as ModuleFacts) };
  }

  /** Evaluates an entrypoint of a started module. Never throws: what goes wrong is a problem. */
  evaluate(id: number, entrypoint: string, input: object): Promise<Answer> {
    return this.#ask({ kind: 'evaluate', id, entrypoint, input }, this.#deadlineMs);
  }

  /** The same with the patience of a start: the first evaluation also compiles the functions that it calls. */
  selfTest(id: number, entrypoint: string, input: object): Promise<Answer> {
    return this.#ask({ kind: 'evaluate', id, entrypoint, input }, startMs);
  }

  /** Ends the thread for good; whoever still waits gets a problem, and so does whoever asks later. */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = [...(this.#running === undefined ? [] : [this.#running.job]), ...this.#jobs];
    clearTimeout(this.#running?.timer);
    this.#running = undefined;
    this.#jobs = [];
    await this.#end();
    for (const job of waiting) job.settle(stopped);
  }

  #ask(question: Question, deadlineMs: number): Promise<Answer> {
    if (this.#closed) return Promise.resolve(stopped);
    return new Promise((settle) => {
      this.#jobs.push({ question, deadlineMs, settle });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running !== undefined) return;
    if (this.#worker === undefined && this.#jobs.length > 0) this.#worker = this.#spawn();
    const job = this.#jobs.shift();
    if (job === undefined) return;
    // The timer also keeps the process alive while the answer is due; the thread alone does not.
    const timer = setTimeout(() => {
      // An answer that is here already, and was only not read yet, counts.
      setImmediate(() => this.#overdue(job));
    }, job.deadlineMs);
    this.#running = { job, timer };
    this.#worker?.postMessage(job.question);
  }

  #spawn(): Worker {
    const thread = new Worker(workerUrl, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
    thread.on('message', (answer: Answer) => {
      if (thread === this.#worker) this.#settle(answer);
    });
    const ended = (problem: string) => {
      if (thread !== this.#worker) return;
      this.#worker = undefined;
      if (this.#running === undefined) this.#restart();
      else this.#failRunning(problem);
    };
    thread.on('error', (cause) => ended(`the evaluation ended its thread: ${cause.message}`));
    thread.on('exit', () => ended('the evaluation ended its thread'));
    // Last: a listener for messages would hold the process again.
    thread.unref();
    return thread;
  }

  #settle(answer: Answer): void {
    const running = this.#running;
    if (running === undefined) return;
    clearTimeout(running.timer);
    this.#running = undefined;
    running.job.settle(answer);
    this.#next();
  }

  #overdue(job: Job): void {
    if (this.#running?.job !== job) return;
    void this.#end();
    const what = job.question.kind === 'evaluate' ? job.question.entrypoint : 'starting the module';
    this.#failRunning(`${what} took longer than ${String(job.deadlineMs)} ms`);
  }

  /** Fails the question that is being answered, and no other: those behind it are asked in a new thread. */
  #failRunning(problem: string): void {
    const running = this.#running;
    this.#running = undefined;
    this.#restart();
    if (running !== undefined) {
      clearTimeout(running.timer);
      running.job.settle({ problem });
    }
    this.#next();
  }

  /** Has every module started before the questions that wait. */
  #restart(): void {
    const starts = this.#modules.map((question): Job => ({
      question,
      deadlineMs: startMs,
      settle: () => undefined,
    }));
    this.#jobs = [...starts, ...this.#jobs.filter((job) => !isRestart(job, this.#modules))];
  }

  async #end(): Promise<void> {
    const thread = this.#worker;
    this.#worker = undefined;
    await thread?.terminate();
  }
}

const stopped: Answer = { problem: 'evaluation has been stopped' };

function isRestart(job: Job, modules: readonly Question[]): boolean {
  return modules.includes(job.question);
}
