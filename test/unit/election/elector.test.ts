import { beforeEach, describe, expect, test } from 'vitest';
import { Elector } from '../../../src/election/elector.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { FakeClock } from '../controller/fake-clock.ts';
import { LeaseServer, refused, type Fate } from './lease-server.ts';

const times = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 };
let clock: FakeClock;
let server: LeaseServer;
let told: string[];
beforeEach(() => {
  clock = new FakeClock();
  server = new LeaseServer();
  told = [];
});

interface Given {
  readonly fate?: (verb: string) => Fate;
  readonly delayMs?: () => number;
  /** Of its wall clock. */
  readonly skewMs?: number;
}

function elector(identity: string, { fate, delayMs, skewMs = 0 }: Given = {}): Elector {
  return new Elector({
    identity,
    times,
    store: server.store(identity, clock, fate, delayMs),
    now: () => new Date(Date.UTC(2026, 10, 30) + clock.now() + skewMs),
    clock,
    random: () => 0.5,
    observer: {
      began: (transitions) => told.push(`${identity} began ${String(transitions)}`),
      ended: (why) => told.push(`${identity} ended: ${why}`),
      follows: (holder) => told.push(`${identity} follows ${holder || 'nobody'}`),
      failed: (cause) => told.push(`${identity} failed: ${cause instanceof Error ? cause.message : ''}`),
    },
  });
}

async function started(identity: string, given?: Given): Promise<Elector> {
  const one = elector(identity, given);
  one.start();
  await clock.turn(0);
  return one;
}

describe('one alone', () => {
  test('makes the Lease, leads at once, and renews every retry period', async () => {
    const one = await started('a');
    expect([told, one.mayAct(), one.leftMs()]).toEqual([['a began 0'], true, 15_000]);
    await clock.turn(9_000);
    expect(server.calls).toEqual(['get a', 'create a', 'put a', 'put a', 'put a', 'put a']);
    expect(server.spec).toMatchObject({
      acquireTime: '2026-11-30T00:00:00.000000Z',
      renewTime: '2026-11-30T00:00:08.000000Z',
    });
    await one.stop(true);
  });

  test('takes one that was released, and counts', async () => {
    server.set({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 3 });
    await started('a');
    expect(told).toEqual(['a began 4']);
  });

  test('takes one without a spec', async () => {
    server.set(undefined);
    await started('a');
    expect(told).toEqual(['a began 1']);
  });

  test('waits for a holder that never renews, from when it was seen, whatever times are in the Lease', async () => {
    server.set({
      holderIdentity: 'dead',
      leaseDurationSeconds: 15,
      renewTime: '1990-01-01T00:00:00.000000Z',
    });
    const one = await started('a');
    await clock.turn(14_900);
    expect([told, one.mayAct()]).toEqual([['a follows dead'], false]);
    await clock.turn(500);
    expect(told).toEqual(['a follows dead', 'a began 1']);
  });

  test('waits no longer than five minutes, however long the Lease says, and says so', async () => {
    server.set({ holderIdentity: 'dead', leaseDurationSeconds: 2 ** 31 - 1 });
    const one = await started('a');
    expect(one.problem).toMatch(/^LeaseDurationTooLong/);
    await clock.turn(299_000);
    expect(one.mayAct()).toBe(false);
    await clock.turn(2_000);
    expect([one.mayAct(), one.problem]).toEqual([true, undefined]);
  });
});

describe('of two', () => {
  test('that start at once, one leads', async () => {
    const both = [elector('a'), elector('b')];
    for (const one of both) one.start();
    await clock.turn(60_000);
    expect(both.filter((one) => one.mayAct())).toHaveLength(1);
    expect(told.filter((text) => text.includes('began'))).toHaveLength(1);
  });

  test('the second takes over when the first is gone, within a lease and a bit', async () => {
    let isDead = false;
    const gone = new KubeError({ kind: 'network', message: 'gone' });
    const first = await started('a', { fate: () => (isDead ? gone : 'ok') });
    const second = await started('b', { skewMs: -3_600_000 });
    await clock.turn(20_000);
    isDead = true;
    await clock.turn(10_100);
    // The first has stopped, and the second has not yet begun.
    expect([first.mayAct(), second.mayAct()]).toEqual([false, false]);
    await clock.turn(9_000);
    expect([first.mayAct(), second.mayAct()]).toEqual([false, true]);
    expect(told).toContain('a ended: the Lease was not renewed for 10 s');
    expect(server.spec).toMatchObject({ leaseTransitions: 1 });
    isDead = false;
    await clock.turn(10_000);
    expect(told.at(-1)).toBe('a follows b');
  });

  test('the second takes over at its next look after a release', async () => {
    const first = await started('a');
    const second = await started('b');
    await clock.turn(7_000);
    await first.stop(true);
    expect(server.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await clock.turn(4_400);
    expect([first.mayAct(), second.mayAct()]).toEqual([false, true]);
  });

  test('one that stops without a release leaves the Lease to its time', async () => {
    const first = await started('a');
    await started('b');
    await first.stop(false);
    expect(server.spec).toMatchObject({ holderIdentity: 'a' });
  });

  test('one that stops releases nothing of the other', async () => {
    await started('a');
    const second = await started('b');
    await second.stop(true);
    expect(server.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15 });
  });

  test('one that has retired takes nothing, and one that leads goes on until it stops', async () => {
    const first = await started('a');
    const second = await started('b');
    first.retire();
    second.retire();
    await clock.turn(30_000);
    expect(first.mayAct()).toBe(true);
    await first.stop(true);
    await clock.turn(30_000);
    expect(second.mayAct()).toBe(false);
  });
});

describe('a leader', () => {
  test('whose Lease is deleted makes it again, and no other one begins in between', async () => {
    const first = await started('a');
    const second = await started('b');
    await clock.turn(1_900);
    server.lease = undefined;
    for (let turn = 0; turn < 100; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- time goes by in steps
      await clock.turn(100);
      expect([first.mayAct(), second.mayAct()]).toEqual([true, false]);
    }
    expect([first.othersForMs(), second.othersForMs() > 0]).toEqual([0, true]);
    expect(server.spec).toMatchObject({ holderIdentity: 'a' });
  });

  test('whose Lease is emptied by hand goes on, and no other one begins in between', async () => {
    const first = await started('a');
    const second = await started('b');
    await clock.turn(1_900);
    server.edit((lease) => ({ ...lease, spec: { ...server.spec, holderIdentity: '' } }));
    await clock.turn(10_000);
    expect([first.mayAct(), second.mayAct()]).toEqual([true, false]);
    expect(told.filter((text) => text.startsWith('b'))).toEqual(['b follows a']);
  });

  test('whose Lease is taken by hand ends at its next try, and takes it back when that one is silent', async () => {
    const first = await started('a');
    server.edit((lease) => ({ ...lease, spec: { ...server.spec, holderIdentity: 'me, by hand' } }));
    await clock.turn(2_100);
    expect(first.mayAct()).toBe(false);
    expect(told).toEqual(['a began 0', 'a ended: another one has taken the Lease', 'a follows me, by hand']);
    await clock.turn(16_000);
    expect(first.mayAct()).toBe(true);
  });

  test('whose Lease is taken by hand and deleted says how long it is left to that one, and then makes it', async () => {
    const first = await started('a');
    server.edit((lease) => ({ ...lease, spec: { ...server.spec, holderIdentity: 'me, by hand' } }));
    await clock.turn(2_100);
    server.lease = undefined;
    await clock.turn(5_000);
    expect([first.mayAct(), first.holder, first.othersForMs()]).toEqual([false, '', 9_900]);
    await clock.turn(11_000);
    expect([first.mayAct(), first.othersForMs()]).toEqual([true, 0]);
  });

  test('whose Lease is labelled by somebody goes on, and the label stays', async () => {
    const first = await started('a');
    server.edit((lease) => ({ ...lease, metadata: { ...lease.metadata, labels: { team: 'blue' } } }));
    await clock.turn(2_100);
    expect([first.mayAct(), told]).toEqual([true, ['a began 0']]);
    expect(server.lease?.metadata).toMatchObject({ labels: { team: 'blue' } });
  });

  test.each<[string, Fate]>([
    ['403', refused(403)],
    ['429', new KubeError({ kind: 'status', status: 429, message: 'slow down', retryAfterSeconds: 1 })],
    ['500', refused(500)],
    ['a lost answer', 'lost'],
    ['no answer', new KubeError({ kind: 'timeout', message: 'late', uncertain: true })],
    ['a page', new KubeError({ kind: 'protocol', message: 'not JSON' })],
  ])(
    'that meets %s goes on for as long as it may, and for good when that is over in time',
    async (_, fault) => {
      let isBad = false;
      const one = await started('a', { fate: () => (isBad ? fault : 'ok') });
      isBad = true;
      await clock.turn(9_900);
      expect([one.mayAct(), one.failure]).toEqual([true, expect.any(KubeError)]);
      isBad = false;
      await clock.turn(30_000);
      expect([one.mayAct(), one.failure]).toEqual([true, undefined]);
      isBad = true;
      await clock.turn(30_000);
      expect(one.mayAct()).toBe(false);
    },
  );

  test('ends in the moment of its deadline, even while a call hangs', async () => {
    let delay = 0;
    const one = await started('a', { delayMs: () => delay });
    await clock.turn(1_000);
    delay = 1e9;
    await clock.turn(8_990);
    expect([one.mayAct(), told]).toEqual([true, ['a began 0', 'a failed: late']]);
    await clock.turn(20);
    expect(told).toContain('a ended: the Lease was not renewed for 10 s');
  });

  test('counts its time from when a renewal was begun, not from when it was answered', async () => {
    const one = await started('a', { delayMs: () => 3_000 });
    await clock.turn(6_000);
    expect([one.mayAct(), one.leftMs()]).toEqual([true, 12_000]);
    await one.stop(false);
  });
});

test('a 403 from the beginning is told, and is not leadership', async () => {
  const one = await started('a', { fate: () => refused(403) });
  await clock.turn(60_000);
  expect([one.mayAct(), one.hasRead, one.failure]).toMatchObject([false, false, { status: 403 }]);
});

test('an answer that names somebody else is no leadership', async () => {
  const store = server.store('a', clock);
  const answers = { ...store, create: async () => (server.set({ holderIdentity: 'b' }), server.lease) };
  const one = new Elector({
    identity: 'a',
    times,
    // oxlint-disable-next-line no-unsafe-type-assertion -- it was just set
    store: answers as typeof store,
    now: () => new Date(0),
    clock,
    observer: {
      began: () => told.push('began'),
      ended: () => 0,
      follows: () => 0,
      failed: () => told.push('failed'),
    },
  });
  one.start();
  await clock.turn(100);
  expect([told, one.mayAct()]).toEqual([['failed'], false]);
});

test('one that waits asks no sooner than the server said', async () => {
  const slow = new KubeError({ kind: 'status', status: 429, message: 'slow down', retryAfterSeconds: 10 });
  await started('a', { fate: () => slow });
  await clock.turn(9_900);
  expect(server.calls).toEqual(['get a']);
  await clock.turn(200);
  expect(server.calls).toEqual(['get a', 'get a']);
});
