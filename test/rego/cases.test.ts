import { beforeAll, describe, expect, it } from 'vitest';
import { loadCases } from './cases.ts';
import type { Said } from './evaluate.ts';
import { evaluateOnOpa, evaluateOnWasm } from './evaluate.ts';
import { problemsOf } from './outcome.ts';

const cases = await loadCases();

describe('cases', () => {
  let onOpa: Said[];
  let onWasm: Said[];

  beforeAll(async () => {
    [onOpa, onWasm] = await Promise.all([evaluateOnOpa(cases), evaluateOnWasm(cases)]);
  });

  it.each(cases.map((one, index) => ({ ...one, index })))('$id $title', ({ index, ...one }) => {
    const [opaSays, wasmSays] = [onOpa[index], onWasm[index]];
    if (opaSays === undefined || wasmSays === undefined) throw new Error('not evaluated');
    expect(wasmSays).toEqual(opaSays);
    expect(problemsOf(one, wasmSays)).toEqual([]);
  });

  it('keeps every message short, whatever the request holds', () => {
    const messages = onWasm.flatMap(({ facts, decision }) =>
      [...facts.deny, ...facts.wait, ...decision.deny, ...decision.wait, ...decision.warn].map((reason) =>
        typeof reason === 'string' ? reason : reason.msg,
      ),
    );
    expect(messages.length).toBeGreaterThan(cases.length);
    for (const message of messages) expect(message.length).toBeLessThan(1000);
  });
});
