import { describe, expect, test } from 'vitest';
import { readGate, type Gate } from '../../../src/replay/gate.ts';
import type { Example } from '../../../src/replay/report.ts';
import { SeenOfLate } from '../../../src/replay/seen.ts';
import { skip } from '../../../src/replay/skipped.ts';
import { Tally } from '../../../src/replay/tally.ts';

type Kind = 'approve' | 'deny' | 'wait';
const of = { files: [], policy: '', revisions: {} };
const gates = (...texts: string[]): Gate[] => texts.flatMap((text) => readGate(text) ?? []);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only counted
const example = (id: number) => () => ({ decision_id: String(id) }) as Example;
const compared = (was: Kind, wasCodes: string[], now: Kind, nowCodes: string[], id = 0) => ({
  was: { kind: was, codes: wasCodes },
  now: { kind: now, codes: nowCodes },
  example: example(id),
});

describe('decisions', () => {
  test('are grouped by verdicts and codes, flips first, the most frequent first', () => {
    const tally = new Tally([], 2);
    for (const id of [1, 2, 3]) tally.add(compared('wait', ['B', 'A', 'A'], 'wait', ['C'], id));
    tally.add(compared('approve', [], 'deny', ['D'], 4));
    for (const id of [5, 6]) tally.add(compared('approve', [], 'wait', ['A'], id));
    tally.add(compared('deny', ['A', 'B'], 'deny', ['B', 'A']));
    const { decided, flipped, reworded, changes } = tally.report(of);
    expect([decided, flipped, reworded]).toEqual([7, 3, 3]);
    expect(
      changes.map((change) => [
        change.was,
        change.now,
        change.count,
        change.codes?.was,
        change.examples.length,
      ]),
    ).toEqual([
      ['approve', 'wait', 2, [], 2],
      ['approve', 'deny', 1, [], 1],
      ['wait', 'wait', 3, ['A', 'B'], 2],
    ]);
    expect(changes[2]?.examples.map((one) => one.decision_id)).toEqual(['1', '2']);
  });

  test('of more groups than are told apart are counted together', () => {
    const tally = new Tally([], 1);
    for (let code = 0; code < 300; code += 1)
      tally.add(compared('approve', [], 'deny', [`C${String(code)}`]));
    const { changes, flipped } = tally.report(of);
    expect(flipped).toBe(300);
    expect(changes).toHaveLength(257);
    expect(changes[0]).toMatchObject({ codes: undefined, count: 44, examples: [{}] });
  });
});

test('codes are kept as many and as long as a person reads, and compared as a whole', () => {
  const tally = new Tally([], 1);
  const many = Array.from({ length: 1000 }, (_, at) => `${String(at).padStart(4, '0')}${'x'.repeat(1000)}`);
  tally.add(compared('deny', many, 'wait', ['A']));
  tally.add(compared('deny', many, 'deny', [...many.slice(0, -1), `${many[999] ?? ''}y`]));
  tally.add(compared('deny', ['A', 'B'], 'deny', ['A\0B']));
  const { changes, flipped, reworded } = tally.report(of);
  expect([flipped, reworded]).toEqual([1, 2]);
  expect(changes[0]?.codes?.was).toHaveLength(65);
  expect(changes[0]?.codes?.was[64]).toBe('and 936 more');
  expect(JSON.stringify(changes).length).toBeLessThan(50_000);
});

test('gates count what they forbid', () => {
  const tally = new Tally(gates('approve->*', '*->approve', 'reasons', 'undecidable'), 1);
  tally.add(compared('approve', [], 'deny', ['A']));
  tally.add(compared('approve', [], 'approve', []));
  tally.add(compared('deny', ['A'], 'deny', ['B']));
  tally.skip(skip('LineBroken'));
  tally.skip(skip('OtherLine'));
  expect(tally.report(of).gates.map(({ gate, count }) => `${gate.text} ${String(count)}`)).toEqual([
    'approve->* 1',
    '*->approve 0',
    'reasons 1',
    'undecidable 1',
  ]);
});

test('what is skipped is counted by reason and detail, of which there are not too many', () => {
  const tally = new Tally([], 1);
  tally.skip(skip('OtherLine'));
  tally.skip(skip('FactMissing', 'cluster', 'lookups.pool', 'cluster'));
  tally.skip(skip('FactMissing', 'cluster'));
  for (let path = 0; path < 40; path += 1) tally.skip(skip('Masked', `/input/${String(path)}`));
  const { skipped } = tally.report(of);
  expect(skipped.map(({ reason, count }) => [reason, count])).toEqual([
    ['Masked', 40],
    ['FactMissing', 2],
    ['OtherLine', 1],
  ]);
  expect(skipped[1]?.details).toEqual([
    { detail: 'cluster', count: 2 },
    { detail: 'lookups.pool', count: 1 },
  ]);
  expect(skipped[0]?.details[0]).toEqual({ detail: 'others', count: 8 });
});

test('names are remembered for a while', () => {
  const seen = new SeenOfLate(2);
  expect(['a', 'b', 'a', 'c', 'a', 'd', 'e', 'b'].map((name) => seen.has(name))).toEqual([
    false,
    false,
    true,
    false,
    true,
    false,
    false,
    false,
  ]);
});
