import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../../src/bundle/sources/error.ts';
import { Poller, type PollerOptions } from '../../../../src/bundle/sources/poll.ts';
import type { BundleSource, Fetched } from '../../../../src/bundle/sources/source.ts';
import { sleep } from '../../../../src/controller/clock.ts';
import { FakeClock, settle } from '../../controller/fake-clock.ts';

const fetched = (version: string): Fetched => ({ version, files: new Map(), archive: undefined });
type Answer = Fetched | undefined | Error | Promise<Fetched | undefined>;

/** A poller on a clock that is turned by hand, and what happened at which of its milliseconds. */
function scene(answers: readonly Answer[], more: Partial<PollerOptions> & { longPolling?: boolean } = {}) {
  const clock = new FakeClock();
  const happened: string[] = [];
  const say = (what: string) => void happened.push(`${String(clock.now())} ${what}`);
  const left = [...answers];
  const source: BundleSource & { signal?: AbortSignal; running: number } = {
    name: 'test',
    running: 0,
    ...(more.longPolling !== undefined && { longPolling: more.longPolling }),
    async fetch(known, signal) {
      source.signal = signal;
      source.running += 1;
      say(`fetch ${known ?? '-'}${source.running > 1 ? ' TWICE' : ''}`);
      try {
        const answer = await left.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      } finally {
        source.running -= 1;
      }
    },
  };
  const poller = new Poller({
    source,
    delays: { minMs: 60_000, maxMs: 120_000, retryBaseMs: 1_000, retryCapMs: 120_000 },
    onBundle: ({ version }) => say(`bundle ${version}`),
    onError: (cause, failures) => say(`error ${String(failures)} ${(cause as Error).message}`),
    onUnchanged: () => say('unchanged'),
    random: () => 0.5,
    now: () => clock.now(),
    sleep: (ms, signal) => sleep(clock, ms, signal),
    ...more,
  });
  return { clock, happened, poller, source };
}

test('asks for what it does not know, with a delay between the two', async () => {
  const { clock, happened, poller } = scene([fetched('1'), undefined, fetched('2')], { known: '0' });
  poller.start();
  await clock.turn(200_000);
  expect(happened).toEqual([
    '0 fetch 0',
    '0 bundle 1',
    '90000 fetch 1',
    '90000 unchanged',
    '180000 fetch 1',
    '180000 bundle 2',
  ]);
  await poller.stop();
});

test.each([
  [0, 60_000],
  [0.999999, 119_999],
])('spreads the delay: random %f', async (random, ms) => {
  const { clock, happened, poller } = scene([], { random: () => random });
  poller.start();
  await clock.turn(ms - 1);
  expect(happened).toHaveLength(2);
  await clock.turn(1_000);
  expect(happened).toHaveLength(4);
  await poller.stop();
});

test('after failures in a row waits ever longer, up to a cap, and forgets them at the first success', async () => {
  const down = new SourceError('SourceUnreachable', 'down');
  const { clock, happened, poller } = scene([down, down, down, down, undefined, down], {
    delays: { minMs: 10_000, maxMs: 10_000, retryBaseMs: 1_000, retryCapMs: 3_000 },
  });
  poller.start();
  await clock.turn(20_000);
  expect(happened.filter((line) => line.includes('fetch')).map((line) => Number.parseInt(line, 10))).toEqual([
    0, 500, 1_500, 3_000, 4_500, 14_500, 15_000,
  ]);
  expect(happened.filter((line) => line.includes('error'))).toEqual([
    '0 error 1 down',
    '500 error 2 down',
    '1500 error 3 down',
    '3000 error 4 down',
    '14500 error 1 down',
  ]);
  await poller.stop();
});

test('full jitter never makes a loop without a pause', async () => {
  const { clock, happened, poller } = scene(
    Array.from({ length: 100 }, () => new Error('down')),
    { random: () => 0 },
  );
  poller.start();
  await clock.turn(1_000);
  expect(happened.filter((line) => line.includes('fetch'))).toHaveLength(11);
  await poller.stop();
});

test.each([
  [30_000, 30_500],
  [86_400_000, 3_600_500],
])('a Retry-After of %d ms is kept to, within an hour', async (retryAfterMs, at) => {
  const { clock, happened, poller } = scene([new SourceError('SourceThrottled', 'slow', { retryAfterMs })]);
  poller.start();
  await clock.turn(at - 1);
  expect(happened).toEqual(['0 fetch -', '0 error 1 slow']);
  await clock.turn(1);
  expect(happened[2]).toBe(`${String(at)} fetch -`);
  await poller.stop();
});

describe('long polling', () => {
  test('asks again as soon as the server has answered', async () => {
    const { promise, resolve } = Promise.withResolvers<Fetched | undefined>();
    const { clock, happened, poller } = scene([promise], { longPolling: true });
    poller.start();
    await clock.turn(300_000);
    expect(happened).toEqual(['0 fetch -']);
    resolve(undefined);
    await settle();
    expect(happened.slice(0, 3)).toEqual(['0 fetch -', '300000 unchanged', '300000 fetch -']);
    await poller.stop();
  });

  test('but once a second at most', async () => {
    const { clock, happened, poller } = scene([], { longPolling: true });
    poller.start();
    await clock.turn(3_500);
    expect(happened.filter((line) => line.includes('fetch'))).toHaveLength(4);
    await poller.stop();
  });
});

test('a bundle that is not taken is fetched and handed over again', async () => {
  let refuse = true;
  const { clock, happened, poller } = scene([fetched('1'), fetched('1'), undefined], {
    onBundle: ({ version }) => {
      happened.push(`bundle ${version}`);
      if (refuse) throw new Error('bad');
    },
  });
  poller.start();
  await settle();
  refuse = false;
  await clock.turn(100_000);
  expect(happened).toEqual([
    '0 fetch -',
    'bundle 1',
    '0 error 1 bad',
    '500 fetch -',
    'bundle 1',
    '90500 fetch 1',
    '90500 unchanged',
  ]);
  await poller.stop();
});

test('never fetches twice at once, nor while a bundle is being taken', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { clock, happened, poller } = scene([fetched('1')], { onBundle: () => promise });
  poller.start();
  poller.start();
  await clock.turn(1_000_000);
  expect(happened).toEqual(['0 fetch -']);
  resolve();
  await clock.turn(90_000);
  expect(happened).toEqual(['0 fetch -', '1090000 fetch 1', '1090000 unchanged']);
  await poller.stop();
});

test('the first fetch can be put off', async () => {
  const { clock, happened, poller } = scene([], { firstDelayMs: 5_000 });
  poller.start();
  await clock.turn(4_999);
  expect(happened).toEqual([]);
  await clock.turn(1);
  expect(happened[0]).toBe('5000 fetch -');
  await poller.stop();
});

describe('a stop', () => {
  test('ends a delay at once', async () => {
    const { clock, poller } = scene([undefined]);
    poller.start();
    await settle();
    expect(clock.timers).toBe(1);
    await poller.stop();
    expect(clock.timers).toBe(0);
  });

  test.each<[string, (settleFetch: PromiseWithResolvers<Fetched | undefined>) => void]>([
    ['then fails', ({ reject }) => reject(new Error('given up'))],
    ['then succeeds', ({ resolve }) => resolve(fetched('1'))],
  ])('gives up a fetch, and nothing is called when it %s', async (_, end) => {
    const answer = Promise.withResolvers<Fetched | undefined>();
    const { happened, poller, source } = scene([answer.promise]);
    poller.start();
    await settle();
    const stopping = poller.stop();
    expect(source.signal?.aborted).toBe(true);
    end(answer);
    await stopping;
    expect(happened).toEqual(['0 fetch -']);
  });

  test('before the start is fine', async () => {
    await scene([]).poller.stop();
  });
});

test('on the clock of the machine', async () => {
  const seen: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const poller = new Poller({
    source: { name: 't', fetch: async () => fetched('1') },
    delays: { minMs: 0, maxMs: 0, retryBaseMs: 0, retryCapMs: 0 },
    onBundle: ({ version }) => {
      seen.push(version);
      if (seen.length === 3) resolve();
    },
    onError: (cause) => seen.push(String(cause)),
  });
  poller.start();
  await promise;
  await poller.stop();
  expect(seen).toEqual(['1', '1', '1']);
});
