import { describe, expect, test } from 'vitest';
import { KubeError } from '../../../src/kube/errors.ts';
import { explain } from '../../../src/kube/explain.ts';
import { Pacer } from '../../../src/kube/pacer.ts';
import { json, TestServer } from './http-server.ts';

/** A pacer whose clock a test turns. */
function setUp(qps: number, burst: number) {
  const time = { ms: 1_000 };
  const pacer = new Pacer({ qps, burst }, () => time.ms);
  const take = () => {
    const delay = Math.round(pacer.delayMs());
    pacer.take();
    return delay;
  };
  return { time, pacer, take };
}

describe('a pacer', () => {
  test('lets a burst through, and then so many a second, in turn', () => {
    const { take } = setUp(10, 3);
    expect(Array.from({ length: 6 }, take)).toEqual([0, 0, 0, 100, 200, 300]);
  });

  test('fills again with time, and never above the burst', () => {
    const { time, take } = setUp(10, 3);
    for (let i = 0; i < 3; i += 1) take();
    time.ms += 150;
    expect([take(), take()]).toEqual([0, 50]);
    time.ms += 3_600_000;
    expect(Array.from({ length: 4 }, take)).toEqual([0, 0, 0, 100]);
  });

  test('goes below one a second', () => {
    const { take } = setUp(0.5, 1);
    expect([take(), take(), take()]).toEqual([0, 2_000, 4_000]);
  });

  test('asking takes nothing', () => {
    const { pacer } = setUp(10, 1);
    expect([pacer.delayMs(), pacer.delayMs()]).toEqual([0, 0]);
  });
});

/** A server that answers everything, and a client whose clock stands still unless a test turns it. */
async function paced(qps: number, burst: number) {
  const server = await TestServer.start();
  server.handle = (_, response) => json(response, 200, { kind: 'X' });
  const time = { ms: 0 };
  const client = server.client({ pacer: new Pacer({ qps, burst }, () => time.ms) });
  return { server, client, time };
}

describe('a client with a pacer', () => {
  test('has requests wait for their turn, in the order in which they came', async () => {
    const { server, client } = await paced(100, 1);
    const done: string[] = [];
    await Promise.all(
      ['/a', '/b', '/c'].map(async (path) => {
        await client.get(path, { turn: 'waits' });
        done.push(path);
      }),
    );
    expect(done).toEqual(['/a', '/b', '/c']);
    await server.stop();
  });

  test('refuses at once what could not be sent in time, says why, and when to ask again', async () => {
    const { server, client } = await paced(0.5, 1);
    await client.get('/first', { turn: 'waits' });
    const error = await client
      .get('/second', { turn: 'waits', timeoutMs: 1_500 })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      name: 'KubeError',
      reason: 'Paced',
      uncertain: false,
      retryAfterSeconds: 2,
    });
    expect(explain(error)).toMatch(/^not sent: limits\.apiQps of the configuration allows it in 2 s only/);
    expect(server.seen.map(({ url }) => url)).toEqual(['/first']);
    await server.stop();
  });

  test('takes no turn that leaves too little time for an answer', async () => {
    const { server, client } = await paced(10, 1);
    await client.get('/first', { turn: 'waits' });
    const late = client.get('/late', { turn: 'waits', timeoutMs: 110 });
    await expect(late).rejects.toThrow(/limits\.apiQps .* too late for an answer before its deadline/);
    // The turn is there still, for whoever has the time.
    await client.get('/second', { turn: 'waits', timeoutMs: 5_000 });
    expect(server.seen.map(({ url }) => url)).toEqual(['/first', '/second']);
    await server.stop();
  });

  test('never holds back what says nothing of turns, a watch, or what goes ahead', async () => {
    const { server, client } = await paced(0.001, 1);
    await client.get('/first', { turn: 'waits' });
    await client.put('/lease', {});
    await client.put('/approval', {}, { turn: 'ahead' });
    const watch = client.watch('/watch')[Symbol.asyncIterator]();
    await watch.next().catch(() => undefined);
    expect(server.seen.map(({ url }) => url)).toEqual(['/first', '/lease', '/approval', '/watch?watch=true']);
    await server.stop();
  });

  test('counts what goes ahead', async () => {
    const { server, client } = await paced(1, 2);
    await client.put('/approval', {}, { turn: 'ahead' });
    await client.put('/approval', {}, { turn: 'ahead' });
    const refused = client.get('/fact', { turn: 'waits', timeoutMs: 500 });
    await expect(refused).rejects.toThrow(/limits\.apiQps/);
    await server.stop();
  });

  test('asks after the wait whether it is wanted still', async () => {
    const { server, client } = await paced(20, 1);
    let wanted = true;
    await client.put('/a', {}, { turn: 'waits' });
    const waiting = client.put('/b', {}, { turn: 'waits', wanted: () => wanted });
    wanted = false;
    await expect(waiting).rejects.toThrow(/no longer wanted/);
    expect(server.seen).toHaveLength(1);
    await server.stop();
  });

  test('is given up while it waits', async () => {
    const { server, client } = await paced(0.2, 1);
    const stopping = new AbortController();
    await client.get('/a', { turn: 'waits' });
    const waiting = client.get('/b', { turn: 'waits', signal: stopping.signal });
    const caught = waiting.catch((cause: unknown) => cause);
    stopping.abort();
    expect(await caught).toBeInstanceOf(KubeError);
    expect(await caught).toMatchObject({ kind: 'aborted', uncertain: false });
    expect(server.seen).toHaveLength(1);
    await server.stop();
  });

  test('the wait counts for the deadline', async () => {
    const { server, client } = await paced(5, 1);
    await client.get('/a', { turn: 'waits' });
    server.handle = () => undefined;
    // 200 ms for its turn, and what is left of 400 for the answer.
    const refused = client.get('/b', { turn: 'waits', timeoutMs: 400 });
    await expect(refused).rejects.toThrow('no answer to GET /b within 200 ms');
    await server.stop();
  });
});
