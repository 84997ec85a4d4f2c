/** Changes the value of an exported global of a module, which must be small: opa's ABI versions are. */
export function withGlobal(wasm: Uint8Array, name: string, value: number): Uint8Array {
  const bytes = Uint8Array.from(wasm);
  const reader = new Reader(bytes);
  const index = exportedGlobal(reader, name);
  reader.section(6);
  for (let count = reader.number(), at = 0; at < count; at += 1) {
    reader.at += 2; // type and mutability
    if (bytes[reader.at] !== 0x41) throw new Error('a global that is no constant of 32 bits');
    reader.at += 1;
    if (at === index) bytes[reader.at] = value;
    reader.number();
    reader.at += 1; // end
  }
  return bytes;
}

function exportedGlobal(reader: Reader, name: string): number {
  reader.section(7);
  for (let count = reader.number(); count > 0; count -= 1) {
    const length = reader.number();
    const found = Buffer.from(reader.bytes.subarray(reader.at, reader.at + length)).toString();
    reader.at += length;
    const kind = reader.bytes[reader.at];
    reader.at += 1;
    const index = reader.number();
    if (kind === 3 && found === name) return index;
  }
  throw new Error(`the module exports no global ${name}`);
}

/** The little of WebAssembly's binary format that leads to the globals. */
class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Goes to the content of a section. */
  section(id: number): void {
    this.at = 8;
    while (this.at < this.bytes.length) {
      const found = this.bytes[this.at];
      this.at += 1;
      const length = this.number();
      if (found === id) return;
      this.at += length;
    }
    throw new Error(`the module has no section ${String(id)}`);
  }

  /** LEB128. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at] ?? 0;
      this.at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
}
