// oxlint-disable typescript/no-unsafe-type-assertion -- the SDK's declarations say `any` of its internals
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { messageOf } from '../text/message.ts';
import { abiOf, isSupported } from './abi.ts';
import { EvaluationError } from './error.ts';

type Loaded = Awaited<ReturnType<typeof loadPolicy>>;

/** A WebAssembly page is 64 KiB. */
const pagesPerMiB = 16;

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
    this.#loaded = await this.#load();
    const { entrypoints, wasmInstance, mem } = this.#loaded as unknown as {
      entrypoints: Record<string, number>;
      wasmInstance: WebAssembly.Instance;
      mem: WebAssembly.Memory;
    };
    return { abi, entrypoints: Object.keys(entrypoints), builtins: importedBuiltins(wasmInstance, mem) };
  }

  /**
   * Evaluates one entrypoint.
   * @returns the value of the entrypoint's rule
   * @throws EvaluationError when the rule is undefined or the evaluation fails in any way
   */
  async evaluate(entrypoint: string, input: object): Promise<unknown> {
    // After a throw the heap cannot be trusted any more: the next evaluation gets a new one.
    const loaded = this.#loaded ?? (await this.#load());
    this.#loaded = undefined;
    let results: unknown;
    try {
      results = loaded.evaluate(input, entrypoint);
    } catch (cause) {
      throw new EvaluationError(`${entrypoint}: ${messageOf(cause)}`, { cause });
    }
    this.#loaded = loaded;
    if (!Array.isArray(results) || results.length !== 1) {
      throw new EvaluationError(`${entrypoint} is undefined for this input`);
    }
    return (results[0] as { result?: unknown }).result;
  }

  async #load(): Promise<Loaded> {
    const loaded = await loadPolicy(this.#module, this.#memory);
    loaded.setData(this.#data);
    return loaded;
  }
}

function importedBuiltins({ exports }: WebAssembly.Instance, memory: WebAssembly.Memory): string[] {
  const address = (exports['opa_json_dump'] as (value: number) => number)(
    (exports['builtins'] as () => number)(),
  );
  const bytes = new Uint8Array(memory.buffer, address);
  const text = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  return Object.keys(JSON.parse(text) as Record<string, number>);
}
