/** The SDK speaks 1.x, and evaluates as it should since 1.2. */
export function isSupported(abi: string): boolean {
  const [major, minor] = abi.split('.').map(Number);
  return major === 1 && Number(minor) >= 2;
}

/**
 * The version `MAJOR.MINOR` of the interface that a module exports, of which the SDK checks one half.
 * Only an instance has the values; nothing in it is called.
 */
export function abiOf(module: WebAssembly.Module, memory: { initial: number; maximum: number }): string {
  const env: Record<string, unknown> = {};
  for (const { name, kind } of WebAssembly.Module.imports(module)) {
    env[name] = kind === 'memory' ? new WebAssembly.Memory(memory) : () => 0;
  }
  const { exports } = new WebAssembly.Instance(module, { env });
  return `${valueOf(exports['opa_wasm_abi_version'])}.${valueOf(exports['opa_wasm_abi_minor_version'])}`;
}

function valueOf(global: unknown): string {
  return typeof global === 'object' && global !== null && 'value' in global ? String(global.value) : 'none';
}
