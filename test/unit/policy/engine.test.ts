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
