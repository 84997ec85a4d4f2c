import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Scene } from './scene.ts';

/** Events may be kept in an etcd of their own (`--etcd-servers-overrides`), which can fail alone. */

let scene: Scene;
let proxy: FaultProxy;
let approver: Approver;
beforeAll(async () => {
  scene = await Scene.open();
  await scene.node(1);
  proxy = await FaultProxy.start(scene.cluster.adminKubeconfig);
  const kubeconfig = join(scene.cluster.dir, 'proxy.kubeconfig');
  writeFileSync(kubeconfig, proxy.kubeconfig());
  approver = await scene.keep(Approver.start({ kubeconfig }));
});
afterAll(async () => {
  await scene?.close();
  await proxy?.stop();
});

test('Events that are not answered take no connection from decisions', async () => {
  const failed = () => approver.log.includes('could not write an Event');
  let sent = 0;
  proxy.fault = ({ method, url }) => {
    if (method !== 'POST' || !url.includes('/events')) return undefined;
    if (!failed()) sent += 1;
    return { kind: 'hang' };
  };
  // More than there are connections.
  const names = await Promise.all(Array.from({ length: 60 }, () => scene.request(1, { ip: ['10.0.0.99'] })));
  const isDecided = (name: string) =>
    approver.lines.some(({ csr, verdict }) => csr === name && verdict === 'wait');
  await eventually(() => (names.every(isDecided) ? true : undefined), { explain: () => approver.log });
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThanOrEqual(16);
});
