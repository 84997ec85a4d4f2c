// oxlint-disable typescript/no-unsafe-type-assertion -- the SDK's declarations say `any` of its internals
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { messageOf } from '../text/message.ts';
import { abiOf, isSupported } from './abi.ts';
import { EvaluationError } from './error.ts';

type Loaded = Awaited<ReturnType<typeof loadPolicy>>;

/** A WebAssembly page is 64 KiB. */
const pagesPerMiB = 16;

/**
 * Longest value of a rule, as JSON. Reasons for each of 64 names take some 20 KiB; each ends in a log line, and in memory
 * while its request is pending.
 */
const maxDecision = 256 * 1024;

/** What a module says of itself once it has started. */
export interface ModuleFacts {
  /** Version of the interface between module and host, `MAJOR.MINOR`; one that is not ours has not been started. */
  readonly abi: string;
  /** Entrypoints that it was compiled with, as paths with slashes. */
  readonly entrypoints: readonly string[];
  /** Functions that its host must supply. */
  readonly builtins: readonly string[];
}

/** One bundle's WebAssembly module with its data, evaluated on the calling thread. */
export class Instance {
  readonly #module: WebAssembly.Module;
  readonly #data: object;
  readonly #memory: { initial: number; maximum: number };
  #loaded: Loaded | undefined;

  /** @param maxMiB hard maximum of the module's memory */
  constructor(module: WebAssembly.Module, data: object, maxMiB: number) {
    this.#module = module;
    this.#data = data;
    this.#memory = { initial: 2 * pagesPerMiB, maximum: maxMiB * pagesPerMiB };
  }

  /** Starts the module, and asks it what it is. */
  async start(): Promise<ModuleFacts> {
    const abi = abiOf(this.#module, this.#memory);
    if (!isSupported(abi)) return { abi, entrypoints: [], builtins: [] };
    this.#loaded = await loadPolicy(this.#module, this.#memory);
    this.#loaded.setData(this.#data);
    const { entrypoints, wasmInstance, mem } = this.#loaded as unknown as {
      entrypoints: Record<string, number>;
      wasmInstance: WebAssembly.Instance;
      mem: WebAssembly.Memory;
    };
    return { abi, entrypoints: Object.keys(entrypoints), builtins: importedBuiltins(wasmInstance, mem) };
  }

  /**
   * Evaluates one entrypoint. After a throw that is not orderly the heap cannot be trusted: take another instance.
   * @returns the value of the entrypoint's rule, as JSON
   * @throws EvaluationError when the rule is undefined, its value too large, or the evaluation fails in any way
   */
  evaluate(entrypoint: string, input: object): string {
    let results: unknown;
    try {
      results = this.#loaded?.evaluate(input, entrypoint);
    } catch (cause) {
      throw new EvaluationError(`${entrypoint}: ${messageOf(cause)}`, { cause });
    }
    if (!Array.isArray(results) || results.length !== 1) {
      const isUndefined = Array.isArray(results) && results.length === 0;
      throw new EvaluationError(`${entrypoint} is undefined for this input`, { orderly: true, isUndefined });
    }
    return boundedText(entrypoint, (results[0] as { result?: unknown }).result);
  }
}

/** Text is bounded before it leaves the thread: whoever reads it is the thread that watches. */
function boundedText(entrypoint: string, value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  if (text.length <= maxDecision) return text;
  const size = `${String(text.length)} characters of JSON, at most ${String(maxDecision)}`;
  throw new EvaluationError(`${entrypoint} says too much: ${size}`, { orderly: true });
}

function importedBuiltins({ exports }: WebAssembly.Instance, memory: WebAssembly.Memory): string[] {
  const address = (exports['opa_json_dump'] as (value: number) => number)(
    (exports['builtins'] as () => number)(),
  );
  const bytes = new Uint8Array(memory.buffer, address);
  const text = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  return Object.keys(JSON.parse(text) as Record<string, number>);
}
