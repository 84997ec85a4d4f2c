/** The test's side of a supervisor (see supervisor-main.ts). */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ControlPlaneError } from './error.ts';
import type { ComponentName, Report, Request } from './protocol.ts';

type Waiting = {
  readonly resolve: (pid: number | undefined) => void;
  readonly reject: (error: Error) => void;
};
type Body = Request extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never;

export type Exit = { readonly how: string; readonly pid: number };

export class Supervisor {
  readonly dir: string;
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exits = new Map<number, (exit: Exit) => void>();
  #lastId = 0;

  private constructor(child: ChildProcess, dir: string) {
    this.#process = child;
    this.dir = dir;
    this.pid = child.pid ?? 0;
    child.on('message', (report: Report) => this.#receive(report));
    child.once('exit', () => this.#lost());
  }

  static async start(): Promise<Supervisor> {
    const child = fork(join(import.meta.dirname, 'supervisor-main.ts'), [], {
      detached: true,
      execArgv: [], // A test runner's own flags are not for it.
      env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'] },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const dir = await new Promise<string>((resolve, reject) => {
      child.once('message', (report: Report) => {
        if (report.kind === 'hello') resolve(report.dir);
      });
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new ControlPlaneError(`the supervisor ended at once, exit code ${code}`)),
      );
    });
    // A test that forgets to stop it must still be able to end; ending it is what stops the control plane then.
    child.unref();
    child.channel?.unref();
    return new Supervisor(child, dir);
  }

  /** Resolves with the pid once the program runs; `exited` is called when it no longer does. */
  async startComponent(
    name: ComponentName,
    file: string,
    args: readonly string[],
    exited: (exit: Exit) => void,
  ): Promise<number> {
    const pid = (await this.#ask({ op: 'start', name, file, args })) ?? 0;
    this.#exits.set(pid, exited);
    return pid;
  }

  async signal(name: ComponentName, signal: NodeJS.Signals): Promise<void> {
    await this.#ask({ op: 'signal', name, signal });
  }

  /** Stops every component, removes the directory, ends the supervisor. Once is enough, more do no harm. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.ref();
    const exited = once(this.#process, 'exit');
    if (this.#process.connected) {
      await this.#ask({ op: 'stop' });
      if (this.#process.connected) this.#process.disconnect();
    }
    await exited;
  }

  #ask(body: Body): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#process.channel?.ref();
      this.#process.send({ id, ...body } satisfies Request, (error) => {
        if (error !== null) this.#lost();
      });
    });
  }

  #receive(report: Report): void {
    switch (report.kind) {
      case 'hello':
        break;
      case 'reply': {
        const waiting = this.#waiting.get(report.id);
        this.#waiting.delete(report.id);
        if (this.#waiting.size === 0) this.#process.channel?.unref();
        if (report.error === undefined) waiting?.resolve(report.pid);
        else waiting?.reject(new ControlPlaneError(report.error));
        break;
      }
      case 'exit':
        // After the reply's continuation has run: an exit can come right behind the pid.
        setImmediate(() => this.#exits.get(report.pid)?.(report));
        break;
    }
  }

  #lost(): void {
    for (const { reject } of this.#waiting.values())
      reject(new ControlPlaneError('the supervisor of the control plane is gone'));
    this.#waiting.clear();
  }
}
