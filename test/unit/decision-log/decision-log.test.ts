import { describe, expect, test } from 'vitest';
import type { ShadowOutcome } from '../../../src/decide/shadow.ts';
import { DecisionLog, type DecisionLogOptions, type Entry } from '../../../src/decision-log/decision-log.ts';
import { decisionLineSchema } from '../../../src/decision-log/line.ts';
import type { Sink } from '../../../src/decision-log/sink.ts';
import type { MaskRule } from '../../../src/policy/mask-rules.ts';
import { eventually } from '../../support/eventually.ts';
import { allows, gathers, request } from '../decide/stubs.ts';
import { logged } from './decided.ts';

function make(more: Partial<DecisionLogOptions> = {}) {
  const writes: string[][] = [];
  const told = { dropped: 0, lost: 0, failed: [] as unknown[] };
  const pauses: { ms: number; end: () => void }[] = [];
  const sink: Sink = {
    name: 'console',
    write: (lines) => void writes.push([...lines]),
    problem: () => undefined,
    waiting: () => 0,
    stop: async () => undefined,
  };
  const log = new DecisionLog({
    sinks: [sink],
    labels: { id: 'x' },
    rules: () => undefined,
    observer: {
      dropped: () => (told.dropped += 1),
      lost: () => (told.lost += 1),
      maskFailed: (cause) => told.failed.push(cause),
    },
    pause: (ms, signal) =>
      new Promise((end) => {
        pauses.push({ ms, end });
        if (signal.aborted) end();
        signal.addEventListener('abort', () => end(), { once: true });
      }),
    ...more,
  });
  const lines = () => writes.flat().map((text) => decisionLineSchema.parse(JSON.parse(text)));
  const until = (count: number) => eventually(() => (lines().length === count ? lines() : undefined));
  return { log, writes, told, pauses, lines, until };
}

async function entry(name: string, shadow?: Promise<ShadowOutcome>): Promise<Entry> {
  return { ...(await logged({ of: { ...request(), name } })), shadow };
}
const namesOf = (lines: readonly { custom: { csr: Record<string, unknown> } }[]) =>
  lines.map(({ custom }) => custom.csr['name']);

test('the lines of one turn come together, in a later turn', async () => {
  const { log, writes, until } = make();
  const entries = [await entry('a'), await entry('b')];
  for (const one of entries) log.take(one);
  expect(writes).toEqual([]);
  expect(namesOf(await until(2))).toEqual(['a', 'b']);
  expect(writes.length).toBe(1);
});

test('a request that is left alone has none', async () => {
  const { log, until } = make();
  log.take({ ...(await logged({ of: { ...request(), issued: true } })), shadow: undefined });
  log.take(await entry('b'));
  expect(namesOf(await until(1))).toEqual(['b']);
});

describe('a candidate', () => {
  test('is waited for, and its view told', async () => {
    const { log, until, lines } = make();
    const outcome = Promise.withResolvers<ShadowOutcome>();
    log.take(await entry('a', outcome.promise));
    log.take(await entry('b'));
    expect(namesOf(await until(1))).toEqual(['b']);
    const verdict = {
      kind: 'deny',
      reasons: [{ code: 'X', msg: 'y', source: 'policy' }],
      warnings: [],
    } as const;
    outcome.resolve({ status: 'compared', revision: 'c1', verdict });
    await until(2);
    expect(lines()[1]).toMatchObject({
      bundles: { shadow: { revision: 'c1' } },
      custom: { csr: { name: 'a' }, shadow: { status: 'compared', verdict } },
    });
  });

  test.each(['dropped', 'skipped', 'superseded'] as const)('that was %s is told so', async (status) => {
    const { log, until } = make();
    log.take(await entry('a', Promise.resolve({ status })));
    expect((await until(1))[0]?.custom.shadow).toEqual({ status });
  });

  test('that takes too long is not waited for', async () => {
    const { log, until, pauses } = make();
    log.take(await entry('a', Promise.withResolvers<ShadowOutcome>().promise));
    await eventually(() => (pauses.length === 1 ? true : undefined));
    expect(pauses[0]?.ms).toBe(5000);
    pauses[0]?.end();
    expect((await until(1))[0]?.custom.shadow).toEqual({ status: 'pending' });
  });

  test('is waited for by 256 lines, and no more', async () => {
    const { log, until } = make();
    const never = Promise.withResolvers<ShadowOutcome>().promise;
    for (let at = 0; at < 258; at += 1) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      log.take(await entry(String(at), never));
    }
    expect(namesOf(await until(2))).toEqual(['256', '257']);
    await log.stop(1000);
    await until(258);
  });
});

describe('the rules of the policy', () => {
  const mask: MaskRule[] = [
    { op: 'remove', pointer: '/input/requestor', segments: ['input', 'requestor'], value: null },
  ];

  test('take something out, or have no line written', async () => {
    const { log, until, told } = make({
      rules: () => async (line) => ({ drop: line.custom.csr['name'] === 'a', mask }),
    });
    for (const name of ['a', 'b']) {
      // oxlint-disable-next-line no-await-in-loop
      log.take(await entry(name));
    }
    const [line] = await until(1);
    expect([line?.custom.csr['name'], line?.erased, told]).toEqual([
      'b',
      ['/input/requestor', '/requested_by'],
      { dropped: 1, lost: 0, failed: [] },
    ]);
  });

  test('that fail leave out what they might have taken, and say nothing of it', async () => {
    const { log, writes, until, told } = make({
      rules: () => () => Promise.reject(new Error('system:node:n1')),
    });
    log.take(await entry('a'));
    expect((await until(1))[0]?.custom.failure?.code).toBe('MaskFailed');
    expect(writes.flat().join('')).not.toContain('n1');
    expect(told.failed).toHaveLength(1);
  });

  test('that cannot be applied are as good as failed', async () => {
    const { log, until, told } = make({ rules: () => async () => ({ drop: false, mask }) });
    let deep: unknown = 1;
    for (let at = 0; at < 20_000; at += 1) deep = { deep };
    const lookups = { a: { found: true, objects: [deep as Record<string, unknown>], more: false } };
    log.take({ ...(await logged({ gather: gathers({ lookups }) })), shadow: undefined });
    expect((await until(1))[0]?.custom.failure?.code).toBe('MaskFailed');
    expect(told.failed).toHaveLength(1);
  });

  test('are waited for by 256 lines; more are lost, and counted', async () => {
    const answer = Promise.withResolvers<{ drop: boolean; mask: MaskRule[] }>();
    const { log, until, told } = make({ rules: () => () => answer.promise });
    for (let at = 0; at < 260; at += 1) {
      // oxlint-disable-next-line no-await-in-loop
      log.take(await entry(String(at)));
    }
    await eventually(() => (told.lost === 4 ? true : undefined));
    answer.resolve({ drop: false, mask });
    await until(256);
  });
});

describe('a line that cannot be written as it is', () => {
  test.each<[string, () => unknown]>([
    ['one that is too long', () => ({ text: 'x'.repeat(1024 * 1024) })],
    [
      'one that is nested too deeply',
      () => {
        let deep: unknown = 1;
        for (let at = 0; at < 20_000; at += 1) deep = { deep };
        return { deep };
      },
    ],
  ])('%s tells less, and that it does', async (_, object) => {
    const { log, until } = make();
    const lookups = {
      a: { found: true, objects: [object() as Record<string, unknown>], more: false },
    };
    log.take({ ...(await logged({ gather: gathers({ lookups }) })), shadow: undefined });
    const [line] = await until(1);
    expect(line?.custom).toMatchObject({
      verdict: { kind: 'approve' },
      failure: { code: 'LineTooLarge' },
    });
    expect(line).not.toHaveProperty('input');
  });

  test('one whose reason has too much attached tells the others of it, and is no end of the program', async () => {
    const { log, until, told } = make();
    let deep: unknown = 1;
    for (let at = 0; at < 20_000; at += 1) deep = { deep };
    const attached = await logged({
      says: { policy: { ...allows, allow: false, wait: [{ code: 'Bad', msg: '', object: deep }] } },
    });
    log.take({ ...attached, shadow: undefined });
    log.take(await entry('b'));
    const [line, other] = await until(2);
    expect(line?.custom).toMatchObject({
      verdict: { kind: 'wait', reasons: [{ code: 'Bad' }] },
      failure: { code: 'LineTooLarge' },
    });
    expect(namesOf(other === undefined ? [] : [other])).toEqual(['b']);
    expect(told.lost).toBe(0);
  });

  test('one whose reasons are nested too deeply keeps their codes', async () => {
    const { log, until } = make();
    let deep: unknown = 1;
    for (let at = 0; at < 20_000; at += 1) deep = [deep];
    const one = await logged();
    const reasons = [{ code: 'Deep', msg: 'x', source: 'policy' as const, details: { deep } }];
    const verdict = { kind: 'deny' as const, reasons, warnings: reasons };
    log.take({
      ...one,
      decision: { ...one.decision, verdict },
      shadow: Promise.resolve({ status: 'compared', revision: 'c', verdict }),
    });
    log.take({ ...one, decision: { ...one.decision, verdict }, shadow: undefined });
    const lines = await until(2);
    expect(lines.map(({ custom }) => custom.verdict.reasons)).toEqual(
      [0, 1].map(() => [{ code: 'Deep', source: 'policy' }]),
    );
    expect(verdict.reasons[0]?.details.deep).toBe(deep);
  });

  test('one that cannot be made at all is lost, and counted; the next one comes', async () => {
    const { log, until, told } = make();
    const broken = await entry('a');
    log.take({ ...broken, at: new Date(Number.NaN) });
    log.take({ ...broken, at: new Date(Number.NaN), shadow: Promise.resolve({ status: 'skipped' }) });
    log.take(await entry('b'));
    expect(namesOf(await until(1))).toEqual(['b']);
    await eventually(() => (told.lost === 2 ? true : undefined));
  });

  test('one with characters that a terminal obeys has them as escapes', async () => {
    const { log, writes, until } = make();
    const name = 'a\u001b[2J\u202e\u2028\u{e0041}ü';
    log.take(await entry(name));
    expect(namesOf(await until(1))).toEqual([name]);
    expect(writes.flat().join('')).toMatch(/a\\u001b\[2J\\u202e\\u2028\\udb40\\udc41ü/);
  });
});

test('a stop writes what was decided until then, masked', async () => {
  const mask: MaskRule[] = [{ op: 'remove', pointer: '/input/key', segments: ['input', 'key'], value: null }];
  const rules = () => async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return { drop: false, mask };
  };
  const { log, lines } = make({ rules });
  log.take(await entry('a'));
  log.take(await entry('b', Promise.withResolvers<ShadowOutcome>().promise));
  await log.stop(1000);
  expect(namesOf(lines())).toEqual(['a', 'b']);
  expect(lines().map(({ erased }) => erased)).toEqual([['/input/key'], ['/input/key']]);
});

test('a line that cannot be made costs no other', async () => {
  const { log, until, told } = make();
  const broken = await entry('a');
  log.take({ ...broken, at: new Date(Number.NaN) });
  log.take(await entry('b'));
  expect(namesOf(await until(1))).toEqual(['b']);
  expect(told.lost).toBe(1);
});

test('without a sink nothing is made', async () => {
  const { log } = make({ sinks: [], rules: () => expect.fail('asked') });
  log.take(await entry('a'));
  await log.stop(10);
});
