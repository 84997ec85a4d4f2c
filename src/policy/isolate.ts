import type { ModuleFacts } from './instance.ts';
import type { Answer, Question, StartQuestion } from './question.ts';
import { startMs, Thread } from './thread.ts';

export interface IsolateOptions {
  /** Longest evaluation, by the clock: a container over its CPU quota stands still for up to 100 ms of it. */
  readonly deadlineMs?: number;
  /** Most memory of one module in one thread. */
  readonly maxMiB?: number;
  /** Threads: so many evaluations at the same time. */
  readonly workers?: number;
}

interface Job {
  readonly question: Question;
  readonly deadlineMs: number;
  /** The one that has to answer; undefined for any. */
  readonly thread: Thread | undefined;
  readonly settle: (answer: Answer) => void;
}

/**
 * Threads of their own in which policies are evaluated: each question by the first that is idle, in the order in which
 * they were asked. So neither the watch nor the health server ever waits for a policy, and what a policy does to its
 * thread concerns nobody but the question that it was asked.
 */
export class Isolate {
  readonly #deadlineMs: number;
  readonly #maxMiB: number;
  readonly #modules = new Map<number, StartQuestion>();
  readonly #threads: readonly Thread[];
  readonly #idle: Set<Thread>;
  #nextId = 0;
  #jobs: Job[] = [];
  #closed = false;

  constructor({ deadlineMs = 500, maxMiB = 32, workers = 1 }: IsolateOptions = {}) {
    this.#deadlineMs = deadlineMs;
    this.#maxMiB = maxMiB;
    this.#threads = Array.from({ length: workers }, () => new Thread(this.#modules));
    this.#idle = new Set(this.#threads);
  }

  /** Starts a module, now and in every thread to come. */
  async start(module: WebAssembly.Module, data: object): Promise<ModuleFacts & { readonly id: number }> {
    // Reserved at once: two modules may be started at the same time.
    const id = this.#nextId;
    this.#nextId += 1;
    const question = { kind: 'start', id, module, data, maxMiB: this.#maxMiB } as const;
    const answers = await Promise.all(this.#threads.map((thread) => this.#ask(question, startMs, thread)));
    for (const answer of answers) if ('problem' in answer) throw new Error(answer.problem);
    this.#modules.set(id, question);
    const [first] = answers;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own worker's answer
    return { id, ...(first as { value: ModuleFacts }).value };
  }

  /** Evaluates an entrypoint of a started module. Never throws: what goes wrong is a problem. */
  async evaluate(id: number, entrypoint: string, input: object): Promise<Answer> {
    return parsed(await this.#ask({ kind: 'evaluate', id, entrypoint, input }, this.#deadlineMs));
  }

  /** The same with the patience of a start: the first evaluation also compiles the functions that it calls. */
  async selfTest(id: number, entrypoint: string, input: object): Promise<Answer> {
    return parsed(await this.#ask({ kind: 'evaluate', id, entrypoint, input }, startMs));
  }

  /** Ends the threads, for good; whoever still waits, or asks later, gets a problem. */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = this.#jobs;
    this.#jobs = [];
    const ended = this.#threads.map((thread) => thread.close());
    for (const job of waiting) job.settle(stopped);
    await Promise.all(ended);
  }

  #ask(question: Question, deadlineMs: number, thread?: Thread): Promise<Answer> {
    if (this.#closed) return Promise.resolve(stopped);
    return new Promise((settle) => {
      this.#jobs.push({ question, deadlineMs, thread, settle });
      this.#next();
    });
  }

  /** Hands every job that can be answered now to a thread. */
  #next(): void {
    for (let at = 0; at < this.#jobs.length && this.#idle.size > 0;) {
      const job = this.#jobs[at];
      const [anyone] = this.#idle;
      const thread = job?.thread ?? anyone;
      if (job === undefined || thread === undefined || !this.#idle.delete(thread)) {
        at += 1;
        continue;
      }
      this.#jobs.splice(at, 1);
      void this.#run(job, thread);
    }
  }

  async #run({ question, deadlineMs, settle }: Job, thread: Thread): Promise<void> {
    settle(await thread.ask(question, deadlineMs));
    // What the question did to the thread is mended before another one has to wait for it.
    await thread.prepare();
    this.#idle.add(thread);
    this.#next();
  }
}

/** A value comes as JSON: what a policy made of it is in nobody's hands before it is plain data again. */
function parsed(answer: Answer): Answer {
  if (!('value' in answer)) return answer;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own worker's answer
  return { value: JSON.parse(answer.value as string) };
}

const stopped: Answer = { problem: 'evaluation has been stopped' };
