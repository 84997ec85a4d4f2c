// oxlint-disable typescript/no-unsafe-type-assertion -- the SDK's declarations say `any` of its internals
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { messageOf } from '../text/message.ts';
import { EvaluationError, PolicyError } from './error.ts';

type Instance = Awaited<ReturnType<typeof loadPolicy>>;

/** A WebAssembly page is 64 KiB. */
const pagesPerMiB = 16;

/**
 * Functions that the SDK supplies beside those compiled into the module. Whatever else a module imports
 * would throw in the middle of an evaluation, so it is refused at load.
 */
const suppliedBuiltins: ReadonlySet<string> = new Set([
  'sprintf',
  'regex.split',
  'json.is_valid',
  'yaml.marshal',
  'yaml.unmarshal',
  'yaml.is_valid',
]);

/** Evaluates one bundle's WebAssembly module with its data, on the calling thread. */
export class Engine {
  readonly #module: WebAssembly.Module;
  readonly #data: object;
  readonly #memory: { initial: number; maximum: number };
  #instance: Instance | undefined;

  private constructor(module: WebAssembly.Module, data: object, maxMiB: number) {
    this.#module = module;
    this.#data = data;
    this.#memory = { initial: 2 * pagesPerMiB, maximum: maxMiB * pagesPerMiB };
  }

  /**
   * Compiles a module and proves that it can run.
   * @param maxMiB hard maximum of the module's memory
   */
  static async load(wasm: Uint8Array, data: object, maxMiB = 32): Promise<Engine> {
    const module = await WebAssembly.compile(new Uint8Array(wasm)).catch((cause: unknown) => {
      throw new PolicyError('WasmInvalid', `not a WebAssembly module: ${messageOf(cause)}`, { cause });
    });
    checkAbi(module);
    const engine = new Engine(module, data, maxMiB);
    engine.#instance = await engine.#instantiate().catch((cause: unknown) => {
      throw new PolicyError('WasmInvalid', `the module does not start: ${messageOf(cause)}`, { cause });
    });
    const missing = engine.#importedBuiltins().filter((name) => !suppliedBuiltins.has(name));
    if (missing.length > 0) {
      throw new PolicyError(
        'BuiltinUnsupported',
        `the policy uses ${missing.sort().join(', ')}, which WebAssembly policies cannot: build with \`--capabilities policies/capabilities.json\` to find the rule`,
      );
    }
    return engine;
  }

  /** Entrypoints that the module was compiled with, as paths with slashes. */
  get entrypoints(): readonly string[] {
    return Object.keys((this.#instance as unknown as { entrypoints: Record<string, number> }).entrypoints);
  }

  /**
   * Evaluates one entrypoint.
   * @returns the value of the entrypoint's rule
   * @throws EvaluationError when the rule is undefined or the evaluation fails in any way
   */
  async evaluate(entrypoint: string, input: object): Promise<unknown> {
    // After a throw the instance's heap cannot be trusted any more: the next evaluation gets a new one.
    const instance = this.#instance ?? (await this.#instantiate());
    this.#instance = undefined;
    let results: unknown;
    try {
      results = instance.evaluate(input, entrypoint);
    } catch (cause) {
      throw new EvaluationError(`${entrypoint}: ${messageOf(cause)}`, { cause });
    }
    this.#instance = instance;
    if (!Array.isArray(results) || results.length !== 1) {
      throw new EvaluationError(`${entrypoint} is undefined for this input`);
    }
    return (results[0] as { result?: unknown }).result;
  }

  async #instantiate(): Promise<Instance> {
    const instance = await loadPolicy(this.#module, this.#memory);
    instance.setData(this.#data);
    return instance;
  }

  #importedBuiltins(): string[] {
    const { wasmInstance, mem: memory } = this.#instance as unknown as {
      wasmInstance: WebAssembly.Instance;
      mem: WebAssembly.Memory;
    };
    const exports = wasmInstance.exports;
    const address = (exports['opa_json_dump'] as (value: number) => number)(
      (exports['builtins'] as () => number)(),
    );
    const bytes = new Uint8Array(memory.buffer, address);
    const text = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    return Object.keys(JSON.parse(text) as Record<string, number>);
  }
}

/** The SDK reads ABI 1.x; it reports another version only on the console, so it is checked here. */
function checkAbi(module: WebAssembly.Module): void {
  const names = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
  for (const name of [
    'opa_wasm_abi_version',
    'opa_wasm_abi_minor_version',
    'opa_eval',
    'builtins',
    'entrypoints',
  ]) {
    if (!names.has(name)) {
      throw new PolicyError(
        'WasmInvalid',
        `the module does not export ${name}: it is no OPA policy of ABI 1.2 or later`,
      );
    }
  }
  for (const entry of WebAssembly.Module.imports(module)) {
    if (entry.module !== 'env') {
      throw new PolicyError(
        'WasmInvalid',
        `the module imports ${entry.module}.${entry.name}: it is no OPA policy`,
      );
    }
  }
}
