import { expect, test } from 'vitest';
import { Elector } from '../../../src/election/elector.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { Clock } from '../../../src/controller/clock.ts';
import { FakeClock } from '../controller/fake-clock.ts';
import { LeaseServer, type Fate } from './lease-server.ts';

/**
 * Three processes, an unreliable API server, wall clocks that step, and processes that stand still and go on: never do two
 * of them act at once, and when the faults are over one does.
 */

const times = { leaseMs: 5_000, renewMs: 3_000, retryMs: 500 };

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A process: its timers and answers come late while it stands still, but its clock goes on. */
class Process implements Clock {
  pausedUntil = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, call: () => void): () => void {
    let cancel = this.#clock.after(ms, () => {
      const late = this.pausedUntil - this.now();
      if (late > 0) cancel = this.after(late, call);
      else call();
    });
    return () => cancel();
  }
}

async function simulate(seed: number): Promise<{ both: number; began: number; last: number }> {
  const random = randomOf(seed);
  const clock = new FakeClock();
  const server = new LeaseServer();
  let isCalm = false;
  const fate = (): Fate => {
    if (isCalm || random() < 0.7) return 'ok';
    return random() < 0.5 ? 'lost' : new KubeError({ kind: 'network', message: 'reset', uncertain: true });
  };
  const delay = () => (isCalm ? 10 : random() ** 4 * 4_000);
  let began = 0;
  const all = Array.from({ length: 3 }, (_, index) => {
    const process = new Process(clock);
    const identity = `p${String(index)}`;
    // Answers come to a process that stands still only when it goes on.
    // oxlint-disable-next-line no-unsafe-type-assertion -- the server asks no more of it
    const store = server.store(identity, process as unknown as FakeClock, fate, delay);
    const elector = new Elector({
      identity,
      times,
      store,
      now: () => new Date(Math.floor(random() * 1e12)),
      clock: process,
      random,
      observer: { began: () => (began += 1), ended: () => 0, follows: () => 0, failed: () => 0 },
    });
    elector.start();
    return { process, elector };
  });
  const acting = () =>
    all.filter(({ process, elector }) => clock.now() >= process.pausedUntil && elector.mayAct()).length;
  let both = 0;
  for (let step = 0; step < 1_200; step += 1) {
    const one = all[Math.floor(random() * all.length)];
    if (one !== undefined && random() < 0.02) one.process.pausedUntil = clock.now() + random() * 12_000;
    // oxlint-disable-next-line no-await-in-loop -- time goes by in steps
    await clock.turn(50 + random() * 100);
    if (acting() > 1) both += 1;
  }
  isCalm = true;
  await clock.turn(40_000);
  return { both, began, last: acting() };
}

test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'of three never two act at once (seed %i)',
  async (seed) => {
    const { both, began, last } = await simulate(seed);
    expect({ both, last }).toEqual({ both: 0, last: 1 });
    // The faults are such that the lead does change.
    expect(began).toBeGreaterThan(2);
  },
);
