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

test('SIGTERM finishes the write that is on its way, and exits with 0', async () => {
  faults(held);
  await holding('last', () => Promise.resolve());
  expect(await approver.stop('SIGTERM')).toBe(0);
  expect(await scene.conditions('last')).toMatchObject([{ type: 'Approved' }]);
  expect(wrote('last')).toHaveLength(1);
  expect(approver.lines.at(-1)).toMatchObject({ msg: 'stopped', finished: true });
});
