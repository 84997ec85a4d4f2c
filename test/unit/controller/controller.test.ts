import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Controller } from '../../../src/controller/controller.ts';
import { alone } from '../../../src/controller/gate.ts';
import type { Judged } from '../../../src/controller/reconcile.ts';
import { requestSchema } from '../../../src/decide/input.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { EventLimits } from '../../../src/observe/event-limits.ts';
import { VerdictEvents } from '../../../src/observe/events.ts';
import { createLogger } from '../../../src/observe/log.ts';
import { Metrics } from '../../../src/observe/metrics.ts';
import { csrObject } from '../../support/csr-object.ts';
import { eventually } from '../../support/eventually.ts';
import { json, TestServer } from '../kube/http-server.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { judged } from './judged.ts';

/** A server that lists no requests, and never says anything on a watch. */
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const signer = 'kubernetes.io/kubelet-serving';

/** What the controller is made of here, but for what it decides by. */
const parts = (events: VerdictEvents) => ({
  client: server.client(),
  concurrency: 1,
  enforcement: 'enforce' as const,
  onDeny: 'leavePending' as const,
  metrics: new Metrics('test', () => new Set()),
  events,
  log: createLogger('error', { write: () => undefined }),
  now: () => new Date(),
  gate: alone,
  maxAgeSeconds: () => undefined,
});
const unheard = () =>
  new VerdictEvents(
    { createEvent: () => Promise.resolve(), failed: () => undefined, suppressed: () => undefined },
    {
      instance: 'test',
      now: () => new Date(),
      limits: new EventLimits(() => performance.now()),
      remedy: () => () => undefined,
    },
  );

test('what is said of a request that went away while it was decided is forgotten too', async () => {
  const object = csrObject();
  const watching = Promise.withResolvers<ServerResponse>();
  server.handle = ({ url }, response) => {
    if (url?.includes('watch=true') !== true) {
      return json(response, 200, { metadata: { resourceVersion: '1' }, items: [object] });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    watching.resolve(response);
  };
  const events = unheard();
  const forget = vi.spyOn(events, 'forget');
  const report = vi.spyOn(events, 'report');
  const decided = Promise.withResolvers<Judged>();
  const controller = new Controller({
    ...parts(events),
    signers: [signer],
    decide: () => decided.promise,
  });
  controller.start();
  controller.lead();
  const response = await watching.promise;
  response.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
  await eventually(() => (forget.mock.calls.length === 1 ? true : undefined));
  const verdict = { kind: 'wait', reasons: [], warnings: [], retryAfterSeconds: 1 } as const;
  decided.resolve(judged(verdict));
  await eventually(() => (forget.mock.calls.length === 2 ? true : undefined));
  const [said = 0] = report.mock.invocationCallOrder;
  expect(forget.mock.invocationCallOrder[1]).toBeGreaterThan(said);
  expect(said).toBeGreaterThan(0);
  await controller.stop(100);
});

test('pending requests are counted only while somebody watches', async () => {
  const signers = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];
  const [first = '', second = ''] = signers;
  server.handle = ({ url }, response) => {
    if (url?.includes('watch=true') === true) return;
    if (url?.includes(encodeURIComponent(second)) === true) return json(response, 500, {});
    json(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
  };
  const controller = new Controller({
    ...parts(unheard()),
    signers,
    decide: () => Promise.reject(new Error('there is nothing to decide')),
  });
  const request = requestSchema.strip().parse(probeDocument);
  const why = () => {
    try {
      return controller.pending(request);
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    }
  };
  const unready = () => controller.ready.find(({ name }) => name === 'requests')?.problem();
  expect(why()).toBe(`no watch of requests for ${first}, ${second}`);
  // Nothing is missing yet but a reason to begin.
  expect(unready()).toMatch(/^not begun, waits for a policy/);
  controller.start();
  controller.lead();
  expect(unready()).toBe(`no watch of requests for ${first}, ${second}`);
  await eventually(() => (why() === `no watch of requests for ${second}` ? true : undefined));
  await controller.stop(100);
});

test('requests that there was no room for come back when there is', async () => {
  const objects = [1, 2, 3, 4, 5, 6].map((number) =>
    csrObject({
      name: `csr-${String(number)}`,
      uid: `u${String(number)}`,
      username: `system:node:n${String(number)}`,
    }),
  );
  let there = objects;
  const watching: ServerResponse[] = [];
  server.handle = ({ url }, response) => {
    if (url?.includes('watch=true') !== true) {
      return json(response, 200, { metadata: { resourceVersion: '1' }, items: there });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    watching.push(response);
  };
  const decided = new Set<string>();
  const own = parts(unheard());
  const controller = new Controller({
    ...own,
    signers: ['kubernetes.io/kubelet-serving'],
    keep: { ofAll: 4 },
    decide: async ({ name }) => {
      decided.add(name);
      const verdict = { kind: 'abstain', reasons: [], warnings: [] } as const;
      return judged(verdict);
    },
  });
  controller.start();
  controller.lead();
  await eventually(() => (watching.length === 1 && decided.size === 4 ? true : undefined));
  const dropped = /queue_dropped_total (\d+)/.exec(await own.metrics.registry.metrics())?.[1];
  expect(dropped).toBe('2');
  const gone = objects.filter(({ metadata: { name } }) => decided.has(name)).slice(0, 3);
  there = objects.filter((object) => !gone.includes(object));
  for (const object of gone) watching[0]?.write(`${JSON.stringify({ type: 'DELETED', object })}\n`);
  await eventually(() => (there.every(({ metadata: { name } }) => decided.has(name)) ? true : undefined));
  await controller.stop(100);
});

test('more requests of one bootstrap user than are kept come back as the kept ones are through', async () => {
  const objects = [1, 2, 3, 4, 5, 6, 7].map((number) =>
    csrObject({
      name: `csr-${String(number)}`,
      uid: `u${String(number)}`,
      username: 'system:bootstrap:abcdef',
    }),
  );
  let there = objects;
  const watching: ServerResponse[] = [];
  server.handle = ({ url }, response) => {
    if (url?.includes('watch=true') !== true) {
      return json(response, 200, { metadata: { resourceVersion: '1' }, items: there });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    watching.push(response);
  };
  const decided = new Set<string>();
  const controller = new Controller({
    ...parts(unheard()),
    signers: [signer],
    keep: { ofOther: 4 },
    decide: ({ name }) => {
      decided.add(name);
      return Promise.resolve(verdictOf('abstain'));
    },
  });
  controller.start();
  controller.lead();
  await eventually(() => (watching.length === 1 && decided.size === 4 ? true : undefined));
  const gone = objects.filter(({ metadata: { name } }) => decided.has(name));
  there = objects.filter((object) => !gone.includes(object));
  const end = (object: object) =>
    watching[0]?.write(`${JSON.stringify({ type: 'DELETED', object })}\n`) ?? false;
  for (const object of gone.slice(0, 3)) end(object);
  await eventually(() => (decided.size === 7 ? true : undefined));
  await eventually(() => (watching.length === 2 ? true : undefined));
  await controller.stop(100);
});

/** One pending request, and a watch that stays silent. */
function onePending(): void {
  server.seen.length = 0;
  server.handle = ({ url, method }, response, body) => {
    if (method === 'PUT') return json(response, 200, JSON.parse(body));
    if (url?.includes('watch=true') !== true) {
      return json(response, 200, { metadata: { resourceVersion: '1' }, items: [csrObject()] });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  };
}
const verdictOf = (kind: 'approve' | 'abstain') => judged({ kind, reasons: [], warnings: [] });
const puts = () => server.seen.filter(({ method }) => method === 'PUT').length;

test('until it leads it watches and decides nothing; then at once what is pending, and no more when it rests', async () => {
  onePending();
  let decided = 0;
  const controller = new Controller({
    ...parts(unheard()),
    signers: [signer],
    decide: () => {
      decided += 1;
      return Promise.resolve(verdictOf('abstain'));
    },
  });
  controller.start();
  await eventually(() => (controller.ready[0]?.problem() === undefined ? true : undefined));
  controller.redecideAll();
  expect(decided).toBe(0);
  controller.lead();
  await eventually(() => (decided === 1 ? true : undefined));
  controller.rest();
  controller.redecideAll();
  controller.lead();
  await eventually(() => (decided === 2 ? true : undefined));
  await controller.stop(100);
  controller.lead();
  controller.redecideAll();
  expect(decided).toBe(2);
});

test('what was decided before it lost the lead is not written when it leads again, but decided anew', async () => {
  onePending();
  let term = 1;
  const first = Promise.withResolvers<Judged>();
  const decisions = [first.promise];
  let decided = 0;
  const controller = new Controller({
    ...parts(unheard()),
    enforcement: 'enforce',
    signers: [signer],
    gate: { ...alone, term: () => term },
    decide: () => {
      decided += 1;
      return decisions.shift() ?? Promise.resolve(verdictOf('abstain'));
    },
  });
  controller.start();
  controller.lead();
  await eventually(() => (decided === 1 ? true : undefined));
  controller.rest();
  term += 1;
  controller.lead();
  first.resolve(verdictOf('approve'));
  await eventually(() => (decided === 2 ? true : undefined));
  expect(puts()).toBe(0);
  await controller.stop(100);
});

describe('requests that nobody waits for any more', () => {
  const created = Date.parse('2026-11-22T06:00:00Z');
  const minutes = 60_000;
  const wait = { kind: 'wait', reasons: [], warnings: [], retryAfterSeconds: 30 } as const;

  /** A list of one request, made at that time; the clock stands a minute later. */
  async function setUp(maxAgeSeconds: number | undefined, ageMs: number, verdicts: Judged['verdict'][] = []) {
    const object = csrObject({ creationTimestamp: new Date(created).toISOString() });
    let lists = 0;
    server.handle = ({ url }, response) => {
      if (url?.includes('watch=true') === true) {
        response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
        return;
      }
      lists += 1;
      json(response, 200, { metadata: { resourceVersion: '1' }, items: [object] });
    };
    const clock = new FakeClock();
    const world = { maxAgeSeconds, set: 0 };
    const decided: string[] = [];
    const forgotten: string[] = [];
    const own = parts(unheard());
    const controller = new Controller({
      ...own,
      signers: [signer],
      clock,
      now: () => new Date(created + ageMs + clock.now() + world.set),
      maxAgeSeconds: () => world.maxAgeSeconds,
      decide: async ({ name }) => {
        decided.push(name);
        const verdict = verdicts.shift() ?? wait;
        return judged(verdict);
      },
      forgotten: (uid) => forgotten.push(uid),
    });
    controller.start();
    controller.lead();
    await eventually(() => (controller.ready[0]?.problem() === undefined ? true : undefined));
    await settle();
    const gauge = async (pattern: RegExp) => {
      controller.measure();
      return pattern.exec(await own.metrics.registry.metrics())?.[1];
    };
    const held = () => gauge(/watched_objects\{resource="certificatesigningrequests"\} (\d+)/);
    const delayed = () => gauge(/queue_depth\{state="delayed"\} (\d+)/);
    const counted = () => lists;
    return { controller, clock, world, decided, forgotten, held, delayed, lists: counted };
  }

  test('are not looked at when a list shows them, and nothing is kept of them', async () => {
    const { controller, clock, decided, held, delayed } = await setUp(900, 15 * minutes + 1_000);
    await clock.turn(10 * minutes);
    expect(decided).toEqual([]);
    expect([await held(), await delayed()]).toEqual(['0', '0']);
    await controller.stop(100);
  });

  test('leave the memory and the queue when their time comes while they wait', async () => {
    const { controller, clock, decided, forgotten, held, delayed } = await setUp(900, 13 * minutes);
    expect(decided).toHaveLength(1);
    expect([await held(), await delayed()]).toEqual(['1', '1']);
    await clock.turn(3 * minutes);
    const looks = decided.length;
    expect(looks).toBeGreaterThan(1);
    expect(forgotten).toHaveLength(1);
    expect([await held(), await delayed()]).toEqual(['0', '0']);
    await clock.turn(60 * minutes);
    expect(decided).toHaveLength(looks);
    await controller.stop(100);
  });

  test('are never past where the policy names no end', async () => {
    const { controller, clock, decided, held } = await setUp(undefined, 24 * 60 * minutes);
    await clock.turn(10 * minutes);
    expect(decided.length).toBeGreaterThan(5);
    expect(await held()).toBe('1');
    await controller.stop(100);
  });

  test('are listed again when a policy lets them grow older', async () => {
    const { controller, world, decided, lists } = await setUp(900, 20 * minutes);
    controller.redecideAll();
    await settle();
    expect([decided, lists()]).toEqual([[], 1]);
    world.maxAgeSeconds = 3600;
    controller.redecideAll();
    await eventually(() => (decided.length === 1 ? true : undefined));
    expect(lists()).toBe(2);
    await controller.stop(100);
  });

  test('are looked at again where only one decision found them past: its clock was wrong for a moment', async () => {
    const ignore = { kind: 'ignore', reasons: [], warnings: [] } as const;
    const { controller, clock, decided } = await setUp(900, minutes, [ignore]);
    expect(decided).toHaveLength(1);
    await clock.turn(minutes);
    expect(decided).toHaveLength(2);
    await controller.stop(100);
  });

  test('come back when the clock that said so is put right', async () => {
    const { controller, clock, world, decided, held, lists } = await setUp(900, minutes);
    expect(decided).toHaveLength(1);
    world.set = 60 * minutes;
    await clock.turn(15_000);
    expect(await held()).toBe('0');
    await eventually(() => (lists() === 2 ? true : undefined));
    const looks = decided.length;
    world.set = 0;
    await clock.turn(15_000);
    await eventually(() => (decided.length > looks ? true : undefined));
    expect(await held()).toBe('1');
    await controller.stop(100);
  });
});

test('an answer that does not show the condition is none: the request is not taken for done', async () => {
  onePending();
  const { handle } = server;
  server.handle = (request, response, body) =>
    request.method === 'PUT' ? json(response, 200, csrObject()) : handle(request, response, body);
  const controller = new Controller({
    ...parts(unheard()),
    signers: [signer],
    decide: () => Promise.resolve(verdictOf('approve')),
  });
  controller.start();
  controller.lead();
  await eventually(() => (puts() >= 2 ? true : undefined));
  await controller.stop(100);
});

describe('a request whose name another one takes', () => {
  const old = csrObject({ uid: 'old', username: 'system:node:n1' });
  const next = csrObject({ uid: 'new', username: 'system:node:n2', resourceVersion: '1001' });

  function setUp(signers: readonly string[]) {
    const world = { there: [old] };
    const watches = new Map<string, ServerResponse>();
    server.handle = ({ url = '' }, response) => {
      const asked = signers.find((one) => url.includes(encodeURIComponent(one))) ?? '';
      if (!url.includes('watch=true')) {
        const items = world.there.filter(({ spec }) => spec.signerName === asked);
        return json(response, 200, { metadata: { resourceVersion: '1' }, items });
      }
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      watches.set(asked, response);
    };
    const decided: string[] = [];
    const forgotten: string[] = [];
    const controller = new Controller({
      ...parts(unheard()),
      signers,
      decide: ({ uid }) => {
        decided.push(uid);
        return Promise.resolve(verdictOf('abstain'));
      },
      forgotten: (uid) => forgotten.push(uid),
    });
    controller.start();
    controller.lead();
    return { controller, world, watches, decided, forgotten };
  }

  test('while nobody watches is forgotten, whoever made the other one', async () => {
    const { controller, world, watches, decided, forgotten } = setUp([signer]);
    await eventually(() => (decided.length === 1 && watches.size === 1 ? true : undefined));
    world.there = [next];
    watches.get(signer)?.end();
    await eventually(() => (decided.includes('new') ? true : undefined));
    expect(forgotten).toEqual(['old']);
    await controller.stop(100);
  });

  test('of another signer does not keep that one from being decided, when it goes last', async () => {
    const bootstrap = 'kubernetes.io/kube-apiserver-client-kubelet';
    const { controller, watches, decided } = setUp([signer, bootstrap]);
    await eventually(() => (decided.length === 1 && watches.size === 2 ? true : undefined));
    const object = { ...next, spec: { ...next.spec, signerName: bootstrap } };
    watches.get(bootstrap)?.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    await eventually(() => (decided.length === 2 ? true : undefined));
    watches.get(signer)?.write(`${JSON.stringify({ type: 'DELETED', object: old })}\n`);
    await eventually(() => (decided.includes('new') ? true : undefined));
    await controller.stop(100);
  });
});
