import type { ModuleFacts } from './instance.ts';
import type { Answer, EvaluateQuestion, StartQuestion } from './question.ts';
import { fewQuestions, maxQuestions } from './question.ts';
import { startMs, Thread } from './thread.ts';

export interface IsolateOptions {
  /** Longest evaluation, by the clock: a container over its CPU quota stands still for up to 100 ms of it. */
  readonly deadlineMs?: number;
  /** Most memory of one module in one thread. */
  readonly maxMiB?: number;
  /** Threads: so many evaluations at the same time. */
  readonly workers?: number;
  /** Most questions of one message. More cost less, and each waits for the others. */
  readonly questions?: number;
}

/** A module to start in one thread, or an evaluation for any of them. */
type Job =
  | { readonly question: StartQuestion; readonly thread: Thread; readonly settle: (answer: Answer) => void }
  | {
      readonly question: EvaluateQuestion;
      readonly deadlineMs: number;
      readonly thread: undefined;
      readonly settle: (answer: Answer) => void;
    };
type Evaluation = Job & { readonly thread: undefined };

/**
 * Threads of their own in which policies are evaluated: each question by the first that is idle, in the order in which
 * they were asked; several in one message where they are asked in one turn, or wait. So neither the watch nor the health
 * server ever waits for a policy, and what a policy does to its thread concerns nobody but the question that it was
 * asked: others of the same message are asked again.
 */
export class Isolate {
  readonly #deadlineMs: number;
  readonly #maxMiB: number;
  readonly #modules = new Map<number, StartQuestion>();
  readonly #questions: number;
  readonly #threads: readonly Thread[];
  readonly #idle: Set<Thread>;
  #nextId = 0;
  #jobs: Job[] = [];
  #scheduled = false;
  #closed = false;

  constructor({ deadlineMs = 500, maxMiB = 32, workers = 1, questions = fewQuestions }: IsolateOptions = {}) {
    this.#questions = Math.min(questions, maxQuestions);
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
    const answers = await Promise.all(this.#threads.map((thread) => this.#ask({ question, thread })));
    for (const answer of answers) if ('problem' in answer) throw new Error(answer.problem);
    this.#modules.set(id, question);
    const [first] = answers;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own worker's answer
    return { id, ...(first as { value: ModuleFacts }).value };
  }

  /** Evaluates an entrypoint of a started module. Never throws: what goes wrong is a problem. */
  async evaluate(id: number, entrypoint: string, input: object): Promise<Answer> {
    return this.#evaluate({ kind: 'evaluate', id, entrypoint, input }, this.#deadlineMs);
  }

  /** The same with the patience of a start: the first evaluation also compiles the functions that it calls. */
  async selfTest(id: number, entrypoint: string, input: object): Promise<Answer> {
    return this.#evaluate({ kind: 'evaluate', id, entrypoint, input }, startMs);
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

  async #evaluate(question: EvaluateQuestion, deadlineMs: number): Promise<Answer> {
    return parsed(await this.#ask({ question, deadlineMs, thread: undefined }));
  }

  #ask(job: Omit<Job & { thread: Thread }, 'settle'> | Omit<Evaluation, 'settle'>): Promise<Answer> {
    if (this.#closed) return Promise.resolve(stopped);
    return new Promise((settle) => {
      this.#jobs.push({ ...job, settle });
      if (job.thread === undefined) this.#schedule();
      else this.#next();
    });
  }

  /** In a microtask: what is asked in one turn, such as what floor and policy say of one input, goes in one message. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  /** Hands every job that can be answered now to a thread. */
  #next(): void {
    for (let at = 0; at < this.#jobs.length && this.#idle.size > 0;) {
      const job = this.#jobs[at];
      const [anyone] = this.#idle;
      const thread = job?.thread ?? anyone;
      if (job === undefined || thread === undefined || !this.#idle.has(thread)) {
        at += 1;
      } else if (job.thread === undefined) {
        const share = Math.ceil((this.#jobs.length - at) / this.#idle.size);
        void this.#run(this.#take(at, Math.min(share, this.#questions)), thread);
      } else {
        this.#jobs.splice(at, 1);
        void this.#start(job, thread);
      }
    }
  }

  /** Evaluations of one deadline that follow each other. */
  #take(from: number, most: number): Evaluation[] {
    const taken: Evaluation[] = [];
    for (const job of this.#jobs.slice(from, from + most)) {
      if (job.thread !== undefined || (taken[0] !== undefined && job.deadlineMs !== taken[0].deadlineMs))
        break;
      taken.push(job);
    }
    this.#jobs.splice(from, taken.length);
    return taken;
  }

  async #start({ question, settle }: Job & { thread: Thread }, thread: Thread): Promise<void> {
    this.#idle.delete(thread);
    settle(await thread.start(question));
    await this.#rest(thread);
  }

  async #run(jobs: readonly Evaluation[], thread: Thread): Promise<void> {
    this.#idle.delete(thread);
    const questions = jobs.map(({ question }) => question);
    const answers = await thread.evaluate(questions, jobs[0]?.deadlineMs ?? 0);
    const again: Evaluation[] = [];
    for (const [index, job] of jobs.entries()) {
      const answer = this.#closed ? stopped : answers[index];
      if (answer === undefined) again.push(job);
      else job.settle(answer);
    }
    // Ahead of whoever asked later.
    this.#jobs.unshift(...again);
    await this.#rest(thread);
  }

  async #rest(thread: Thread): Promise<void> {
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
