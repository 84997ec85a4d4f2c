import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { type Answer, DNSServer } from '../support/dns-server.ts';
import { eventually } from '../support/eventually.ts';
import { addInventory, addMachines, defineMachines, machinePolicy } from './machines.ts';
import { Scene } from './scene.ts';

/** Lookups, DNS and pending requests, gathered by the running program for a policy that the real opa built. */

let scene: Scene;
let dns: DNSServer;
let approver: Approver;
let policy: Awaited<ReturnType<typeof machinePolicy>>;
const zone = new Map<string, Answer>();
const NXDOMAIN = 3;
const SERVFAIL = 2;

beforeAll(async () => {
  dns = await DNSServer.start((name) => zone.get(name) ?? NXDOMAIN);
  policy = await machinePolicy();
  scene = await Scene.open();
  await defineMachines(scene);
  const config = `dns: {servers: ["${dns.address}"], timeoutMs: 500}`;
  const { adminKubeconfig: kubeconfig } = scene.cluster;
  approver = await scene.keep(Approver.start({ kubeconfig, config, bundle: policy.bundle }));
});
afterAll(async () => {
  await scene?.close();
  dns?.stop();
  policy?.remove();
});

const log = () => approver.log;
const ipOf = (number: number) => `10.0.0.${String(number)}`;

/** A node about which all sources agree. */
async function confirmed(number: number): Promise<void> {
  const node = `n${String(number)}`;
  zone.set(node, [ipOf(number)]);
  await Promise.all([
    addInventory(scene, node),
    addMachines(scene, [[`m${String(number)}`, node, ipOf(number)]]),
  ]);
}

/** What the policy had seen of a request when it waited. */
async function seen(name: string): Promise<Record<string, unknown>> {
  const event = await scene.event(name, /NotConfirmed: /, log);
  return JSON.parse(event.slice(event.indexOf('{')));
}

test('what all sources confirm is approved', async () => {
  await confirmed(1);
  await scene.condition(await scene.request(1), 'Approved', log);
});

describe('a good request of which one source does not know waits, and is approved when that has come', () => {
  test('no Machine', async () => {
    zone.set('n2', [ipOf(2)]);
    await addInventory(scene, 'n2');
    const name = await scene.request(2);
    expect(await seen(name)).toMatchObject({ machines: 0, addresses: [] });
    await addMachines(scene, [['m2', 'n2', ipOf(2)]]);
    await scene.condition(name, 'Approved', log);
  });

  test('a Machine without addresses', async () => {
    await confirmed(3);
    await addMachines(scene, [['m3', 'n3', '']]);
    const name = await scene.request(3);
    expect(await seen(name)).toMatchObject({ machines: 1, addresses: [] });
    await addMachines(scene, [['m3', 'n3', ipOf(3)]]);
    await scene.condition(name, 'Approved', log);
  });

  test('no ConfigMap', async () => {
    zone.set('n4', [ipOf(4)]);
    await addMachines(scene, [['m4', 'n4', ipOf(4)]]);
    const name = await scene.request(4);
    expect(await seen(name)).toMatchObject({ rack: [] });
    await addInventory(scene, 'n4');
    await scene.condition(name, 'Approved', log);
  });

  test('no name in the DNS', async () => {
    await confirmed(5);
    zone.delete('n5');
    const name = await scene.request(5);
    expect(await seen(name)).toMatchObject({ dns: [{ name: 'n5', found: false, addresses: [] }] });
    zone.set('n5', [ipOf(5)]);
    await scene.condition(name, 'Approved', log);
  });
});

test("another node's Machine confirms nothing", async () => {
  await confirmed(6);
  const name = await scene.request(6, { ip: [ipOf(1)] });
  expect(await seen(name)).toMatchObject({ addresses: [ipOf(6)] });
  expect(await scene.conditions(name)).toEqual([]);
});

test('of very many Machines the first are shown, and that there are more', async () => {
  await confirmed(7);
  const machines = Array.from({ length: 40 }, (_, i) => [`x${String(i)}`, 'n7', ipOf(7)] as const);
  await addMachines(
    scene,
    machines.map(([name, node, ip]) => [name, node, ip]),
  );
  expect(await seen(await scene.request(7))).toMatchObject({ machines: 16, more: true });
});

describe('a DNS server is asked again, and an error approves nothing', () => {
  test.each<[number, Answer, RegExp]>([
    [8, SERVFAIL, /FactUnavailable: dns: n8: the DNS server failed \(SERVFAIL\)/],
    [9, 'silence', /FactUnavailable: dns: n9: the DNS server does not answer in time/],
    [10, 'garbage', /FactUnavailable: dns: n10: the DNS server gave an answer that is none/],
  ])('n%d: %s', async (number, answer, message) => {
    await confirmed(number);
    zone.set(`n${String(number)}`, answer);
    const name = await scene.request(number);
    await scene.event(name, message, log);
    expect(await scene.conditions(name)).toEqual([]);
    zone.set(`n${String(number)}`, [ipOf(number)]);
    await scene.condition(name, 'Approved', log);
  });
});

test('an older request gives way to a newer one, even when that is decided', async () => {
  await confirmed(11);
  zone.delete('n11');
  const older = await scene.request(11);
  expect(await seen(older)).toMatchObject({ newer: false });
  // Of two within 5 seconds neither is newer, and creation times are in whole seconds.
  await sleep(6100);
  const newer = await scene.request(11);
  await scene.cluster.kubectl(['certificate', 'deny', newer]);
  zone.set('n11', [ipOf(11)]);
  // An Event is not repeated for another text of the same code; the log has every decision.
  await eventually(() =>
    approver.lines.find(({ csr, why }) => csr === older && String(why).includes('"newer":true')),
  );
  expect(await scene.conditions(older)).toEqual([]);
});
