import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { buildReceiver } from './build.ts';

/** A running receiver of decision logs, which reads what it is sent into OPA's own structure. */
export class Receiver {
  readonly #process: ChildProcess;
  readonly #output: Interface;
  readonly port: number;
  /** What it has taken. */
  readonly events: Record<string, unknown>[] = [];
  /** Why it has refused anything. */
  complaints = '';

  private constructor(process: ChildProcess, output: Interface, port: number) {
    this.#process = process;
    this.#output = output;
    this.port = port;
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaints += text));
    output.on('line', (line) => this.events.push(JSON.parse(line)));
  }

  static async start(): Promise<Receiver> {
    const child = spawn(await buildReceiver(), [], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = createInterface({ input: child.stdout });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the receiver ended with ${String(code)}`)));
      output.once('line', (line) => resolve(Number(line)));
    });
    return new Receiver(child, output, port);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
    this.#output.close();
  }
}

/** What is wrong with the first bad one of lines of a decision log; empty when all are good. */
export async function problemIn(lines: string): Promise<string> {
  const child = spawn(await buildReceiver(), ['lines'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.stdin.on('error', () => undefined).end(lines);
  await new Promise((resolve) => child.once('close', resolve));
  return complaint;
}
