import { messageOf } from '../text/message.ts';
import { EvaluationError } from './error.ts';
import { PolicyError } from '../bundle/error.ts';
import { callsOf } from '../bundle/rego.ts';
import { isSupported } from './abi.ts';
import { Isolate } from './isolate.ts';
import { checkShape } from './module-shape.ts';
import type { Answer } from './question.ts';

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

/** Modules by their bytes: the same bundle may be started with other data, and compiling takes longest. */
const compiled = new WeakMap<Uint8Array, Promise<WebAssembly.Module>>();

function compile(wasm: Uint8Array): Promise<WebAssembly.Module> {
  const known = compiled.get(wasm);
  if (known !== undefined) return known;
  const module = WebAssembly.compile(new Uint8Array(wasm));
  compiled.set(wasm, module);
  return module;
}

/** One bundle's WebAssembly module with its data, evaluated in an isolate. */
export class Engine {
  /** Entrypoints that the module was compiled with, as paths with slashes. */
  readonly entrypoints: readonly string[];
  readonly #isolate: Isolate;
  readonly #id: number;

  private constructor(isolate: Isolate, id: number, entrypoints: readonly string[]) {
    this.#isolate = isolate;
    this.#id = id;
    this.entrypoints = entrypoints;
  }

  /**
   * Compiles a module and proves that it can run.
   * @param sources of the rules, to say which one cannot
   */
  static async load(
    wasm: Uint8Array,
    data: object,
    isolate = new Isolate(),
    sources: ReadonlyMap<string, string> = new Map(),
  ): Promise<Engine> {
    const module = await compile(wasm).catch((cause: unknown) => {
      throw new PolicyError('WasmInvalid', `not a WebAssembly module: ${messageOf(cause)}`, { cause });
    });
    checkAbi(module);
    checkShape(wasm);
    const started = await isolate.start(module, data).catch((cause: unknown) => {
      throw new PolicyError('WasmInvalid', `the module does not start: ${messageOf(cause)}`, { cause });
    });
    if (!isSupported(started.abi)) {
      throw new PolicyError(
        'AbiUnsupported',
        `the module has ABI ${started.abi}: 1.2 and later 1.x are supported, which OPA 1.x builds`,
      );
    }
    const missing = started.builtins.filter((name) => !suppliedBuiltins.has(name));
    if (missing.length > 0) {
      throw new PolicyError(
        'BuiltinUnsupported',
        `the policy uses ${usesOf(missing.sort(), sources)}, which WebAssembly policies cannot: build with \`--capabilities policies/capabilities.json\` to find out sooner`,
      );
    }
    return new Engine(isolate, started.id, started.entrypoints);
  }

  /**
   * Evaluates one entrypoint.
   * @returns the value of the entrypoint's rule
   * @throws EvaluationError when the rule is undefined, or the evaluation fails, takes too long or too much memory
   */
  async evaluate(entrypoint: string, input: object): Promise<unknown> {
    return valueOf(await this.#isolate.evaluate(this.#id, entrypoint, input));
  }

  /**
   * The same of a rule that may be undefined.
   * @throws EvaluationError when the evaluation fails, takes too long or too much memory
   */
  async evaluateOrUndefined(entrypoint: string, input: object): Promise<unknown> {
    const answer = await this.#isolate.evaluate(this.#id, entrypoint, input);
    return 'problem' in answer && answer.isUndefined === true ? undefined : valueOf(answer);
  }

  /** Has it compile what an entrypoint calls, with the patience of a start; what comes of it shows when it is evaluated. */
  async warm(entrypoint: string, input: object): Promise<void> {
    await this.#isolate.selfTest(this.#id, entrypoint, input);
  }

  /**
   * Evaluates one entrypoint for the first time, when nothing waits for it but the start of the program.
   * @throws PolicyError when that gives no value
   */
  async selfTest(entrypoint: string, input: object): Promise<unknown> {
    try {
      return valueOf(await this.#isolate.selfTest(this.#id, entrypoint, input));
    } catch (cause) {
      throw new PolicyError('DecisionInvalid', `self-test: ${messageOf(cause)}`, { cause });
    }
  }
}

function valueOf(answer: Answer): unknown {
  if ('problem' in answer) throw new EvaluationError(answer.problem, { overdue: answer.overdue ?? false });
  return answer.value;
}

/** Each function with the first places that call it. */
function usesOf(names: readonly string[], sources: ReadonlyMap<string, string>): string {
  const wanted = new Set(names);
  const calls = [...sources].flatMap(([path, source]) =>
    callsOf(source, wanted).map((call) => ({
      ...call,
      where: `${call.rule} at ${path}:${String(call.line)}`,
    })),
  );
  return names
    .map((name) => {
      const places = calls.filter((call) => call.name === name).map((call) => call.where);
      return places.length === 0 ? name : `${name} (in ${places.slice(0, 3).join(', ')})`;
    })
    .join(', ');
}

/** A module without these is none of OPA's; which version it is of shows when it is started. */
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
  let memories = 0;
  for (const entry of WebAssembly.Module.imports(module)) {
    if (entry.kind === 'memory') memories += 1;
    if (entry.module !== 'env' || memories > 1) {
      throw new PolicyError(
        'WasmInvalid',
        `the module imports ${entry.module}.${entry.name}: it is no OPA policy`,
      );
    }
  }
}
