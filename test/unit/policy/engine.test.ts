import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { probeDocument } from '../../../src/decide/probe.ts';
import { parseBundle } from '../../../src/bundle/bundle.ts';
import { decisionShape } from '../../../src/policy/decision.ts';
import { Engine } from '../../../src/policy/engine.ts';
import { Isolate } from '../../../src/policy/isolate.ts';
import { unpackBundle } from '../../../src/bundle/files.ts';

const bundle = parseBundle(
  await unpackBundle(readFileSync(new URL('../../../dist/default.tar.gz', import.meta.url))),
);
const entrypoint = 'csr/kubelet_serving/decision';

/** Sections of a WebAssembly module; nothing here is longer than 127 bytes. */
const section = (id: number, ...content: number[]) => [id, content.length, ...content];
const text = (value: string) => [value.length, ...Buffer.from(value)];
const moduleOf = (...sections: number[][]) =>
  Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);

describe('a module is refused', () => {
  test.each([
    ['no module', new TextEncoder().encode('wasm'), /not a WebAssembly module/],
    ['nothing', new Uint8Array(), /not a WebAssembly module/],
    ['an empty module', moduleOf(), /does not export opa_wasm_abi_version/],
    ['half of one', bundle.wasm.subarray(0, bundle.wasm.length / 2), /not a WebAssembly module/],
    [
      'one that imports from elsewhere',
      moduleOf(section(1, 1, 0x60, 0, 0), section(2, 1, ...text('wasi'), ...text('proc_exit'), 0, 0)),
      /opa_wasm_abi_version|wasi/,
    ],
  ])('%s', async (_, wasm, message) => {
    await expect(Engine.load(wasm, {})).rejects.toThrow(expect.objectContaining({ code: 'WasmInvalid' }));
    await expect(Engine.load(wasm, {})).rejects.toThrow(message);
  });
});

/** The least that a module needs to be started, with more sections of its own. */
const policyModule = ({ types = [], table = [], memory = [], tag = [] }: Record<string, number[]>) =>
  moduleOf(
    section(1, 1 + (types.length > 0 ? 1 : 0), 0x60, 0, 1, 0x7f, ...types),
    section(2, 1, ...text('env'), ...text('memory'), 2, 0, 2),
    section(3, 1, 0),
    table,
    memory,
    tag,
    section(6, 1, 0x7f, 0, 0x41, 1, 0x0b),
    section(
      7,
      5,
      ...['opa_wasm_abi_version', 'opa_wasm_abi_minor_version'].flatMap((name) => [...text(name), 3, 0]),
      ...['opa_eval', 'builtins', 'entrypoints'].flatMap((name) => [...text(name), 0, 0]),
    ),
    section(10, 1, 4, 0, 0x41, 0, 0x0b),
  );
const [funcref, externref] = [0x70, 0x6f];
/** A number of four bytes, LEB128. */
const leb = (value: number) =>
  [0, 7, 14, 21].map((bits) => ((value >> bits) & 0x7f) | (bits < 21 ? 0x80 : 0));

describe('what a module may take', () => {
  test('that has a table like that of opa is not what is refused', async () => {
    const table = section(4, 1, funcref, 1, ...leb(312), ...leb(312));
    // One of its functions says ABI 1.1.
    await expect(Engine.load(policyModule({ table }), {})).rejects.toMatchObject({ code: 'AbiUnsupported' });
  });

  test.each<[string, Record<string, number[]>, RegExp]>([
    ['a memory of its own', { memory: section(5, 1, 0, 1) }, /has a memory of its own/],
    ['a table that may grow', { table: section(4, 1, funcref, 0, 1) }, /table without a maximum/],
    [
      'a large table',
      { table: section(4, 1, externref, 1, 1, ...leb(10_000_000)) },
      /tables of 10000000 entries, at most 65536/,
    ],
    [
      'many tables',
      { table: section(4, 9, ...Array.from({ length: 9 }, () => [funcref, 1, 1, ...leb(8_000)]).flat()) },
      /tables of 72000 entries/,
    ],
    ['types of objects', { types: [0x5e, 0x7f, 1] }, /types that are not of functions/],
    ['exceptions', { tag: section(13, 1, 0, 1), types: [0x60, 0, 0] }, /a section of kind 13/],
  ])('is not %s', async (_, sections, message) => {
    await expect(Engine.load(policyModule(sections), {})).rejects.toThrow(
      expect.objectContaining({ code: 'WasmInvalid', message: expect.stringMatching(message) }),
    );
  });
});

describe('an evaluation', () => {
  test('gives the value of the rule', async () => {
    const engine = await Engine.load(bundle.wasm, bundle.data);
    expect(decisionShape.parse(await engine.evaluate(entrypoint, probeDocument)).allow).toBe(true);
    expect(engine.entrypoints).toContain(entrypoint);
  });

  test('of an entrypoint that is not there throws, and the next one works', async () => {
    const engine = await Engine.load(bundle.wasm, bundle.data);
    await expect(engine.evaluate('csr/none/decision', probeDocument)).rejects.toMatchObject({
      name: 'EvaluationError',
    });
    await expect(engine.evaluate(entrypoint, probeDocument)).resolves.toMatchObject({ allow: true });
  });

  test('that needs more memory than there is throws, and the next one works', async () => {
    const engine = await Engine.load(bundle.wasm, bundle.data, new Isolate({ maxMiB: 4 }));
    const huge = { ...probeDocument, name: 'x'.repeat(8 << 20) };
    await expect(engine.evaluate(entrypoint, huge)).rejects.toMatchObject({ name: 'EvaluationError' });
    await expect(engine.evaluate(entrypoint, probeDocument)).resolves.toMatchObject({ allow: true });
  });

  test('leaves nothing behind for the next one', async () => {
    const engine = await Engine.load(bundle.wasm, bundle.data);
    const forged = { ...probeDocument, sans: { ...probeDocument.sans, ip: ['192.0.2.99'] } };
    const alone = await engine.evaluate(entrypoint, probeDocument);
    await engine.evaluate(entrypoint, forged);
    expect(await engine.evaluate(entrypoint, probeDocument)).toEqual(alone);
  });

  test('a thousand at once do not mix', async () => {
    const engine = await Engine.load(bundle.wasm, bundle.data);
    const forged = { ...probeDocument, sans: { ...probeDocument.sans, ip: ['192.0.2.99'] } };
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        engine.evaluate(entrypoint, index % 2 ? forged : probeDocument),
      ),
    );
    const allows = answers.map((answer) => decisionShape.parse(answer).allow);
    expect(allows).toEqual(answers.map((_, index) => index % 2 === 0));
  });

  test('that takes longer than it may is ended, but the first one may take as long as a start', async () => {
    const isolate = new Isolate({ deadlineMs: 0 });
    const engine = await Engine.load(bundle.wasm, bundle.data, isolate);
    const long = { ...probeDocument, name: 'x'.repeat(1 << 20) };
    await expect(engine.evaluate(entrypoint, long)).rejects.toThrow(/took longer than 0 ms/);
    await expect(engine.selfTest(entrypoint, long)).resolves.toMatchObject({ allow: true });
    await expect(engine.selfTest('csr/none/decision', long)).rejects.toMatchObject({
      code: 'DecisionInvalid',
    });
    await isolate.close();
  });

  test('of data that is missing never allows', async () => {
    const engine = await Engine.load(bundle.wasm, {});
    const decision = decisionShape.parse(await engine.evaluate(entrypoint, probeDocument));
    expect([decision.allow, decision.config_errors.length > 0]).toEqual([false, true]);
  });
});
