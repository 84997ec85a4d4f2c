import { PolicyError } from '../bundle/error.ts';

/** Sections of WebAssembly's binary format (Core Specification 2.0, section 5.5.2). */
const sections = { types: 1, tables: 4, memories: 5, last: 12 } as const;

/** Entries of all tables: opa's single one has some 300, one for each function that is called by a pointer. */
const maxTableEntries = 65_536;

const functionType = 0x60;
/** Value types of one byte: numbers, vectors, and references to functions and to what the host gives. */
const valueTypes: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);
const referenceTypes: ReadonlySet<number> = new Set([0x70, 0x6f]);
/** A minimum and a maximum, not shared, counted in 32 bits. */
const minAndMax = 1;

/**
 * Refuses a module that could take memory beside what it is given. That one is limited; a memory of its own is not, and
 * tables and objects are taken from the thread's heap in such pieces that running out of it ends the whole process.
 * @param wasm of a module that has been compiled, and so is well-formed
 * @throws PolicyError WasmInvalid
 */
export function checkShape(wasm: Uint8Array): void {
  const reader = new Reader(wasm);
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const end = reader.number() + reader.at;
    if (id === sections.types) checkTypes(reader);
    else if (id === sections.tables) checkTables(reader);
    else if (id === sections.memories && reader.number() > 0) refuse('has a memory of its own');
    else if (id > sections.last) refuse(`has a section of kind ${String(id)}`);
    reader.at = end;
  }
}

function checkTypes(reader: Reader): void {
  for (let count = reader.number(); count > 0; count -= 1) {
    if (reader.byte() !== functionType) refuse('declares types that are not of functions');
    // Parameters, then results.
    for (let list = 0; list < 2; list += 1) {
      for (let values = reader.number(); values > 0; values -= 1) {
        if (!valueTypes.has(reader.byte())) refuse('declares functions of values that are no simple ones');
      }
    }
  }
}

function checkTables(reader: Reader): void {
  let entries = 0;
  for (let count = reader.number(); count > 0; count -= 1) {
    if (!referenceTypes.has(reader.byte()) || reader.byte() !== minAndMax) {
      refuse('has a table without a maximum, or of an unusual kind');
    }
    reader.number();
    entries += reader.number();
  }
  if (entries > maxTableEntries) {
    refuse(`has tables of ${String(entries)} entries, at most ${String(maxTableEntries)}`);
  }
}

function refuse(what: string): never {
  throw new PolicyError('WasmInvalid', `the module ${what}: it is no policy that opa built`);
}

class Reader {
  readonly #bytes: Uint8Array;
  at = 8;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at] ?? 0;
    this.at += 1;
    return byte;
  }

  /** LEB128, unsigned. */
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }
}
