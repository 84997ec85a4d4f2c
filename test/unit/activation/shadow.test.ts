import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Activation } from '../../../src/activation/activation.ts';
import type { Comparison } from '../../../src/activation/shadow.ts';
import { Shadow } from '../../../src/activation/shadow.ts';
import type { Policies } from '../../../src/decide/decide.ts';
import type { Gather } from '../../../src/decide/facts.ts';
import type { Reason, VerdictKind } from '../../../src/decide/verdict.ts';
import { judgeWithoutFacts } from '../../../src/decide/verdict.ts';
import { EvaluationError } from '../../../src/policy/error.ts';
import { eventually } from '../../support/eventually.ts';
import { allows, gathers, limits, now, policiesThat, request } from '../decide/stubs.ts';

/** Requests that the candidate is being asked about, until the test answers. */
let asked: { readonly uid: string; readonly answer: (value: unknown) => void }[];
let told: Comparison[];
/** Milliseconds, as the shadow sees them, and how many of them the candidate took each time. */
let time: number;
let spent: number[];
let counts: { dropped: number; skipped: number };
let activation: Activation<string>;
let shadow: Shadow<string>;

/** Waits for the test to say what the candidate says. */
const evaluate = (revision: string, input: object) =>
  new Promise<unknown>((resolve, reject) => {
    const answer = (value: unknown) => (value instanceof Error ? reject(value) : resolve(value));
    asked.push({ uid: `${revision} ${'uid' in input ? String(input.uid) : ''}`, answer });
  });
const candidate = (revision: string): Policies => {
  const policies = policiesThat();
  const signers = [...policies.signers].map(
    ([signer, policy]) =>
      [signer, { ...policy, evaluate: (input: object) => evaluate(revision, input) }] as const,
  );
  return { ...policies, signers: new Map(signers) };
};

function make(more: Partial<ConstructorParameters<typeof Shadow<string>>[0]> = {}) {
  shadow = new Shadow({
    activation,
    gather: gathers(),
    observer: {
      compared: (comparison) => told.push(comparison),
      dropped: () => (counts.dropped += 1),
      skipped: () => (counts.skipped += 1),
    },
    now: () => now,
    clock: () => time,
    share: { spent: (ms) => (spent.push(ms), 0) },
    ...more,
  });
}
beforeEach(async () => {
  asked = [];
  told = [];
  time = 0;
  spent = [];
  counts = { dropped: 0, skipped: 0 };
  settled = [];
  activation = new Activation({
    load: async (revision) => ({ policies: candidate(revision), revision, close: async () => undefined }),
  });
  await activation.offer('c1');
  make();
});
afterEach(async () => {
  shadow.stop();
  await activation.close();
});

const active = policiesThat();
const unsaid = { said: {}, timings: {} };
const because = (code: string): Reason => ({ code, msg: '', source: 'policy' });

/** What became of each decision, in order. */
let settled: string[] = [];

interface Work {
  readonly kind?: Exclude<VerdictKind, 'wait' | 'error'>;
  readonly codes?: readonly string[];
  readonly stands?: () => boolean;
}

/** A request of that uid was decided. */
function decided(uid: string, { kind = 'approve', codes = [], stands = () => true }: Work = {}): void {
  const of = { ...request(), uid };
  const verdict = { kind, reasons: codes.map(because), warnings: [] };
  shadow.compare({
    request: of,
    // What is too old for the one in force was not decoded: the candidate looks at the request itself.
    decision: { ...unsaid, verdict, input: kind === 'ignore' ? undefined : documentOf(uid) },
    policies: active,
    options: { now, limits },
    stands,
    settled: ({ status }) => settled.push(`${uid} ${status}`),
  });
}
/** Enough of an input document for policies that are not real. */
const documentOf = (uid: string) =>
  ({ uid, signer_name: request().signerName }) as unknown as NonNullable<
    Parameters<Shadow<string>['compare']>[0]['decision']['input']
  >;

const next = (uid: string) =>
  eventually(() => {
    const [first] = asked;
    if (first === undefined) return undefined;
    if (first.uid !== uid) throw new Error(`asked about ${first.uid}, not ${uid}`);
    asked.shift();
    return first;
  });
const pairs = () => told.map((one) => `${one.request.uid}: ${one.active.kind}->${one.candidate.kind}`);
const untilTold = (count: number) =>
  eventually(() => (told.length >= count ? true : undefined), { explain: () => pairs().join() });
const denies = { ...allows, deny: [{ code: 'No', msg: 'no' }] };

test('one request at a time, in the order in which they were decided', async () => {
  for (const uid of ['a', 'b', 'c']) decided(uid);
  (await next('c1 a')).answer(allows);
  const second = await next('c1 b');
  expect(asked).toEqual([]);
  second.answer(denies);
  (await next('c1 c')).answer(allows);
  await untilTold(3);
  expect(pairs()).toEqual(['a: approve->approve', 'b: approve->deny', 'c: approve->approve']);
});

test('a request that is decided again while it waits is compared once, by what was decided last', async () => {
  decided('a');
  decided('b', { kind: 'abstain' });
  decided('b', { kind: 'deny' });
  (await next('c1 a')).answer(allows);
  (await next('c1 b')).answer(allows);
  await untilTold(2);
  expect(pairs()[1]).toBe('b: deny->approve');
});

/** Has a decision compared with that answer of the candidate. */
const ask = async (answer: object, work: Work = {}) => {
  decided('a', work);
  (await next('c1 a')).answer(answer);
  // Its end is seen by the next one.
  decided('z', { stands: () => false });
  await eventually(() => (asked.length === 0 ? true : undefined));
  await new Promise((resolve) => setImmediate(resolve));
};
const withWords = (msg: string) => ({ ...allows, deny: [{ code: 'No', msg }] });

describe('is told once', () => {
  test('until a verdict or a code changes, whatever the words', async () => {
    for (const msg of ['one', 'two', 'three']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ask(withWords(msg));
    }
    expect(pairs()).toEqual(['a: approve->deny']);
    await ask(allows);
    await ask(withWords('again'));
    await ask(withWords('again'), { kind: 'deny', codes: ['No'] });
    await ask(withWords('again'), { kind: 'deny', codes: ['Another'] });
    expect(pairs()).toEqual([
      'a: approve->deny',
      'a: approve->approve',
      'a: approve->deny',
      'a: deny->deny',
      'a: deny->deny',
    ]);
  });

  test('and again of a request that was gone, or once other policies are compared', async () => {
    await ask(denies);
    shadow.forget('a');
    await ask(denies);
    shadow.restart();
    await ask(denies);
    expect(pairs()).toHaveLength(3);
  });

  test('of so many requests as may be known', async () => {
    make({ limits: { waiting: 8, characters: 1e6, known: 2 } });
    // oxlint-disable no-await-in-loop -- one after the other
    for (const uid of ['a', 'b', 'c', 'c', 'b', 'a']) {
      decided(uid);
      (await next(`c1 ${uid}`)).answer(denies);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // oxlint-enable no-await-in-loop
    await untilTold(4);
    expect(pairs().map(([uid]) => uid)).toEqual(['a', 'b', 'c', 'a']);
  });
});

describe('a request that is gone', () => {
  test('is compared still, and then forgotten', async () => {
    decided('a');
    decided('b');
    const first = await next('c1 a');
    shadow.forget('a');
    shadow.forget('b');
    first.answer(denies);
    (await next('c1 b')).answer(denies);
    await untilTold(2);
    // Nothing is known of them: the same is news.
    decided('a');
    (await next('c1 a')).answer(denies);
    await untilTold(3);
  });
});

describe('what is too much is dropped', () => {
  test('by number', async () => {
    make({ limits: { waiting: 2, characters: 1e6, known: 8 } });
    for (const uid of ['a', 'b', 'c', 'd', 'e']) decided(uid);
    // The first is being asked about.
    expect(counts.dropped).toBe(2);
    decided('c', { kind: 'deny' });
    expect(counts.dropped).toBe(2);
    (await next('c1 a')).answer(allows);
    (await next('c1 b')).answer(allows);
    (await next('c1 c')).answer(allows);
    await untilTold(3);
    expect(pairs().at(-1)).toBe('c: deny->approve');
    decided('d');
    (await next('c1 d')).answer(allows);
    await untilTold(4);
  });

  test('by size, which is free again afterwards', async () => {
    const verdict = { kind: 'approve', reasons: [], warnings: [] };
    const size =
      JSON.stringify({ ...unsaid, verdict, input: documentOf('a') }).length + request().request.length;
    make({ limits: { waiting: 8, characters: size + 20, known: 8 } });
    decided('a');
    // What a policy says counts too.
    decided('b', { codes: ['x'.repeat(20)] });
    expect(counts.dropped).toBe(1);
    decided('b');
    decided('c');
    expect(counts.dropped).toBe(2);
    (await next('c1 a')).answer(allows);
    (await next('c1 b')).answer(allows);
    await untilTold(2);
    decided('c');
    expect(counts.dropped).toBe(2);
    (await next('c1 c')).answer(allows);
  });

  test('where the facts are nested so deeply that their size cannot be told', async () => {
    const deep: object = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
    const input = Object.assign(documentOf('a'), { lookups: { a: { found: true, objects: [deep] } } });
    shadow.compare({
      request: request(),
      decision: { ...unsaid, verdict: { kind: 'approve', reasons: [], warnings: [] }, input },
      policies: active,
      options: { now, limits },
      stands: () => true,
    });
    expect(counts.dropped).toBe(1);
    decided('b');
    (await next('c1 b')).answer(allows);
  });
});

describe('whoever decided hears once what became of it', () => {
  test('that it was compared, with revision and verdict, be it news or not', async () => {
    const outcomes: unknown[] = [];
    const work = (uid: string) => ({
      request: { ...request(), uid },
      decision: {
        ...unsaid,
        verdict: { kind: 'approve' as const, reasons: [], warnings: [] },
        input: documentOf(uid),
      },
      policies: active,
      options: { now, limits },
      stands: () => true,
      settled: (outcome: unknown) => outcomes.push(outcome),
    });
    for (let at = 0; at < 2; at += 1) {
      shadow.compare(work('a'));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      (await next('c1 a')).answer(allows);
      // oxlint-disable-next-line no-await-in-loop
      await eventually(() => (outcomes.length > at ? true : undefined));
    }
    const verdict = { kind: 'approve', reasons: [], warnings: [] };
    expect(outcomes).toEqual([0, 1].map(() => ({ status: 'compared', revision: 'r1', verdict })));
    expect(told).toHaveLength(1);
  });

  test('that another decision came before it, or there was no room', async () => {
    make({ limits: { waiting: 1, characters: 1e6, known: 8 } });
    for (const uid of ['a', 'b', 'b', 'c']) decided(uid);
    expect(settled).toEqual(['b superseded', 'c dropped']);
    (await next('c1 a')).answer(allows);
    (await next('c1 b')).answer(allows);
    await eventually(() => (settled.length === 4 ? true : undefined));
    expect(settled.slice(2)).toEqual(['a compared', 'b compared']);
  });

  test('that other policies came in force, while it waited or was asked about', async () => {
    let stands = true;
    for (const uid of ['a', 'b']) decided(uid, { stands: () => stands });
    const first = await next('c1 a');
    stands = false;
    shadow.restart();
    expect(settled).toEqual(['b superseded']);
    first.answer(allows);
    await eventually(() => (settled.length === 2 ? true : undefined));
    expect(settled[1]).toBe('a superseded');
  });

  test('that the program ends', async () => {
    for (const uid of ['a', 'b']) decided(uid);
    const first = await next('c1 a');
    shadow.stop();
    first.answer(allows);
    decided('c');
    await eventually(() => (settled.length === 3 ? true : undefined));
    expect(settled).toEqual(['b superseded', 'c skipped', 'a superseded']);
  });
});

describe('nothing is compared', () => {
  test('while there is no candidate', async () => {
    activation = new Activation({ load: async () => Promise.reject(new Error('bad')) });
    await activation.offer('bad');
    make();
    decided('a');
    expect([told, counts, settled]).toEqual([[], { dropped: 0, skipped: 0 }, ['a skipped']]);
  });

  test('when facts were missing', () => {
    const verdict = judgeWithoutFacts([{ fact: 'node', message: 'gone' }]);
    const decision = { ...unsaid, verdict, input: documentOf('a') };
    shadow.compare({
      request: request(),
      decision,
      policies: active,
      options: { now, limits },
      stands: () => true,
    });
    expect(counts).toEqual({ dropped: 0, skipped: 1 });
    expect(asked).toEqual([]);
  });

  test('with what policies have decided that are no longer in force', async () => {
    let stands = true;
    decided('a', { stands: () => stands });
    decided('b', { stands: () => stands });
    decided('c');
    const first = await next('c1 a');
    stands = false;
    first.answer(denies);
    (await next('c1 c')).answer(denies);
    await untilTold(1);
    expect(pairs()).toEqual(['c: approve->deny']);
  });

  test('of which, once others are in force, nothing waits any more', async () => {
    make({ limits: { waiting: 1, characters: 1e6, known: 8 } });
    let stands = true;
    decided('a');
    const first = await next('c1 a');
    decided('b', { stands: () => stands });
    decided('c');
    expect(counts.dropped).toBe(1);
    stands = false;
    shadow.restart();
    decided('c');
    expect(counts.dropped).toBe(1);
    first.answer(allows);
    (await next('c1 c')).answer(allows);
    await untilTold(2);
  });

  test('after the end', async () => {
    decided('a');
    decided('b');
    const first = await next('c1 a');
    shadow.stop();
    first.answer(denies);
    await activation.close();
    decided('c');
    await new Promise((resolve) => setImmediate(resolve));
    expect([pairs(), asked]).toEqual([[], []]);
  });
});

test('a candidate that is replaced meanwhile is not heard: its successor is asked', async () => {
  decided('a');
  const first = await next('c1 a');
  await activation.offer('c2');
  first.answer(denies);
  (await next('c2 a')).answer(allows);
  await untilTold(1);
  expect(pairs()).toEqual(['a: approve->approve']);
});

test('a candidate that has taken too much time is left alone for a while', async () => {
  make({ share: { spent: () => 3_600_000 } });
  decided('a');
  decided('b');
  (await next('c1 a')).answer(new EvaluationError('took too long', { overdue: true }));
  await untilTold(1);
  expect(told[0]?.candidate).toMatchObject({ kind: 'error', reasons: [{ code: 'PolicyTimeout' }] });
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([]);
  // It rests still, and nobody waits for it.
  shadow.stop();
});

test('and asked on then', async () => {
  make({ share: { spent: () => 1 } });
  decided('a');
  decided('b');
  (await next('c1 a')).answer(allows);
  (await next('c1 b')).answer(allows);
  await untilTold(2);
});

test('its time is that of its evaluations, and of the facts that it alone asks for', async () => {
  const gather: Gather = async () => {
    time += 60;
    return { facts: {}, failures: [] };
  };
  make({ gather });
  decided('a', { kind: 'ignore' });
  const { answer } = await eventually(() => asked.shift());
  time += 40;
  answer(allows);
  await eventually(() => (spent.length > 0 ? true : undefined));
  expect([time, spent]).toEqual([100, [100]]);
});

test('a candidate that fails is asked on', async () => {
  decided('a');
  decided('b', { kind: 'ignore' });
  (await next('c1 a')).answer(new EvaluationError('undefined'));
  (await eventually(() => asked.shift())).answer(allows);
  await untilTold(2);
  expect(pairs()).toEqual(['a: approve->error', 'b: ignore->approve']);
});
