import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { brotliDecompress } from 'node:zlib';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { BuildError } from './error.ts';
import { type BuildRequest, encodeRequest } from './message.ts';

/** What the worker answers. The statuses are those of opa/main.go. */
export type BuildAnswer =
  | { readonly status: number; readonly output: Uint8Array }
  | { readonly crash: string };

// Replaced when the program is built: there both lie beside the program.
declare const COMPILER: string | undefined;
declare const COMPILER_WORKER: string | undefined;
const workerUrl = new URL(
  typeof COMPILER_WORKER === 'string' ? COMPILER_WORKER : './worker.ts',
  import.meta.url,
);
const shipped = new URL(
  typeof COMPILER === 'string' ? COMPILER : '../../dist/opa-compiler.wasm.br',
  import.meta.url,
);

const decompress = promisify(brotliDecompress);

/** The default policy takes a second; no policy that a person has written takes minutes. */
const deadlineMs = 120_000;

/** Longest message of opa: it gives up after ten mistakes of a file. */
const maxMessage = 64 * 1024;

export interface CompilerOptions {
  /** Brotli-compressed module, instead of the one that was shipped. */
  readonly asset?: string;
  readonly deadlineMs?: number;
}

/**
 * OPA's own compiler in a thread of its own. It is compiled once and stays: from the second build on it is twice as
 * fast. One that crashed or was too slow is ended with its thread, and the next build starts another.
 */
export class Compiler {
  readonly #module: WebAssembly.Module;
  readonly #deadlineMs: number;
  #worker: Worker | undefined;
  #last: { readonly message: Uint8Array; readonly archive: Uint8Array } | undefined;

  private constructor(module: WebAssembly.Module, deadline: number) {
    this.#module = module;
    this.#deadlineMs = deadline;
  }

  /** @throws BuildError CompilerMissing */
  static async load({ asset = fileURLToPath(shipped), ...rest }: CompilerOptions = {}): Promise<Compiler> {
    const compressed = await readFile(asset).catch((cause: unknown) => {
      throw new BuildError('CompilerMissing', missing, { cause });
    });
    try {
      const module = await WebAssembly.compile(new Uint8Array(await decompress(compressed)));
      return new Compiler(module, rest.deadlineMs ?? deadlineMs);
    } catch (cause) {
      throw new BuildError(
        'CompilerMissing',
        `${escapeText(asset, 1024)} is damaged (${messageOf(cause)}): install the package again`,
        { cause },
      );
    }
  }

  /**
   * Builds a bundle, `.tar.gz`, of exactly what `opa build -b -t wasm` would. One at a time. What was built last is not
   * built again.
   * @throws BuildError CompilationFailed with opa's own text, LinkRefused, CompilationTimeout, CompilerCrashed
   */
  async build(request: BuildRequest): Promise<Uint8Array> {
    const message = encodeRequest(request);
    if (this.#last !== undefined && Buffer.compare(this.#last.message, message) === 0)
      return this.#last.archive;
    const answer = await this.#ask(message);
    if ('crash' in answer) {
      await this.close();
      const [first = ''] = answer.crash.split('\n');
      throw new BuildError(
        'CompilerCrashed',
        /out of memory/.test(answer.crash)
          ? 'the compiler needs more than the 1 GiB of memory that it may have: make the policy, or its data, smaller'
          : `the compiler ended itself: ${escapeText(first, 1024)}`,
      );
    }
    const text = (): string => showLines(new TextDecoder().decode(answer.output.subarray(0, maxMessage)));
    if (answer.status === 0) {
      this.#last = { message, archive: answer.output };
      return answer.output;
    }
    if (answer.status === 1) throw new BuildError('CompilationFailed', text());
    if (answer.status === 2) throw new BuildError('LinkRefused', text());
    throw new BuildError('CompilerCrashed', `a defect of the compiler: ${text()}`);
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #ask(message: Uint8Array<ArrayBuffer>): Promise<BuildAnswer> {
    // node:wasi warns of itself on standard error.
    const worker = (this.#worker ??= new Worker(workerUrl, {
      workerData: { module: this.#module },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    }));
    const { promise, resolve, reject } = Promise.withResolvers<BuildAnswer>();
    const exited = (): void => resolve({ crash: 'its thread has ended' });
    const timer = setTimeout(() => {
      const seconds = (this.#deadlineMs / 1000).toFixed(0);
      reject(new BuildError('CompilationTimeout', `the compiler has not finished after ${seconds} s`));
    }, this.#deadlineMs);
    worker.once('message', resolve).once('error', reject).once('exit', exited);
    try {
      // Copied: the message is kept, to see whether the next one is another.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(message);
      return await promise;
    } catch (cause) {
      await this.close();
      if (cause instanceof BuildError) throw cause;
      throw new BuildError('CompilerCrashed', `the compiler's thread failed: ${messageOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', reject).off('exit', exited);
    }
  }
}

const missing =
  "OPA's compiler is not here: the container image does not carry it. The npm package does (`npx rego-csr-approver build`), and so does `dist/` after `make compiler`; `opa build -b DIR -t wasm` makes the same bundle";

/** Rego and data of others are in opa's messages, and stay in their lines and columns. */
function showLines(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines
    .map((line) =>
      line
        .split('\t')
        .map((part) => escapeLine(part))
        .join('\t'),
    )
    .join('\n');
}

/** A backslash is opa's own quoting, of what it says in quotes. */
function escapeLine(line: string): string {
  return escapeText(line, maxMessage).replaceAll('\\\\', '\\');
}
