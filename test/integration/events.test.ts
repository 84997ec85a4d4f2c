import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { SimulatedNode } from '../support/simulated-node.ts';
import { Scene } from './scene.ts';

/** What people see of a refusal, on a real API server, and that nobody can make too much of it. */

let scene: Scene;
let proxy: FaultProxy;
let approver: Approver;
beforeAll(async () => {
  scene = await Scene.open();
  await Promise.all([1, 2, 3].map((number) => scene.node(number)));
  proxy = await FaultProxy.start(scene.cluster.adminKubeconfig);
  const kubeconfig = join(scene.cluster.dir, 'proxy.kubeconfig');
  writeFileSync(kubeconfig, proxy.kubeconfig());
  approver = await scene.keep(Approver.start({ kubeconfig }));
});
afterAll(async () => {
  await scene?.close();
  await proxy?.stop();
});
const log = () => approver.log;

const describeNode = (name: string) => scene.cluster.kubectl(['describe', 'node', name]);

test.each<[string, number, object, RegExp]>([
  [
    'of what may come right',
    1,
    { ip: ['10.9.9.9'] },
    /Warning\s+PolicyWaiting\s.*rego-csr-approver\s+certificate request csr-\w+: SANNotListed: .*To do: Compare/,
  ],
  [
    'of what was refused before the Node was read',
    2,
    { dns: ['kubernetes.default.svc'] },
    /Warning\s+PolicyDenied\s.*rego-csr-approver\s+certificate request csr-\w+: .*To do: /,
  ],
])('`kubectl describe node` says why there is no certificate: %s', async (_, number, changed, expected) => {
  const name = await scene.request(number, changed);
  await scene.event(name, /To do: /, log);
  await eventually(async () => (expected.test(await describeNode(`n${String(number)}`)) ? true : undefined), {
    explain: log,
  });
});

test('what somebody else asks for in its name is not said on the Node', async () => {
  const name = 'n3';
  const person = SimulatedNode.holding(scene.cluster.adminKubeconfig, name);
  const { metadata } = await person.request({ ip: ['10.0.0.3'] });
  await person.close();
  await scene.event(metadata.name, /PolicyDenied/, log);
  // A later one of its own is there first.
  await scene.event(await scene.request(3, { ip: ['10.9.9.9'] }), /SANNotListed/, log);
  await eventually(async () => ((await describeNode(name)).includes('SANNotListed') ? true : undefined));
  expect(await describeNode(name)).not.toContain(metadata.name);
});

test('300 bad requests of one node make no 300 Events, each is in the log, and nobody else is silenced', async () => {
  const count = 300;
  const before = await scene.cluster.kubectl(['get', 'events', '-n', 'default', '-o', 'name']);
  const node = await scene.node(1);
  const names = new Set<string>();
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let index = 0; index < count / 10; index += 1) {
        // oxlint-disable-next-line no-await-in-loop -- ten at once
        names.add((await node.request({ ip: ['10.0.0.2'] })).metadata.name);
      }
    }),
  );
  const decided = () =>
    new Set(approver.lines.flatMap(({ csr, verdict }) => (verdict === 'wait' ? [String(csr)] : [])));
  // Of one node the newest 256 are kept.
  await eventually(
    () => ([...names].filter((name) => decided().has(name)).length >= 256 ? true : undefined),
    {
      withinMs: 60_000,
      explain: log,
    },
  );
  await scene.event(await scene.request(2, { ip: ['10.9.9.9'] }), /SANNotListed/, log);
  const after = await scene.cluster.kubectl(['get', 'events', '-n', 'default', '-o', 'name']);
  const made = after.split('\n').length - before.split('\n').length;
  expect(made).toBeGreaterThan(20);
  expect(made).toBeLessThan(120);
  const { body } = await approver.get('/metrics');
  const [, suppressed] = /^csr_approver_events_suppressed_total (\d+)$/m.exec(body) ?? [];
  expect(Number(suppressed)).toBeGreaterThan(100);
});

test('a scrape and a probe are answered as long as the program is being stopped', async () => {
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  proxy.fault = ({ method, url }) => {
    if (method !== 'POST' || !url.includes('subjectaccessreviews')) return undefined;
    held.resolve();
    return { kind: 'hold', until: release.promise };
  };
  const name = await scene.request(3);
  await held.promise;
  const exited = approver.stop('SIGTERM');
  await eventually(() => (approver.log.includes('"msg":"stopping"') ? true : undefined), { explain: log });
  const ready = await approver.get('/readyz');
  expect([ready.status, ready.body]).toEqual([503, expect.stringMatching(/^\[-\] shutdown: told to stop$/m)]);
  expect((await approver.get('/livez')).status).toBe(200);
  const { status, body } = await approver.get('/metrics');
  expect(status).toBe(200);
  expect(body).toMatch(/^csr_approver_healthcheck\{type="readyz",name="shutdown"\} 0$/m);
  release.resolve();
  expect(await exited).toBe(0);
  await scene.condition(name, 'Approved', log);
});
