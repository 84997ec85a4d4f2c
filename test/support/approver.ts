import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShadowStatus } from '../../src/activation/shadow-record.ts';
import type { BundleStatus } from '../../src/activation/status.ts';
import type { LeaderStatus, ProgramStatus } from '../../src/status/status.ts';

/** What is said in the configuration file, beside what every test needs. */
export interface ApproverOptions {
  readonly kubeconfig: string;
  /** Lines of YAML, such as `onDeny: deny`. */
  readonly config?: string;
  readonly bundle?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether to wait for /readyz; else for the health server alone. */
  readonly ready?: boolean;
  /** Of the health server, where somebody else than this test asks it; loopback unless said. */
  readonly address?: string;
}

const executable = new URL('../../dist/rego-csr-approver', import.meta.url).pathname;

const loopback = '127.0.0.1';

/** The shipped program, running as a process of its own against a cluster. */
export class Approver {
  readonly process: ChildProcess;
  readonly #directory: string;
  readonly #address: string;
  #log = '';
  #output = '';
  readonly #lines: Record<string, unknown>[] = [];
  /** So much of the log is in `lines`. */
  #read = 0;

  private constructor(process: ChildProcess, directory: string, address: string) {
    this.process = process;
    this.#directory = directory;
    this.#address = address;
    process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#output += chunk;
    });
    process.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#log += chunk;
    });
  }

  static async start(options: ApproverOptions): Promise<Approver> {
    const approver = Approver.launch(options);
    await approver.#started(options.ready ?? true);
    return approver;
  }

  /** The same without waiting for anything. */
  static launch(options: ApproverOptions): Approver {
    const directory = mkdtempSync(join(tmpdir(), 'approver-'));
    const config = join(directory, 'config.yaml');
    writeFileSync(
      config,
      `apiVersion: rego-csr-approver/v1alpha1
kind: ApproverConfiguration
server: {address: "${options.address ?? loopback}", port: 0}
admin: {address: 127.0.0.1, port: 0}
${options.config ?? ''}
`,
    );
    const args = ['run', '--kubeconfig', options.kubeconfig, '--config', config];
    if (options.bundle !== undefined) args.push('--bundle', options.bundle);
    const child = spawn(executable, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    return new Approver(child, directory, options.address ?? loopback);
  }

  /** Everything it has logged. */
  get log(): string {
    return this.#log;
  }

  /** What it has written to standard output. */
  get output(): string {
    return this.#output;
  }

  /** Its log as objects; each line is read once, because a long log is asked for again and again. */
  get lines(): readonly Record<string, unknown>[] {
    const end = this.#log.lastIndexOf('\n') + 1;
    const fresh = this.#log.slice(this.#read, end).split('\n');
    this.#read = end;
    for (const line of fresh) if (line.startsWith('{')) this.#lines.push(JSON.parse(line));
    return this.#lines;
  }

  /** Status and body of an endpoint of its health server. */
  async get(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://${this.#address}:${String(this.port)}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** What its admin server says of its bundles. */
  async status(): Promise<Readonly<Record<string, BundleStatus>>> {
    return (await this.wholeStatus()).bundles;
  }

  /** What it says of the candidate policy. */
  async shadow(): Promise<ShadowStatus> {
    const { shadow } = await this.wholeStatus();
    if (shadow === undefined) throw new Error('there is no candidate policy');
    return shadow;
  }

  /** What it says of the leader election. */
  async leader(): Promise<LeaderStatus> {
    return (await this.wholeStatus()).leader;
  }

  /**
   * Its threads, those of them that evaluate policies, its open files and sockets, and the memory that it has in use, as
   * the kernel counts them.
   */
  async usage(): Promise<{ threads: number; workers: number; descriptors: number; residentMiB: number }> {
    const of = `/proc/${String(this.process.pid)}`;
    const threads = await readdir(`${of}/task`);
    // One may end meanwhile.
    const names = await Promise.all(
      threads.map((id) => readFile(`${of}/task/${id}/comm`, 'utf8').catch(() => '')),
    );
    const [, resident] = /^VmRSS:\s+(\d+)/m.exec(await readFile(`${of}/status`, 'utf8')) ?? [];
    return {
      threads: threads.length,
      workers: names.filter((name) => name.trim() === 'WorkerThread').length,
      descriptors: (await readdir(`${of}/fd`)).length,
      residentMiB: Number(resident) / 1024,
    };
  }

  /** Sends SIGTERM and gives the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      this.process.kill(signal);
      // One that does not end must not hold the whole run: the test sees that it was killed.
      const overdue = setTimeout(() => this.process.kill('SIGKILL'), 30_000);
      await exited;
      clearTimeout(overdue);
    }
    rmSync(this.#directory, { recursive: true, force: true });
    return this.process.exitCode;
  }

  /** Of the health server; undefined before it listens. */
  get port(): number | undefined {
    const line = this.lines.find(({ port }) => typeof port === 'number');
    return typeof line?.['port'] === 'number' ? line['port'] : undefined;
  }

  /** Where its admin server listens. */
  get admin(): string {
    const { port } = this.lines.find(({ msg }) => msg === 'serving /v1/status') ?? {};
    return `http://127.0.0.1:${String(port)}`;
  }

  /** All that its admin server says. */
  async wholeStatus(): Promise<ProgramStatus> {
    const response = await fetch(`${this.admin}/v1/status`);
    const { result }: { result: ProgramStatus } = JSON.parse(await response.text());
    return result;
  }

  async #started(ready: boolean): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (performance.now() < deadline) {
      if (this.process.exitCode !== null) break;
      // oxlint-disable-next-line no-await-in-loop -- waiting for a process
      if (this.port !== undefined && (!ready || (await this.get('/readyz')).status === 200)) return;
      // oxlint-disable-next-line no-await-in-loop
      await sleep(20);
    }
    await this.stop('SIGKILL');
    throw new Error(`the approver did not start:\n${this.#log}`);
  }
}
