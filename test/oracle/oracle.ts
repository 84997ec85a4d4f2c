import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { OracleAnswer } from './answer.ts';
import { buildOracle } from './build.ts';

const run = promisify(execFile);

interface Waiting {
  readonly resolve: (answer: OracleAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A running oracle. Questions may be asked before earlier ones are answered: answers come in order. */
export class Oracle {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<void>;
  #complaint = '';

  private constructor(executable: string) {
    this.#process = spawn(executable, [], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaint += text));
    this.#process.stdin.on('error', (error) => this.#fail(error));
    this.#process.on('error', (error) => this.#fail(error));
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const answer: OracleAnswer = JSON.parse(line);
      this.#waiting.shift()?.resolve(answer);
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once('close', (code) => {
        this.#fail(new Error(`the oracle ended with ${code}: ${this.#complaint}`));
        resolve();
      });
    });
  }

  static async start(): Promise<Oracle> {
    return new Oracle(await buildOracle());
  }

  async ask(request: Uint8Array): Promise<OracleAnswer> {
    const [answer] = await this.askAll([request]);
    if (answer === undefined) throw new Error('the oracle did not answer');
    return answer;
  }

  /** One write for many requests, which is what makes the differential tests fast. */
  askAll(requests: readonly Uint8Array[]): Promise<OracleAnswer[]> {
    const answers = requests.map(
      () => new Promise<OracleAnswer>((resolve, reject) => this.#waiting.push({ resolve, reject })),
    );
    this.#process.stdin.write(Buffer.concat(requests.flatMap((request) => [frameHead(request), request])));
    return Promise.all(answers);
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Requests as kubelets make them, written by client-go. */
export async function kubeletRequests(): Promise<Uint8Array[]> {
  const { stdout } = await run(await buildOracle(), ['kubelet'], { encoding: 'buffer', maxBuffer: 2 ** 26 });
  const requests: Uint8Array[] = [];
  for (let at = 0; at < stdout.length;) {
    const end = at + 4 + stdout.readUInt32BE(at);
    requests.push(new Uint8Array(stdout.subarray(at + 4, end)));
    at = end;
  }
  return requests;
}

function frameHead(request: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(request.length);
  return head;
}
