import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { limitMemory } from '../../../deploy/program/wasm-memory.ts';
import { Compiler } from '../../../src/compiler/compiler.ts';
import { encodeRequest } from '../../../src/compiler/message.ts';

/** Compilers that misbehave: modules of a few bytes with the exports of opa/main.go. The real one is in test/rego. */

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'compiler-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const text = new TextEncoder();
const request = {
  root: 'policy',
  files: [
    { path: 'a.rego', bytes: text.encode('package a'), isLink: false },
    { path: 'b.rego', bytes: new Uint8Array(), isLink: true },
  ],
  ignore: ['*_test.rego'],
  entrypoints: [],
  capabilities: '{}',
  revision: undefined,
  schema: undefined,
};

/** Instructions, each with `end`. */
const code = {
  zero: [0x41, 0x00, 0x0b],
  one: [0x41, 0x01, 0x0b],
  unreachable: [0x00, 0x0b],
  forever: [0x03, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0x00, 0x0b],
} as const;
const hello = '\u001b[31mx\n\ty';
const output = text.encode(hello);

/** Section of a module: its id, its length, its content. */
const section = (id: number, ...content: number[]): number[] => [id, content.length, ...content];
const name = (word: string): number[] => [word.length, ...text.encode(word)];

/** A module whose `build` is that code, and whose output is `hello`; it begins at 0, where the request is put at 64. */
function moduleWith(build: readonly number[]): Uint8Array {
  const bodies = [[0x0b], [0x41, 0xc0, 0x00, 0x0b], build, code.zero, [0x41, output.length, 0x0b]];
  const exported = ['_initialize', 'allocate', 'build', 'output_pointer', 'output_length'];
  return Uint8Array.from([
    ...text.encode('\0asm'),
    ...new Uint8Array(Uint32Array.of(1).buffer),
    ...section(1, 3, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 1, 0x7f),
    ...section(3, 5, 0, 1, 2, 2, 2),
    ...section(5, 1, 0, 1),
    ...section(
      7,
      6,
      ...name('memory'),
      2,
      0,
      ...exported.flatMap((word, index) => [...name(word), 0, index]),
    ),
    ...section(10, 5, ...bodies.flatMap((body) => [body.length + 1, 0, ...body])),
    ...section(11, 1, 0, 0x41, 0, 0x0b, output.length, ...output),
  ]);
}

function load(build: readonly number[], deadlineMs = 20_000): Promise<Compiler> {
  const asset = join(root, 'compiler.wasm.br');
  writeFileSync(asset, brotliCompressSync(moduleWith(build)));
  return Compiler.load({ asset, deadlineMs });
}

async function built(compiler: Compiler): Promise<string> {
  try {
    return new TextDecoder().decode(await compiler.build(request));
  } finally {
    await compiler.close();
  }
}

describe('a compiler', () => {
  test('gives what its module leaves in memory', async () => {
    expect(await built(await load(code.zero))).toBe(hello);
  });

  test('that refuses is quoted, line by line, with nothing that moves a cursor', async () => {
    await expect(built(await load(code.one))).rejects.toMatchObject({
      code: 'CompilationFailed',
      message: '\\u{1b}[31mx\n\ty',
    });
  });

  test('that crashes is said to, and the next build has another', async () => {
    const compiler = await load(code.unreachable);
    const crash = { code: 'CompilerCrashed', message: expect.stringContaining('unreachable') };
    await expect(compiler.build(request)).rejects.toMatchObject(crash);
    await expect(built(compiler)).rejects.toMatchObject(crash);
  });

  test('that does not finish is ended, and the next build has another', async () => {
    const compiler = await load(code.forever, 300);
    await expect(compiler.build(request)).rejects.toMatchObject({ code: 'CompilationTimeout' });
    await expect(built(compiler)).rejects.toMatchObject({ code: 'CompilationTimeout' });
  });

  test('that is not there: says where it is', async () => {
    await expect(Compiler.load({ asset: join(root, 'none') })).rejects.toMatchObject({
      code: 'CompilerMissing',
      message: expect.stringContaining('npx rego-csr-approver build'),
    });
  });

  test.each([
    ['cut off', (bytes: Uint8Array) => brotliCompressSync(bytes).subarray(0, 40)],
    ['not compressed', (bytes: Uint8Array) => bytes],
    ['no module', () => brotliCompressSync(text.encode('hello'))],
  ])('that is %s: says so', async (_, damage) => {
    const asset = join(root, 'compiler.wasm.br');
    writeFileSync(asset, damage(moduleWith(code.zero)));
    await expect(Compiler.load({ asset })).rejects.toMatchObject({
      code: 'CompilerMissing',
      message: expect.stringContaining('damaged'),
    });
  });
});

test('a request is its length, its header, and the bytes of every file', () => {
  const message = encodeRequest({ ...request, revision: 'r1' });
  const length = new DataView(message.buffer).getUint32(0, true);
  expect(JSON.parse(new TextDecoder().decode(message.subarray(4, 4 + length)))).toEqual({
    root: 'policy',
    files: [
      { path: 'a.rego', size: 9, is_link: false },
      { path: 'b.rego', size: 0, is_link: true },
    ],
    ignore: ['*_test.rego'],
    entrypoints: [],
    capabilities: '{}',
    revision: 'r1',
  });
  expect(new TextDecoder().decode(message.subarray(4 + length))).toBe('package a');
});

describe("a module's memory", () => {
  test('gets a maximum, which the engine holds it to', async () => {
    const { instance } = await WebAssembly.instantiate(limitMemory(moduleWith(code.zero), 300), {});
    const memory = instance.exports['memory'] as { readonly grow: (pages: number) => number };
    expect(memory.grow(299)).toBe(1);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  test('is refused where it has one, and where there is none', () => {
    const limited = limitMemory(moduleWith(code.zero), 300);
    expect(() => limitMemory(limited, 200)).toThrow('without a maximum');
    expect(() => limitMemory(limited.subarray(0, 8), 200)).toThrow('no memory');
  });
});
