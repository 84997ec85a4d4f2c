/** One program of the control plane: started, watched until ready, killed and started again at will. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlPlaneError } from './error.ts';
import { logFileName, type ComponentName } from './protocol.ts';
import type { Supervisor } from './supervisor.ts';

const pollMs = 50;
const exitTimeoutMs = 30_000;
const gracefulMs = 10_000;
const logTailLines = 25;
const endingSignals: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT']);

const nameOf = (flag: string): string => flag.split('=')[0] ?? '';

export type ComponentSpec = {
  readonly name: ComponentName;
  readonly file: string;
  readonly args: readonly string[];
  /** Whether it does its work by now; false and a throw both mean not yet. */
  readonly isReady: () => Promise<boolean>;
  readonly readyTimeoutMs: number;
};

export class Component {
  readonly name: ComponentName;
  readonly logFile: string;
  readonly #supervisor: Supervisor;
  readonly #spec: ComponentSpec;
  #pid: number | undefined;
  #lastExit = '';

  constructor(supervisor: Supervisor, spec: ComponentSpec) {
    this.name = spec.name;
    this.logFile = join(supervisor.dir, logFileName(spec.name));
    this.#supervisor = supervisor;
    this.#spec = spec;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** Resolves when it is ready. `flags` are for this start only, each in place of those of its name. */
  async start(flags: readonly string[] = []): Promise<void> {
    const { file, args, isReady, readyTimeoutMs } = this.#spec;
    const named = new Set(flags.map(nameOf));
    const all = [...args.filter((arg) => !named.has(nameOf(arg))), ...flags];
    const pid = await this.#supervisor.startComponent(this.name, file, all, ({ how }) => {
      this.#pid = undefined;
      this.#lastExit = how;
    });
    this.#pid = pid;
    const deadline = performance.now() + readyTimeoutMs;
    for (;;) {
      await sleep(pollMs);
      if (this.#pid !== pid) throw this.#error(`ended while starting, ${this.#lastExit}`);
      if (await isReady().catch(() => false)) return;
      if (performance.now() > deadline) throw this.#error(`is not ready after ${readyTimeoutMs / 1000} s`);
    }
  }

  /** Sends the signal, and waits for the end where the signal asks for one (not after SIGSTOP or SIGCONT). */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#pid === undefined) return;
    await this.#supervisor.signal(this.name, signal);
    if (endingSignals.has(signal) && !(await this.#ended(exitTimeoutMs)))
      throw this.#error(`still runs ${exitTimeoutMs / 1000} s after ${signal}`);
  }

  /** Asks it to end and, after a while, makes it. */
  async stop(): Promise<void> {
    if (this.#pid === undefined) return;
    await this.#supervisor.signal(this.name, 'SIGTERM');
    if (!(await this.#ended(gracefulMs))) await this.kill();
  }

  async restart(flags: readonly string[] = []): Promise<void> {
    await this.stop();
    await this.start(flags);
  }

  /** The end of what it wrote to stdout and stderr. */
  logTail(lines = logTailLines): string {
    if (!existsSync(this.logFile)) return '';
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  async #ended(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.#pid !== undefined && performance.now() < deadline) await sleep(pollMs);
    return this.#pid === undefined;
  }

  #error(what: string): ControlPlaneError {
    return new ControlPlaneError(`${this.name} ${what}; the end of its log:\n${this.logTail()}`);
  }
}
