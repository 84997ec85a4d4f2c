import { parentPort, workerData } from 'node:worker_threads';
import { WASI } from 'node:wasi';
import type { BuildAnswer } from './compiler.ts';

/** What the compiler exports: opa/main.go says what each does. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly allocate: (length: number) => number;
  readonly build: () => number;
  readonly output_pointer: () => number;
  readonly output_length: () => number;
}

/** Most that is kept of what Go says when it ends itself. */
const maxLastWords = 4096;

/** GOGC: less often than Go would, a third faster; the memory has its own limit. */
const environment = { GOGC: '400' };

// The module has no file system: WASI gives it a clock and random bytes, and nothing is opened beforehand.
const wasi = new WASI({ version: 'preview1', env: environment });
let lastWords = '';
let memory: WebAssembly.Memory | undefined;

/** `fd_write` of WASI preview 1: keeps what Go says of its own end, rather than have it appear on a terminal. */
function keepWords(_descriptor: number, vectors: number, count: number, written: number): number {
  const view = new DataView(memory?.buffer ?? new ArrayBuffer(0));
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const pointer = view.getUint32(vectors + index * 8, true);
    const length = view.getUint32(vectors + index * 8 + 4, true);
    total += length;
    if (lastWords.length < maxLastWords)
      lastWords += new TextDecoder().decode(new Uint8Array(view.buffer, pointer, length));
  }
  view.setUint32(written, total, true);
  return 0;
}

async function start(module: WebAssembly.Module): Promise<Exports> {
  const instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: { ...wasi.wasiImport, fd_write: keepWords },
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own module
  const exports = instance.exports as unknown as Exports;
  memory = exports.memory;
  wasi.initialize(instance);
  return exports;
}

function build(compiler: Exports, message: Uint8Array): BuildAnswer {
  const pointer = compiler.allocate(message.length);
  new Uint8Array(compiler.memory.buffer, pointer, message.length).set(message);
  const status = compiler.build();
  const output = new Uint8Array(
    compiler.memory.buffer,
    compiler.output_pointer(),
    compiler.output_length(),
  ).slice();
  return { status, output };
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own host's
const compiler = start((workerData as { readonly module: WebAssembly.Module }).module);
parentPort?.on('message', (message: Uint8Array) => {
  void compiler
    .then((exports) => build(exports, message))
    .catch((cause: unknown): BuildAnswer => ({ crash: lastWords === '' ? String(cause) : lastWords }))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    .then((answer) => parentPort?.postMessage(answer));
});
