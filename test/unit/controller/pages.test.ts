import { expect, test } from 'vitest';
import { pagesOf } from '../../../src/controller/pages.ts';
import { KubeError, type KubeErrorInit } from '../../../src/kube/errors.ts';
import type { ListPage } from '../../../src/kube/list.ts';
import { FakeClock } from './fake-clock.ts';

const page = (continueToken: string): ListPage => ({
  items: [continueToken],
  resourceVersion: '1',
  continueToken,
});
const error = (init: Partial<KubeErrorInit>) => new KubeError({ kind: 'status', message: 'x', ...init });

const busy = (retryAfterSeconds: number) => error({ status: 429, retryAfterSeconds });

/** Reads pages that a server gives in this order. */
function setUp(answers: (ListPage | Error)[]) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const failed: unknown[] = [];
  const stopping = new AbortController();
  const pages = pagesOf(
    {
      list: async ({ limit, continueToken }) => {
        asked.push(`${continueToken} ${String(limit)}`);
        const answer = answers.shift();
        if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
        return answer;
      },
    },
    {
      pageSize: 100,
      backoff: { baseMs: 1_000, maxMs: 8_000 },
      clock,
      random: () => 0,
      failed: (why) => failed.push(why),
    },
    stopping.signal,
  );
  const read = (async () => {
    const items: unknown[] = [];
    for await (const { items: some } of pages) items.push(...some);
    return items;
  })();
  // Whoever waits for the end says what it is.
  read.catch(() => undefined);
  return { clock, asked, failed, read, stopping };
}

const passing: [string, KubeError][] = [
  ['429', error({ status: 429 })],
  ['500', error({ status: 500 })],
  ['503', error({ status: 503 })],
  ['a reset', error({ kind: 'network' })],
  ['a timeout', error({ kind: 'timeout' })],
  ['half an answer', error({ kind: 'protocol', reason: 'NotJSON' })],
];

test.each(passing)(
  'a page in the middle that fails is asked for again, and nothing before it: %s',
  async (_, why) => {
    const { clock, asked, failed, read } = setUp([page('b'), why, page('c'), page('')]);
    await clock.turn(499);
    expect(asked).toEqual([' 100', 'b 100']);
    await clock.turn(1);
    expect(await read).toEqual(['b', 'c', '']);
    expect(asked).toEqual([' 100', 'b 100', 'b 100', 'c 100']);
    expect(failed).toEqual([why]);
  },
);

test.each(passing)('the first page that fails ends the list: %s', async (_, why) => {
  const { asked, failed, read } = setUp([why]);
  await expect(read).rejects.toBe(why);
  expect([asked, failed]).toEqual([[' 100'], []]);
});

test.each<[string, Error]>([
  ['an expired token', error({ status: 410, reason: 'Expired' })],
  ['401', error({ status: 401 })],
  ['403', error({ status: 403 })],
  ['404', error({ status: 404 })],
  ['credentials that cannot be read', error({ kind: 'credentials' })],
  ['a fault of our own', new TypeError('bug')],
])('what another try cannot mend ends the list: %s', async (_, why) => {
  const { asked, read } = setUp([page('b'), why]);
  await expect(read).rejects.toBe(why);
  expect(asked).toEqual([' 100', 'b 100']);
});

test('a page that fails again and again ends the list, after longer and longer pauses', async () => {
  const why = error({ status: 500 });
  const { clock, asked, read } = setUp([page('b'), ...Array.from({ length: 9 }, () => why)]);
  for (const pause of [500, 1_000, 2_000, 4_000]) {
    const before = asked.length;
    await clock.turn(pause - 1);
    expect(asked.length).toBe(Math.max(before, 2));
    await clock.turn(1);
  }
  await expect(read).rejects.toBe(why);
  expect(asked).toHaveLength(6);
});

test('Retry-After is honoured, up to a minute', async () => {
  const { clock, asked, read } = setUp([page('b'), busy(20), busy(600), page('')]);
  await clock.turn(19_999);
  expect(asked).toHaveLength(2);
  await clock.turn(1);
  expect(asked).toHaveLength(3);
  await clock.turn(59_999);
  expect(asked).toHaveLength(3);
  await clock.turn(1);
  expect(await read).toEqual(['b', '']);
});

test('pages that are too large become smaller, and grow again', async () => {
  const tooLarge = error({ kind: 'protocol', reason: 'ResponseTooLarge' });
  const { asked, failed, read } = setUp([
    tooLarge,
    tooLarge,
    page('b'),
    page('c'),
    page('d'),
    page('e'),
    page(''),
  ]);
  await read;
  expect(asked).toEqual([' 100', ' 25', ' 7', 'b 14', 'c 28', 'd 56', 'e 100']);
  expect(failed).toEqual([]);
});

test('one object that is too large for us ends the list', async () => {
  const tooLarge = error({ kind: 'protocol', reason: 'ResponseTooLarge' });
  const { read } = setUp(Array.from({ length: 9 }, () => tooLarge));
  await expect(read).rejects.toBe(tooLarge);
});

test('told to stop in a pause, it asks for nothing more', async () => {
  const { clock, asked, read, stopping } = setUp([page('b'), error({ status: 500 }), page('')]);
  await clock.turn(100);
  stopping.abort();
  await expect(read).rejects.toThrow(/abort/i);
  expect(asked).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test('a page that names itself as the next one is no list', async () => {
  const { asked, read } = setUp([page('b'), page('b'), page('b')]);
  await expect(read).rejects.toMatchObject({ kind: 'protocol', reason: 'EndlessList' });
  expect(asked).toHaveLength(2);
});
