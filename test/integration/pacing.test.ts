import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { FaultProxy, type Passing } from '../support/fault-proxy.ts';
import { Scene } from './scene.ts';

/** `limits.apiQps`, off by default, before a real API server. */

const nodes = [1, 2, 3, 4, 5, 6];
let scene: Scene;
let proxy: FaultProxy;
let kubeconfig: string;
beforeAll(async () => {
  scene = await Scene.open();
  await Promise.all(nodes.map((number) => scene.node(number)));
  proxy = await FaultProxy.start(scene.cluster.adminKubeconfig);
  kubeconfig = join(scene.cluster.dir, 'proxy.kubeconfig');
  writeFileSync(kubeconfig, proxy.kubeconfig());
});
afterAll(async () => {
  await scene?.close();
  await proxy?.stop();
});

/** Calls for decisions: not what begins a watch, finds out whom we talk to, or elects. */
const isPaced = ({ url, watch }: Passing) => !watch && !/[?&]limit=100|^\/version|\/leases/.test(url);

test('no more calls than it allows, and every request is approved in the end', async () => {
  const [qps, burst] = [8, 4];
  const config = `limits: {apiQps: ${String(qps)}, apiBurst: ${String(burst)}}`;
  const times: number[] = [];
  proxy.fault = (passing) => {
    if (isPaced(passing)) times.push(performance.now());
    return undefined;
  };
  const approver = await scene.keep(Approver.start({ kubeconfig, config }));
  const names = await Promise.all(nodes.map((number) => scene.request(number)));
  await Promise.all(names.map((name) => scene.condition(name, 'Approved', () => approver.log)));
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
  // Two facts and the write of each; writes go ahead of their turn.
  expect(times.length).toBeGreaterThanOrEqual(3 * nodes.length);
  expect(times.length).toBeLessThanOrEqual(burst + qps * seconds + nodes.length + 1);
  expect(await approver.stop()).toBe(0);
});

test('one that allows too little: said by name, and watches, health and the program live on', async () => {
  const approver = await scene.keep(
    Approver.start({ kubeconfig, config: 'limits: {apiQps: 1, apiBurst: 1}' }),
  );
  await Promise.all(nodes.map((number) => scene.request(number)));
  await eventually(
    () => (/not sent: limits\.apiQps of the configuration/.test(approver.log) ? true : undefined),
    {
      explain: () => approver.log,
    },
  );
  for (const path of ['/livez', '/readyz', '/metrics']) {
    // oxlint-disable-next-line no-await-in-loop -- three
    expect((await approver.get(path)).status).toBe(200);
  }
  expect(await approver.stop()).toBe(0);
});
