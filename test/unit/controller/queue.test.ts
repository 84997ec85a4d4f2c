import { describe, expect, test } from 'vitest';
import { WorkQueue, type Outcome, type QueueOptions } from '../../../src/controller/queue.ts';
import { FakeClock, settle } from './fake-clock.ts';

const done: Outcome = { kind: 'done' };

interface Job {
  readonly key: string;
  readonly signal: AbortSignal;
  finish(outcome?: Outcome): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A queue whose workers do what the test says, when it says so. */
function setUp(options: Partial<QueueOptions> = {}) {
  const clock = new FakeClock();
  const started: Job[] = [];
  const events: string[] = [];
  const queue = new WorkQueue({
    clock,
    random: () => 1,
    concurrency: 1,
    backoff: { baseMs: 1_000, maxMs: 60_000 },
    process: (key, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      started.push({
        key,
        signal,
        finish: (outcome = done) => (resolve(outcome), settle()),
        fail: (error) => (reject(error), settle()),
      });
      return promise;
    },
    observer: {
      dropped: (key) => events.push(`dropped ${key}`),
      roomAgain: () => events.push('room again'),
      threw: (key, error) => events.push(`threw ${key} ${String(error)}`),
    },
    ...options,
  });
  const keys = (): string[] => started.map(({ key }) => key);
  const last = (): Job => started.at(-1)!;
  return { clock, queue, started, keys, last, events };
}

const of = (group: string, priority = 0) => ({ group, priority });

describe('order', () => {
  test('newest first, and groups in turn', async () => {
    const { queue, keys, last } = setUp();
    queue.add('old', of('a', 1));
    queue.add('new', of('a', 3));
    queue.add('newer', of('a', 4));
    queue.add('other', of('b', 2));
    queue.start();
    await settle();
    for (let n = 0; n < 4; n += 1) await last().finish();
    expect(keys()).toEqual(['newer', 'other', 'new', 'old']);
  });

  test('what is added in one go is ordered before the first is taken', async () => {
    const { queue, keys } = setUp();
    queue.start();
    queue.add('old', of('a', 1));
    queue.add('new', of('a', 2));
    await settle();
    expect(keys()).toEqual(['new']);
  });

  test('no more workers than said', async () => {
    const { queue, started } = setUp({ concurrency: 3 });
    for (let n = 0; n < 10; n += 1) queue.add(`k${String(n)}`, of('a', n));
    queue.start();
    await settle();
    expect(started).toHaveLength(3);
    expect([queue.working, queue.ready]).toEqual([3, 7]);
    await started[0]!.finish();
    expect(started).toHaveLength(4);
  });
});

describe('one key once', () => {
  test('added twice while waiting: worked on once', async () => {
    const { queue, started, last } = setUp();
    queue.add('k', of('a'));
    queue.add('k', of('a'));
    queue.start();
    await settle();
    await last().finish();
    expect(started).toHaveLength(1);
  });

  test('added while worked on: worked on again afterwards, never by two', async () => {
    const { queue, started, last } = setUp({ concurrency: 5 });
    queue.start();
    queue.add('k', of('a'));
    await settle();
    queue.add('k', of('a'));
    await settle();
    expect(started).toHaveLength(1);
    await last().finish();
    expect(started).toHaveLength(2);
    await last().finish();
    expect(started).toHaveLength(2);
  });

  test('the same name by another requestor moves to their group', async () => {
    const { queue, keys, last } = setUp();
    queue.add('k', of('a', 1));
    queue.add('a2', of('a', 2));
    queue.add('k', of('b', 0));
    queue.start();
    await settle();
    for (let n = 0; n < 2; n += 1) await last().finish();
    expect(keys()).toEqual(['a2', 'k']);
    expect(queue.ready).toBe(0);
  });

  test('forgotten while waiting: not worked on', async () => {
    const { queue, started } = setUp();
    queue.add('k', of('a'));
    queue.addAfter('l', of('a'), 10);
    queue.forget('k');
    queue.forget('l');
    queue.forget('m');
    queue.start();
    await settle();
    expect(started).toHaveLength(0);
    expect([queue.ready, queue.delayed]).toEqual([0, 0]);
  });

  test('forgotten while worked on: not repeated, unless it comes back', async () => {
    const { queue, started, last, clock } = setUp();
    queue.start();
    queue.add('k', of('a'));
    await settle();
    queue.add('k', of('a'));
    queue.forget('k');
    await last().finish({ kind: 'again', afterMs: 5 });
    await clock.turn(100);
    expect(started).toHaveLength(1);
    queue.add('k', of('a'));
    await settle();
    queue.forget('k');
    queue.add('k', of('a'));
    await last().finish();
    expect(started).toHaveLength(3);
  });
});

describe('later', () => {
  test('again: not before its time, and without counting as a failure', async () => {
    const { queue, started, last, clock } = setUp();
    queue.start();
    queue.add('k', of('a'));
    await settle();
    await last().finish({ kind: 'again', afterMs: 30_000 });
    expect([queue.ready, queue.delayed, queue.working]).toEqual([0, 1, 0]);
    await clock.turn(29_999);
    expect(started).toHaveLength(1);
    await clock.turn(1);
    expect(started).toHaveLength(2);
  });

  test('failed: exponential backoff, which success resets', async () => {
    const { queue, started, last, clock } = setUp();
    queue.start();
    queue.add('k', of('a'));
    await settle();
    for (const delay of [1_000, 2_000, 4_000]) {
      await last().finish({ kind: 'failed' });
      const before = started.length;
      await clock.turn(delay - 1);
      expect(started).toHaveLength(before);
      await clock.turn(1);
      expect(started).toHaveLength(before + 1);
    }
    await last().finish();
    queue.add('k', of('a'));
    await settle();
    await last().finish({ kind: 'failed' });
    const before = started.length;
    await clock.turn(1_000);
    expect(started).toHaveLength(before + 1);
  });

  test('a worker that throws is reported and counts as failed', async () => {
    const { queue, started, last, clock, events } = setUp();
    queue.start();
    queue.add('k', of('a'));
    await settle();
    await last().fail(new Error('oops'));
    expect(events).toEqual(['threw k Error: oops']);
    await clock.turn(1_000);
    expect(started).toHaveLength(2);
  });

  test('tells of what failed and is tried again, and of nothing else', async () => {
    const retried: string[] = [];
    const { queue, last } = setUp({ observer: { retried: (key) => retried.push(key) } });
    queue.start();
    for (const [key, outcome] of [
      ['done', done],
      ['again', { kind: 'again', afterMs: 10 }],
      ['failed', { kind: 'failed' }],
    ] as const) {
      queue.add(key, of(key));
      // oxlint-disable-next-line no-await-in-loop -- one worker
      await settle();
      await last().finish(outcome);
    }
    queue.add('gone', of('gone'));
    await settle();
    queue.forget('gone');
    await last().finish({ kind: 'failed' });
    expect(retried).toEqual(['failed']);
  });

  test('an addition shortens a backoff, but not a Retry-After', async () => {
    const { queue, started, last, clock } = setUp();
    queue.start();
    queue.add('k', of('a'));
    await settle();
    await last().finish({ kind: 'failed' });
    queue.add('k', of('a'));
    await settle();
    expect(started).toHaveLength(2);
    await last().finish({ kind: 'failed', atLeastMs: 10_000 });
    queue.add('k', of('a'));
    await clock.turn(9_999);
    expect(started).toHaveLength(2);
    await clock.turn(1);
    expect(started).toHaveLength(3);
  });

  test('an addition during the work honours a Retry-After too', async () => {
    const { queue, started, last, clock } = setUp();
    queue.start();
    queue.add('k', of('a'));
    await settle();
    queue.add('k', of('a'));
    await last().finish({ kind: 'failed', atLeastMs: 10_000 });
    await clock.turn(9_999);
    expect(started).toHaveLength(1);
    await clock.turn(1);
    expect(started).toHaveLength(2);
  });

  test('addAfter: the earliest time counts', async () => {
    const { queue, started, clock } = setUp();
    queue.start();
    queue.addAfter('k', of('a'), 5_000);
    queue.addAfter('k', of('a'), 9_000);
    queue.addAfter('k', of('a'), 2_000);
    await clock.turn(1_999);
    expect(started).toHaveLength(0);
    await clock.turn(1);
    expect(started).toHaveLength(1);
  });

  test('one timer serves all', async () => {
    const { queue, clock, started } = setUp({ concurrency: 1_000 });
    queue.start();
    for (let n = 0; n < 500; n += 1) queue.addAfter(`k${String(n)}`, of('a'), 10_000 - n);
    expect(clock.timers).toBe(1);
    await clock.turn(10_000);
    expect(started).toHaveLength(500);
    expect(clock.timers).toBe(0);
  });
});

describe('bounds', () => {
  test('the oldest of the biggest group goes, and its owner hears when there is room again', async () => {
    const { queue, events, last } = setUp({ capacity: 4 });
    for (const priority of [1, 2, 3]) queue.add(`a${String(priority)}`, of('a', priority));
    queue.add('b1', of('b', 1));
    queue.addAfter('c1', of('c', 1), 1_000);
    expect(events).toEqual(['dropped a1']);
    queue.start();
    await settle();
    for (let n = 0; n < 3; n += 1) await last().finish();
    expect(events).toEqual(['dropped a1', 'room again']);
    queue.add('a1', of('a', 1));
    await settle();
    expect(events).toHaveLength(2);
  });

  test('100,000 additions of one attacker: quick, bounded, and another is served second', async () => {
    const { queue, keys, last } = setUp({ capacity: 10_000 });
    const before = process.threadCpuUsage();
    for (let n = 0; n < 100_000; n += 1) queue.add(`bad${String(n)}`, of('bad', n));
    queue.add('good', of('good', 0));
    queue.start();
    await settle();
    await last().finish();
    expect(keys()).toEqual(['bad99999', 'good']);
    expect(queue.ready).toBe(9_998);
    // Of the CPU, whatever else the machine does: where each addition looked at all others, it would be minutes.
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(5_000);
  }, 60_000);
});

describe('draining', () => {
  test('waits for the work under way and takes no more; start goes on', async () => {
    const { queue, keys, last } = setUp();
    queue.add('k', of('a', 2));
    queue.add('l', of('a', 1));
    queue.start();
    await settle();
    const drained = queue.drain(1_000);
    await last().finish();
    expect(await drained).toBe(true);
    expect(keys()).toEqual(['k']);
    expect(await queue.drain(1_000)).toBe(true);
    queue.start();
    await settle();
    expect(keys()).toEqual(['k', 'l']);
    expect(last().signal.aborted).toBe(false);
  });

  test('leaves no timer of a key that waits, and goes on with it when started again', async () => {
    const { queue, keys, clock } = setUp();
    queue.start();
    queue.addAfter('k', of('a'), 60_000);
    expect(clock.timers).toBe(1);
    expect(await queue.drain(1_000)).toBe(true);
    expect(clock.timers).toBe(0);
    await clock.turn(90_000);
    queue.start();
    await settle();
    await clock.turn(1);
    expect(keys()).toEqual(['k']);
  });

  test('after the deadline the work is told to stop', async () => {
    const { queue, last, clock } = setUp();
    queue.add('k', of('a'));
    queue.start();
    await settle();
    const drained = queue.drain(1_000);
    await clock.turn(999);
    expect(last().signal.aborted).toBe(false);
    await clock.turn(1);
    expect(last().signal.aborted).toBe(true);
    await last().finish({ kind: 'failed' });
    expect(await drained).toBe(false);
    expect(clock.timers).toBe(0); // nothing that would keep the process alive
    queue.start();
    expect(clock.timers).toBe(1); // the backoff of k
  });

  test('work that ignores the signal is not waited for', async () => {
    const { queue, clock } = setUp();
    queue.add('k', of('a'));
    queue.start();
    await settle();
    const drained = queue.drain(1_000);
    await clock.turn(2_000);
    expect(await drained).toBe(false);
  });
});

const two = (group: string) => (group === 'a' ? 2 : 1);

describe('shares', () => {
  const costly: Outcome = { kind: 'failed', costly: true };

  test('no more of one group at once than said, and the others go on', async () => {
    const { queue, keys, started } = setUp({ concurrency: 8, atOnce: two });
    for (const group of ['a', 'b']) {
      for (let n = 0; n < 4; n += 1) queue.add(`${group}${String(n)}`, of(group, n));
    }
    queue.start();
    await settle();
    expect(keys()).toEqual(['a3', 'b3', 'a2']);
    await started[1]!.finish();
    expect(keys().slice(3)).toEqual(['b2']);
    await started[0]!.finish();
    expect(keys().slice(4)).toEqual(['a1']);
    expect([queue.working, queue.ready]).toEqual([3, 3]);
  });

  test('after a costly one its group waits, longer each time, and then has one at once', async () => {
    const { queue, keys, started, clock } = setUp({ concurrency: 8, atOnce: two });
    for (let n = 0; n < 5; n += 1) queue.add(`a${String(n)}`, of('a', n));
    queue.start();
    await settle();
    await started[0]!.finish(costly);
    await started[1]!.finish();
    expect(keys()).toEqual(['a4', 'a3']);
    queue.add('b0', of('b'));
    await clock.turn(999);
    expect(keys().slice(2)).toEqual(['b0']);
    await clock.turn(1);
    expect(keys().slice(3)).toEqual(['a2']);
    await started[3]!.finish(costly);
    await clock.turn(1_999);
    expect(keys()).toHaveLength(4);
    await clock.turn(1);
    expect(keys().slice(4)).toEqual(['a4']);
  });

  test('a group that was costly long ago is like any other', async () => {
    const { queue, keys, last, clock } = setUp({ concurrency: 8, atOnce: two });
    queue.add('a0', of('a'));
    queue.start();
    await settle();
    await last().finish(costly);
    await clock.turn(1_000);
    await last().finish();
    await clock.turn(600_001);
    for (const key of ['a1', 'a2', 'a3']) queue.add(key, of('a'));
    await settle();
    expect(keys().slice(2)).toEqual(['a1', 'a2']);
    await last().finish(costly);
    await clock.turn(999);
    expect(keys()).toHaveLength(4);
    await clock.turn(1);
    expect(keys()).toHaveLength(4); // a1 is still worked on, and one at once is all it has now
  });

  test('what is forgiven begins at once, as if it had never been costly', async () => {
    const { queue, keys, started, clock } = setUp({ concurrency: 8, atOnce: two });
    for (let n = 0; n < 6; n += 1) queue.add(`a${String(n)}`, of('a', n));
    queue.start();
    await settle();
    await started[0]!.finish(costly);
    await started[1]!.finish(costly);
    expect(keys()).toEqual(['a5', 'a4']);
    queue.forgive();
    await settle();
    expect(keys().slice(2)).toEqual(['a3', 'a2']);
    await started[2]!.finish(costly);
    await started[3]!.finish();
    await clock.turn(999);
    expect(keys()).toHaveLength(4);
    await clock.turn(1);
    expect(keys()).toHaveLength(5);
  });

  test('a drain holds nobody, and leaves no timer', async () => {
    const { queue, keys, started, clock } = setUp({ concurrency: 8, atOnce: two });
    for (let n = 0; n < 3; n += 1) queue.add(`a${String(n)}`, of('a', n));
    queue.start();
    await settle();
    await started[0]!.finish(costly);
    const drained = queue.drain(1_000);
    await started[1]!.finish(costly);
    expect(await drained).toBe(true);
    expect(clock.timers).toBe(0);
    queue.start();
    await settle();
    expect(keys().slice(2)).toEqual(['a0']);
  });
});

test('tells how long the oldest has been ready', async () => {
  const { queue, clock } = setUp();
  expect(queue.oldestAgeMs()).toBe(0);
  queue.add('k', of('a'));
  await clock.turn(300);
  queue.add('l', of('a'));
  await clock.turn(50);
  expect(queue.oldestAgeMs()).toBe(350);
});

test('stands still only while there is something to do, and nothing is taken or finished', async () => {
  const { clock, queue, last } = setUp({ concurrency: 1 });
  queue.add('early', of('a'));
  await clock.turn(1_000);
  expect(queue.stillMs()).toBe(0);
  queue.start();
  await settle();
  await clock.turn(2_000);
  expect(queue.stillMs()).toBe(2_000);
  queue.add('second', of('b'));
  await clock.turn(1_000);
  expect(queue.stillMs()).toBe(3_000);
  await last().finish();
  expect(queue.stillMs()).toBe(0);
  await clock.turn(1_000);
  await last().finish();
  await clock.turn(60_000);
  expect(queue.stillMs()).toBe(0);
  // What comes now has waited for nobody.
  queue.add('third', of('c'));
  expect(queue.stillMs()).toBe(0);
  await settle();
  await clock.turn(5_000);
  const drained = queue.drain(0);
  expect(queue.stillMs()).toBe(0);
  await last().finish();
  await drained;
});
