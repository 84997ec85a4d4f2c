/**
 * A machine of the story: namespaces of its own for mounts and host name and, but for the control plane's, for the
 * network. What hosts keep in /run and /var/log is in memory and seen by its own processes only, so several kubelets
 * use one machine's usual places. All of it is gone with its last process.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Deviation } from '../demo/deviation.ts';
import { command } from './command.ts';

/** The bridge, in the namespace that the story runs in. The machine of the control plane has its address. */
const bridge = 'br0';
const prefixLength = 24;
export const controlAddress = '10.88.0.1';

const stopMs = 10_000;

/** The wire that the machines share; the namespace is new, so every name and address is free. */
export async function layNetwork(): Promise<void> {
  await command('ip', ['link', 'set', 'lo', 'up']);
  await command('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await command('ip', ['address', 'add', `${controlAddress}/${prefixLength}`, 'dev', bridge]);
  await command('ip', ['link', 'set', bridge, 'up']);
  // A kubelet without a default route finds no address of its own.
  await command('ip', ['route', 'add', 'default', 'via', '10.88.0.254']);
}

export class Machine {
  readonly name: string;
  readonly address: string;
  readonly #holder: ChildProcess;

  private constructor(name: string, address: string, holder: ChildProcess) {
    this.name = name;
    this.address = address;
    this.#holder = holder;
  }

  static async boot(name: string, address: string): Promise<Machine> {
    const own = address === controlAddress ? [] : ['--net'];
    // `cat` holds the namespaces: it ends when its stdin does, that is, with us.
    const setUp =
      'mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log && echo "$0" > /proc/sys/kernel/hostname && echo up && exec cat';
    const holder = spawn(
      'unshare',
      [...own, '--mount', '--uts', '--propagation', 'private', '--', 'sh', '-ec', setUp, name],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    holder.stdin.on('error', () => undefined);
    const up = await Promise.race([
      once(holder.stdout, 'data').then(([chunk]) => String(chunk).trim() === 'up'),
      once(holder, 'exit').then(() => false),
    ]);
    if (!up) throw new Deviation(`the namespaces of ${name} could not be set up`);
    const machine = new Machine(name, address, holder);
    if (own.length > 0) await machine.#plugIn();
    return machine;
  }

  /** Where a file of the machine is for us. */
  path(file: string): string {
    return join(`/proc/${this.#holder.pid}/root`, file);
  }

  /** Whoever watches the directory sees the file whole or not at all. */
  write(file: string, text: string | Uint8Array): void {
    this.makeDirectory(dirname(file));
    const draft = this.path(`${dirname(file)}/.${basename(file)}`);
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, this.path(file));
  }

  makeDirectory(directory: string): void {
    mkdirSync(this.path(directory), { recursive: true });
  }

  has(file: string): boolean {
    return lstatSync(this.path(file), { throwIfNoEntry: false }) !== undefined;
  }

  /** A symbolic link is followed as the machine would. */
  read(file: string): string {
    const here = this.path(file);
    if (!lstatSync(here).isSymbolicLink()) return readFileSync(here, 'utf8');
    return this.read(resolve(dirname(file), readlinkSync(here)));
  }

  /** The same; undefined while it is not there, as between a kubelet's removing a link and making the next one. */
  find(file: string): string | undefined {
    try {
      return this.read(file);
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw cause;
    }
  }

  /** Runs something on the machine to its end; gives its stdout. */
  run(file: string, args: readonly string[]): Promise<string> {
    return command('nsenter', [...this.#enter(), file, ...args]);
  }

  /** Starts something that goes on; its output is in /var/log of the machine. */
  start(name: string, file: string, args: readonly string[]): Daemon {
    const log = this.path(`/var/log/${name}.log`);
    const output = openSync(log, 'a');
    const child = spawn('nsenter', [...this.#enter(), file, ...args], {
      stdio: ['ignore', output, output],
      env: { PATH: process.env['PATH'], HOME: '/run' }, // Our TMPDIR is not there.
    });
    closeSync(output);
    return new Daemon(`${name} of ${this.name}`, child, log);
  }

  #enter(): string[] {
    // nsenter becomes the program: its pid is the program's.
    return [`--target=${this.#holder.pid}`, '--mount', '--uts', '--net', '--'];
  }

  async #plugIn(): Promise<void> {
    const port = `v-${this.name}`;
    const peer = ['peer', 'name', 'eth0', 'netns', String(this.#holder.pid)];
    await command('ip', ['link', 'add', port, 'type', 'veth', ...peer]);
    await command('ip', ['link', 'set', port, 'master', bridge, 'up']);
    await this.run('ip', ['link', 'set', 'lo', 'up']);
    await this.run('ip', ['address', 'add', `${this.address}/${prefixLength}`, 'dev', 'eth0']);
    await this.run('ip', ['link', 'set', 'eth0', 'up']);
    await this.run('ip', ['route', 'add', 'default', 'via', controlAddress]);
  }
}

/** A program that runs until it is stopped. */
export class Daemon {
  readonly name: string;
  readonly process: ChildProcess;
  readonly #log: string;
  #wanted = true;

  constructor(name: string, child: ChildProcess, log: string) {
    this.name = name;
    this.process = child;
    this.#log = log;
  }

  /** The end of its output. */
  logTail(lines = 15): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Throws when it no longer runs, and nobody has stopped it. */
  expectRunning(): void {
    const { exitCode, signalCode } = this.process;
    if (!this.#wanted || (exitCode === null && signalCode === null)) return;
    throw new Deviation(`the ${this.name} has ended: ${signalCode ?? `exit code ${String(exitCode)}`}`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#wanted = false;
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    const overdue = setTimeout(() => this.process.kill('SIGKILL'), stopMs);
    await exited;
    clearTimeout(overdue);
  }
}
