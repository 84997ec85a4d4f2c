import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Task } from './protocol.ts';

export type Outcome =
  | { readonly kind: 'killed'; readonly file: string; readonly test: string }
  /** It did not end: a loop, or no memory left. */
  | { readonly kind: 'stuck'; readonly file: string }
  | { readonly kind: 'survived' };

/** Modules of old mutants stay in memory. */
const TASKS_PER_PROCESS = 150;

/** One worker process at a time, with a deadline for each test file. */
export class Lane {
  readonly #root: string;
  readonly #seed: number;
  #child: ChildProcess | undefined;
  #tasks = 0;

  constructor(root: string, seed: number) {
    this.#root = root;
    this.#seed = seed;
  }

  /** `deadline` gives the milliseconds that a test file may take. */
  async run(task: Task, deadline: (file: string) => number): Promise<Outcome> {
    if (this.#tasks >= TASKS_PER_PROCESS) this.close();
    this.#child ??= await this.#start();
    this.#tasks += 1;
    const outcome = await ask(this.#child, task, deadline);
    if (outcome.kind === 'stuck') this.close();
    return outcome;
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    this.#tasks = 0;
  }

  #start(): Promise<ChildProcess> {
    const child = fork(
      fileURLToPath(new URL('worker.ts', import.meta.url)),
      [this.#root, String(this.#seed)],
      {
        cwd: this.#root,
        // A worker without memory says so at length.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        execArgv: ['--max-old-space-size=768', '--no-warnings'],
      },
    );
    return new Promise((resolve, reject) => {
      child.once('message', () => resolve(child));
      child.once('exit', (code) => reject(new Error(`the worker did not start: ${code}`)));
    });
  }
}

function ask(child: ChildProcess, task: Task, deadline: (file: string) => number): Promise<Outcome> {
  return new Promise((resolve) => {
    let file = '';
    let timer: NodeJS.Timeout | undefined;
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.off('message', listen);
      child.off('exit', stuck);
      resolve(outcome);
    };
    const stuck = (): void => finish({ kind: 'stuck', file });
    const listen = (answer: Answer): void => {
      if (answer.kind === 'ready') return;
      if (answer.kind !== 'began') return finish(answer);
      file = answer.file;
      clearTimeout(timer);
      timer = setTimeout(stuck, deadline(file));
    };
    child.on('message', listen);
    child.once('exit', stuck);
    child.send(task);
  });
}
