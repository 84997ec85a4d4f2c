/** Section of a module that declares its memory (WebAssembly core specification, 5.5.8). */
const memorySection = 5;

/**
 * Gives a module's one memory a maximum, which Go's linker declares none of: the engine then refuses to grow it, and
 * Go ends itself.
 * @param pages of 64 KiB
 */
export function limitMemory(module: Uint8Array, pages: number): Uint8Array {
  let at = 8; // Magic and version.
  while (at < module.length) {
    const id = module[at];
    const size = readUnsigned(module, at + 1);
    const end = size.next + size.value;
    if (id === memorySection) {
      const [count, flags] = [module[size.next], module[size.next + 1]];
      if (count !== 1 || flags !== 0) throw new Error('expected one memory without a maximum');
      const initial = module.subarray(size.next + 2, end);
      const body = Uint8Array.of(1, 1, ...initial, ...unsigned(pages));
      return Buffer.concat([
        module.subarray(0, at),
        Uint8Array.of(memorySection, ...unsigned(body.length)),
        body,
        module.subarray(end),
      ]);
    }
    at = end;
  }
  throw new Error('the module has no memory');
}

/** LEB128 (5.2.2). */
function readUnsigned(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = start, factor = 1; ; at += 1, factor *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}

function unsigned(value: number): number[] {
  const low = value % 128;
  const rest = Math.floor(value / 128);
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)];
}
