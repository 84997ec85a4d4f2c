import { describe, expect, test } from 'vitest';
import { Aging } from '../../../src/controller/aging.ts';
import { readRequest, type CertificateRequest } from '../../../src/decide/request.ts';
import { csrObject } from '../../support/csr-object.ts';
import { FakeClock } from './fake-clock.ts';

const signer = 'kubernetes.io/kubelet-serving';
const minutes = 60_000;
const start = Date.parse('2026-11-22T06:00:00Z');

const read = readRequest(csrObject());
if ('problem' in read) throw new Error(read.problem);
const made = (at: number | undefined): CertificateRequest => ({
  ...read,
  createdAt: at === undefined ? undefined : new Date(at),
});

/** The wall clock goes with the monotonic one, but for what is set. */
function setUp(seconds: number | undefined) {
  const clock = new FakeClock();
  const world = { seconds, set: 0 };
  const told: string[] = [];
  const aging = new Aging({
    signers: [signer],
    maxAgeSeconds: () => world.seconds,
    now: () => new Date(start + clock.now() + world.set),
    clock,
    sweep: () => told.push('sweep'),
    clockWasSet: (byMs) => told.push(`set ${String(byMs)}`),
  });
  return { clock, world, told, aging };
}

describe('a request is past', () => {
  test.each<[string, number | undefined, number | undefined, boolean]>([
    ['a millisecond after its time', 1800, start - 30 * minutes - 1, true],
    ['but not at its time', 1800, start - 30 * minutes, false],
    ['not while it counts as pending, however short its time is', 60, start - 15 * minutes, false],
    ['after that it is', 60, start - 15 * minutes - 1, true],
    ['never where nobody gives up', undefined, 0, false],
    ['not where nobody knows when it was made', 1800, undefined, false],
    ['not where it was made in the future', 1800, start + 60 * minutes, false],
  ])('%s', (_, seconds, at, expected) => {
    expect(setUp(seconds).aging.isPast(made(at))).toBe(expected);
  });
});

describe('other policies', () => {
  test.each<[string, number | undefined, number | undefined, boolean]>([
    ['the same age', 900, 900, false],
    ['a longer one', 900, 1800, true],
    ['for ever', 900, undefined, true],
    ['a shorter one', 1800, 900, false],
    ['an end at last', undefined, 900, false],
  ])('%s', (_, before, after, expected) => {
    const { aging, world } = setUp(before);
    world.seconds = after;
    expect([aging.grown(), aging.grown()]).toEqual([expected, false]);
  });
});

describe('every 15 seconds', () => {
  test('it sweeps, until it is stopped', async () => {
    const { aging, clock, told } = setUp(900);
    aging.start();
    await clock.turn(45_000);
    expect(told).toEqual(['sweep', 'sweep', 'sweep']);
    aging.stop();
    await clock.turn(100_000);
    expect([told.length, clock.timers]).toEqual([3, 0]);
  });

  test.each([3_600_000, -3_600_000])(
    'it notices that the clock was set by %d ms, once, before it sweeps',
    async (ms) => {
      const { aging, clock, told, world } = setUp(900);
      aging.start();
      await clock.turn(15_000);
      world.set = ms;
      await clock.turn(30_000);
      expect(told).toEqual(['sweep', `set ${String(ms)}`, 'sweep', 'sweep']);
    },
  );

  test('a clock that is slewed was not set', async () => {
    const { aging, clock, told, world } = setUp(900);
    aging.start();
    for (let i = 0; i < 10; i += 1) {
      world.set += 500;
      await clock.turn(15_000);
    }
    expect(told.every((what) => what === 'sweep')).toBe(true);
  });
});
