/**
 * Writes policies/capabilities.json: what a policy may use so that it runs in WebAssembly as it does in OPA.
 *
 *     node test/rego/capabilities.ts > policies/capabilities.json
 *
 * A function belongs to it if opa compiles it into the module. opa says of the others, in the module itself, that
 * the host must supply them. The SDK supplies a few of those in JavaScript; they are left out, because they are not
 * the same functions: `sprintf` throws for `%q`, `regex.split` can run for minutes, `yaml.*` reads another YAML.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackBundle } from '../../src/bundle/files.ts';
import { opa } from './opa.ts';

interface Builtin {
  readonly name: string;
  readonly relation?: boolean;
  readonly deprecated?: boolean;
  readonly decl: { readonly args?: readonly unknown[] };
}

interface Capabilities {
  readonly builtins: readonly Builtin[];
  readonly allow_net?: readonly string[];
}

/** What the compiler writes by itself; no rule can name them. */
const isInternal = (builtin: Builtin): boolean => builtin.name.startsWith('internal.');

/** Not for policies: Rego v1 refuses deprecated ones, and these two would write over the program's own output. */
const isUnwanted = (builtin: Builtin): boolean =>
  builtin.deprecated === true || builtin.name === 'print' || builtin.name === 'trace';

export async function restrictedCapabilities(): Promise<Capabilities> {
  const all = JSON.parse(await opa('capabilities', '--current')) as Capabilities;
  const wanted = all.builtins.filter((builtin) => !isUnwanted(builtin));
  const missing = new Set(await hostFunctions(wanted));
  return { ...all, builtins: wanted.filter((builtin) => !missing.has(builtin.name)), allow_net: [] };
}

function plain(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) =>
    key === 'description' || key === 'categories' ? undefined : inner,
  );
}

/** As the file holds it: a function a line, without the documentation, so that a change can be reviewed. */
export function serialised({ builtins, ...rest }: Capabilities): string {
  const head = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${plain(value)}`);
  const lines = builtins.map((builtin) => `    ${plain(builtin)}`);
  return `{\n${head.join(',\n')},\n  "builtins": [\n${lines.join(',\n')}\n  ]\n}`;
}

export function functionNames(capabilities: Capabilities): string[] {
  return capabilities.builtins.map((builtin) => builtin.name);
}

/** Functions that a module calling all of these would ask its host for. */
export async function hostFunctions(builtins: readonly Builtin[]): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'capabilities-'));
  try {
    writeFileSync(join(directory, 'calls.rego'), callsOf(builtins));
    const bundle = join(directory, 'bundle.tar.gz');
    await opa('build', '-t', 'wasm', '-e', 'calls/found', '-o', bundle, join(directory, 'calls.rego'));
    const files = await unpackBundle(readFileSync(bundle));
    return await requested(files.get('policy.wasm') ?? new Uint8Array());
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A rule for each function, with arguments of no known type, so that every call passes the type checker. */
function callsOf(builtins: readonly Builtin[]): string {
  const rules = builtins
    .filter((builtin) => !isInternal(builtin) && builtin.name !== 'assign')
    .map((builtin, index) => {
      const args = (builtin.decl.args ?? []).map((_, position) => `input.x${String(position)}`);
      const call = `${builtin.name}(${args.join(', ')}${builtin.relation === true ? ', _' : ''})`;
      return `found contains ${String(index)} if ${call}`;
    });
  return ['package calls', ...rules, ''].join('\n');
}

const none = (): number => 0;

/** The module's own list of the functions that its host must supply. */
async function requested(wasm: Uint8Array): Promise<string[]> {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const env = {
    memory,
    opa_abort: none,
    opa_println: none,
    opa_builtin0: none,
    opa_builtin1: none,
    opa_builtin2: none,
    opa_builtin3: none,
    opa_builtin4: none,
  };
  const { instance } = await WebAssembly.instantiate(new Uint8Array(wasm), { env });
  const { builtins, opa_json_dump: dump } = instance.exports as unknown as {
    builtins: () => number;
    opa_json_dump: (value: number) => number;
  };
  const bytes = new Uint8Array(memory.buffer).subarray(dump(builtins()));
  const text = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  return Object.keys(JSON.parse(text) as Record<string, number>);
}

if (import.meta.main) {
  console.log(serialised(await restrictedCapabilities()));
}
