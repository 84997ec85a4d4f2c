import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { FaultProxy, type Fault, type Passing } from '../support/fault-proxy.ts';
import { csrPath, Scene, statusOf } from './scene.ts';

/** What happens between the decision and the write, made to happen by a proxy that holds the write back. */

let scene: Scene;
let proxy: FaultProxy;
let approver: Approver;
const log = () => approver.log;
beforeAll(async () => {
  scene = await Scene.open();
  await Promise.all([1, 2].map((number) => scene.node(number)));
  proxy = await FaultProxy.start(scene.cluster.adminKubeconfig);
  const kubeconfig = join(scene.cluster.dir, 'proxy.kubeconfig');
  writeFileSync(kubeconfig, proxy.kubeconfig());
  approver = await scene.keep(Approver.start({ kubeconfig }));
});
afterAll(async () => {
  await scene?.close();
  await proxy?.stop();
});
beforeEach(() => {
  proxy.fault = () => undefined;
});

const isApproval = ({ method, url }: Passing) => method === 'PUT' && url.endsWith('/approval');
const approvals = (name: string) =>
  proxy.passed.filter((passing) => isApproval(passing) && passing.url.includes(name));

/** The first writes meet these, one each; later ones pass. */
function faults(...list: Fault[]): void {
  const left = [...list];
  proxy.fault = (passing) => (isApproval(passing) ? left.shift() : undefined);
}

/** Holds the first write back until `meanwhile` has happened. */
async function holding(name: string, meanwhile: () => Promise<unknown>): Promise<void> {
  await scene.request(1, {}, { name });
  await eventually(() => (approvals(name).length > 0 ? true : undefined), { explain: log });
  await meanwhile();
}
const held: Fault = { kind: 'delay', ms: 1500 };
const wrote = (name: string) => approver.lines.filter(({ csr, msg }) => csr === name && msg === 'wrote');
const result = (name: string) =>
  approver.lines.filter(({ csr, result: r }) => csr === name && r !== undefined);

describe('between decision and write the request is', () => {
  beforeEach(() => faults(held));

  test('edited: decided again, and the edit is kept (LIFE-06)', async () => {
    await holding('edited', async () => {
      const csr = await scene.csr('edited');
      await scene.admin.put(csrPath('edited'), {
        ...csr,
        metadata: { ...csr.metadata, labels: { by: 'admin' } },
      });
    });
    await scene.condition('edited', 'Approved', log);
    expect((await scene.csr('edited')).metadata).toMatchObject({ labels: { by: 'admin' } });
    expect(result('edited')).toMatchObject([{ result: '409' }]);
    expect(approvals('edited')).toHaveLength(2);
  });

  test('denied by a person: that stands (LIFE-07)', async () => {
    await holding('denied', () => scene.cluster.kubectl(['certificate', 'deny', 'denied']));
    await eventually(() => (result('denied').length > 0 ? true : undefined), { explain: log });
    await scene.condition(await scene.request(1), 'Approved', log);
    expect(await scene.conditions('denied')).toMatchObject([{ type: 'Denied' }]);
    expect([approvals('denied').length, wrote('denied').length]).toEqual([1, 0]);
  });

  test('approved by a person: not written again (LIFE-29)', async () => {
    await holding('approved', () => scene.cluster.kubectl(['certificate', 'approve', 'approved']));
    await scene.certificate('approved');
    await eventually(() => (result('approved').length > 0 ? true : undefined), { explain: log });
    expect(await scene.conditions('approved')).toMatchObject([
      { type: 'Approved', reason: 'KubectlApprove' },
    ]);
    expect(approvals('approved')).toHaveLength(1);
  });

  test('deleted: forgotten (LIFE-08)', async () => {
    await holding('deleted', () => scene.deleteCSR('deleted'));
    await eventually(() => (result('deleted').length > 0 ? true : undefined), { explain: log });
    expect(result('deleted')).toMatchObject([{ result: '404', level: 'info' }]);
    expect((await approver.get('/readyz')).status).toBe(200);
  });

  test('deleted and made again by another: the new one is not approved for the old (LIFE-09)', async () => {
    await holding('replaced', async () => {
      await scene.deleteCSR('replaced');
      await scene.request(2, { ip: ['10.0.0.1'] }, { name: 'replaced' });
    });
    await scene.event('replaced', /SANClaimed/, log);
    await eventually(() => (result('replaced').length > 0 ? true : undefined), { explain: log });
    expect(await scene.conditions('replaced')).toEqual([]);
    expect(result('replaced')).toMatchObject([{ result: '409' }]);
  });
});

describe('the first write meets', () => {
  test.each<[string, Fault]>([
    ['a lost answer, after it took effect', { kind: 'lost-answer' }],
    ['a broken connection, before it did', { kind: 'reset' }],
    ['500', { kind: 'status', status: 500 }],
    ['503 with Retry-After', { kind: 'status', status: 503, headers: { 'retry-after': '1' } }],
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    [
      '429 with Retry-After in its Status',
      { kind: 'status', status: 429, details: { retryAfterSeconds: 1 } },
    ],
    ["a proxy's 404", { kind: 'status', status: 404 }],
    ["a load balancer's page", { kind: 'html' }],
    ['garbage', { kind: 'garbage' }],
    ['half an answer', { kind: 'truncate', bytes: 20 }],
  ])('%s (LIFE-12)', async (_, fault) => {
    faults(fault);
    const name = await scene.request(1);
    await scene.condition(name, 'Approved', log);
    await scene.certificate(name);
    const { conditions } = statusOf(await scene.csr(name));
    expect(conditions).toHaveLength(1);
  });

  test('422: nothing more for that object, and others go on (LIFE-11)', async () => {
    faults({ kind: 'status', status: 422 });
    const name = await scene.request(1);
    await eventually(() => (result(name).length > 0 ? true : undefined), { explain: log });
    expect(result(name)).toMatchObject([{ result: '422', level: 'warn' }]);
    await scene.condition(await scene.request(2), 'Approved', log);
    // A while later, as the second one is approved, too.
    await scene.certificate(await scene.request(2));
    expect([approvals(name).length, (await approver.get('/readyz')).status]).toEqual([1, 200]);
    // Another version of the object is another matter.
    const csr = await scene.csr(name);
    await scene.admin.put(csrPath(name), { ...csr, metadata: { ...csr.metadata, labels: { by: 'admin' } } });
    await scene.condition(name, 'Approved', log);
  });

  test.each<[string, Fault, number]>([
    ['but took effect: not written again', { kind: 'mute' }, 1],
    ['and never arrived: written again', { kind: 'hang' }, 2],
  ])('no answer in time, %s (LIFE-12)', async (_, fault, writes) => {
    faults(fault);
    const name = await scene.request(1);
    await eventually(() => (result(name).length > 0 ? true : undefined), { withinMs: 20_000, explain: log });
    expect(result(name)).toMatchObject([{ result: 'timeout' }]);
    await scene.condition(name, 'Approved', log);
    await scene.certificate(name);
    // Another one is through: whatever was to be written to the first one has been.
    await scene.condition(await scene.request(1), 'Approved', log);
    expect([(await scene.conditions(name)).length, approvals(name).length]).toEqual([1, writes]);
    const asked = proxy.passed.filter(({ url }) => url.includes(`/${name}`));
    expect(asked.slice(0, 2).map(({ method }) => method)).toEqual(['PUT', 'GET']);
  });

  test('403, as without the right to approve: loud, and not ready (LIFE-10)', async () => {
    faults({ kind: 'status', status: 403 });
    const name = await scene.request(1);
    await eventually(() => (result(name).length > 0 ? true : undefined), { explain: log });
    expect(result(name)).toMatchObject([{ result: '403', level: 'error' }]);
    expect(await approver.get('/readyz')).toMatchObject({
      status: 503,
      body: expect.stringMatching(/\[-\] approvals: .*forbids it; grant it by RBAC/),
    });
    // The next write that succeeds clears it.
    await scene.condition(await scene.request(1), 'Approved', log);
    await eventually(async () => ((await approver.get('/readyz')).status === 200 ? true : undefined));
    await scene.deleteCSR(name);
  });
});

/** Requests with that in method and path meet the fault, that often. */
const failing = (part: string, fault: Fault, times = 2) => {
  let left = times;
  proxy.fault = ({ method, url, watch }) => {
    if (watch || !`${method} ${url}`.includes(part) || left === 0) return undefined;
    left -= 1;
    return fault;
  };
};

describe('a fact meets', () => {
  test.each<[string, string, Fault, RegExp]>([
    ['500 for the Node', 'GET /api/v1/nodes/n1', { kind: 'status', status: 500 }, /node: .*500/],
    ["a proxy's 404 for the Node", 'GET /api/v1/nodes/n1', { kind: 'status', status: 404 }, /node: .*404/],
    ['a page for the Node', 'GET /api/v1/nodes/n1', { kind: 'html' }, /node: .*not JSON/],
    [
      '403 for the review',
      'POST /apis/authorization',
      { kind: 'status', status: 403 },
      /sar\.selfnodeserver: .*RBAC/,
    ],
    ['garbage for the review', 'POST /apis/authorization', { kind: 'garbage' }, /sar\.selfnodeserver: /],
  ])('%s: an error that says so, and approved when it is over', async (_, part, fault, expected) => {
    failing(part, fault);
    const name = await scene.request(1);
    await scene.event(name, expected, log);
    await scene.condition(name, 'Approved', log);
    expect((await scene.events(name))[0]).toMatch(/^DecisionFailed FactUnavailable: /);
  });
});

test.each<[string, Fault]>([
  ['in the header', { kind: 'status', status: 429, headers: { 'retry-after': '2' } }],
  ['in the Status', { kind: 'status', status: 429, details: { retryAfterSeconds: 2 } }],
])('a fact that is answered 429 is asked for no earlier than it says, %s', async (_, fault) => {
  failing('GET /api/v1/nodes/n1', fault, 2);
  const began = proxy.passed.length;
  const at: number[] = [];
  const inner = proxy.fault;
  proxy.fault = (passing) => {
    if (passing.url === '/api/v1/nodes/n1') at.push(performance.now());
    return inner(passing);
  };
  const name = await scene.request(1);
  await scene.event(name, /slow down/, log);
  await scene.condition(name, 'Approved', log);
  expect(at).toHaveLength(3);
  for (const [index, time] of at.slice(1).entries()) {
    expect(time - (at[index] ?? 0)).toBeGreaterThan(1_950);
  }
  expect(proxy.passed.length - began).toBeLessThan(60);
});

test('no write was ever sent without uid and resourceVersion, or without the conditions of others', async () => {
  const bodies: Record<string, unknown>[] = [];
  proxy.onBody = (passing, body) => {
    if (isApproval(passing)) bodies.push(JSON.parse(body));
  };
  const foreign = { type: 'Audited', status: 'True', reason: 'Seen', message: 'by another' };
  // Another controller's condition, between the decision and the write.
  faults(held);
  await holding('audited', async () => {
    const csr = await scene.csr('audited');
    await scene.admin.put(csrPath('audited', 'status'), { ...csr, status: { conditions: [foreign] } });
  });
  await scene.condition('audited', 'Approved', log);
  expect((await scene.conditions('audited')).map(({ type }) => type)).toEqual(['Audited', 'Approved']);
  expect(bodies.length).toBeGreaterThanOrEqual(2);
  for (const { metadata } of bodies) {
    expect(metadata).toMatchObject({
      uid: expect.stringMatching(/./),
      resourceVersion: expect.stringMatching(/./),
    });
  }
});

test('SIGTERM finishes the write that is on its way, and exits with 0', async () => {
  faults(held);
  await holding('last', () => Promise.resolve());
  expect(await approver.stop('SIGTERM')).toBe(0);
  expect(await scene.conditions('last')).toMatchObject([{ type: 'Approved' }]);
  expect(wrote('last')).toHaveLength(1);
  expect(approver.lines.at(-1)).toMatchObject({ msg: 'stopped', finished: true });
});
