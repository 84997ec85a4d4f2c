// oxlint-disable unicorn/require-post-message-target-origin -- a thread's port, not a window
import { Worker } from 'node:worker_threads';
import { messageOf } from '../text/message.ts';
import { Progress } from './progress.ts';
import type { Answer, EvaluateQuestion, Question, Questions, StartQuestion } from './question.ts';

/** Starting a module is compiling it for this thread: once, and not under anybody's control but its builder's. */
export const startMs = 10_000;

const stopped: Answer = { problem: 'evaluation has been stopped' };

// Replaced when the program is built.
declare const WORKER: string | undefined;
const workerUrl = new URL(typeof WORKER === 'string' ? WORKER : './worker.ts', import.meta.url);

/** By the place of their questions; one without an answer is to be asked again. */
export type Answers = readonly (Answer | undefined)[];

/** The questions that are being answered. */
interface Running {
  readonly questions: Questions;
  readonly deadlineMs: number;
  readonly settle: (answers: Answers) => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * One thread that evaluates, one question after the other.
 *
 * A question that takes too long is ended together with the worker that answers it, and another worker takes its place,
 * with all modules started. Asking more before the last is answered is a mistake of the caller's.
 */
export class Thread {
  readonly #modules: ReadonlyMap<number, StartQuestion>;
  /** Modules that the present worker can be asked. */
  readonly #started = new Set<number>();
  /** Of the present worker, and no other: one that is being ended may still write to its own. */
  #progress = new Progress();
  #worker: Worker | undefined;
  #running: Running | undefined;
  #closed = false;

  /** @param modules what every thread has to have started; it may grow */
  constructor(modules: ReadonlyMap<number, StartQuestion>) {
    this.#modules = modules;
  }

  /** Has a module started. Never throws: what goes wrong is a problem. */
  async start(question: StartQuestion): Promise<Answer> {
    const [answer = stopped] = await this.#post([question], startMs);
    if ('value' in answer) this.#started.add(question.id);
    return answer;
  }

  /**
   * Evaluates one or several. Never throws: what goes wrong is a problem, of that question alone. At least one is
   * answered.
   * @param deadlineMs of each
   */
  async evaluate(questions: readonly EvaluateQuestion[], deadlineMs: number): Promise<Answers> {
    // Not at the cost of whoever asks next: what an earlier question has spoiled has a start's time, not an evaluation's.
    const problem = await this.prepare();
    if (problem !== undefined) {
      const hopeless = questions.map(({ id }) => (this.#started.has(id) ? undefined : problem));
      if (hopeless.some((answer) => answer !== undefined)) return hopeless;
    }
    const answers = await this.#post(questions, deadlineMs);
    for (const [index, answer] of answers.entries()) {
      const question = questions[index];
      if (question !== undefined && answer !== undefined && 'spoiled' in answer && answer.spoiled)
        this.#started.delete(question.id);
    }
    return answers;
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
      const answer = await this.start(question);
      if ('problem' in answer) problem = answer;
    }
    return problem;
  }

  /** Ends the worker, for good; whoever still waits gets a problem. */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = this.#end();
    this.#settle(this.#running?.questions.map(() => stopped) ?? []);
    await ended;
  }

  #post(questions: Questions, deadlineMs: number): Promise<Answers> {
    if (this.#closed) return Promise.resolve(questions.map(() => stopped));
    return new Promise((settle) => {
      this.#worker ??= this.#spawn();
      this.#running = { questions, deadlineMs, settle, timer: undefined };
      this.#progress.begin(0, process.hrtime.bigint());
      this.#expect(this.#running, deadlineMs);
      try {
        this.#worker.postMessage(questions);
      } catch (cause) {
        // Nested too deeply to be copied: an object of the cluster may be, and the program must not end of it.
        const problem = `the question cannot be handed over: ${messageOf(cause)}`;
        const good = questions.length > 1 ? questions.map(isCopied) : [];
        const isKnown = good.includes(false);
        this.#settle(questions.map((_, at) => (isKnown && good[at] === true ? undefined : { problem })));
      }
    });
  }

  #spawn(): Worker {
    this.#progress = new Progress();
    const worker = new Worker(workerUrl, {
      workerData: this.#progress.shared,
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.on('message', (answers: readonly Answer[]) => {
      if (worker === this.#worker) this.#settle(answers);
    });
    const ended = (problem: string) => {
      if (worker !== this.#worker) return;
      this.#forget();
      this.#settleOne({ problem });
    };
    worker.on('error', (cause) => ended(`the evaluation ended its thread: ${cause.message}`));
    worker.on('exit', () => ended('the evaluation ended its thread'));
    // Last: a listener for messages would hold the process again.
    worker.unref();
    return worker;
  }

  /** The timer also keeps the process alive while the answer is due; the thread alone does not. */
  #expect(running: Running, ms: number): void {
    running.timer = setTimeout(() => {
      // Answers that are here already, and were only not read yet, count.
      setImmediate(() => this.#overdue(running));
    }, ms);
  }

  #settle(answers: Answers): void {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.timer);
    running?.settle(answers);
  }

  /** The worker has ended: whichever question it was at has this answer. What it had answered before is gone with it. */
  #settleOne(answer: Answer): void {
    const { index } = this.#progress.read(process.hrtime.bigint());
    this.#settle(this.#running?.questions.map((_, at) => (at === index ? answer : undefined)) ?? []);
  }

  #overdue(running: Running): void {
    if (running !== this.#running) return;
    const { index, forMs } = this.#progress.read(process.hrtime.bigint());
    if (forMs < running.deadlineMs) {
      // It has come further meanwhile: each question has a deadline of its own.
      this.#expect(running, running.deadlineMs - forMs);
      return;
    }
    void this.#end();
    const question = running.questions[index];
    const what = question?.kind === 'evaluate' ? question.entrypoint : 'starting the module';
    this.#settleOne({ problem: `${what} took longer than ${String(running.deadlineMs)} ms`, overdue: true });
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

/** Whether a question can be handed to another thread; asked only when several together could not. */
function isCopied(question: Question): boolean {
  try {
    structuredClone(question);
    return true;
  } catch {
    return false;
  }
}
