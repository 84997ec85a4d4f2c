import { expectThat } from '../../demo/deviation.ts';
import { addAddress } from '../addresses.ts';
import { servingSigner } from '../journal.ts';
import { expectVerified } from '../tls.ts';
import { installed, nextCertificate } from '../wait.ts';
import { tick, type Node, type World } from '../world.ts';
import { registered } from './join.ts';
import { healthz, logs } from './reach.ts';

/** What happens to nodes in their lives. */
export async function change(world: World): Promise<void> {
  const { cluster, first, second } = world;
  await tick(world, `a cloud gives ${second.name} an address: it asks anew, and is approved with it`, () =>
    renewByAddress(world, second),
  );

  await tick(world, `the kubelet of ${first.name} restarts: same certificate, nothing asked`, async () => {
    const before = await expectVerified(world, first, [first.name, first.address]);
    const mark = performance.now();
    await first.kubelet.stop();
    await first.kubelet.start();
    await reachable(world, first);
    const after = await expectVerified(world, first, [first.name, first.address]);
    expectThat(before.serial === after.serial, `it serves ${after.serial} instead of ${before.serial}`);
    const asked = world.journal.of(first.user, servingSigner, mark);
    expectThat(asked.length === 0, `it has asked again: ${asked.map(({ name }) => name).join(', ')}`);
  });

  await tick(world, `the Node ${first.name} is deleted, and registers anew`, async () => {
    await first.kubelet.stop();
    await cluster.kubectl(['delete', 'node', first.name]);
    await first.kubelet.start();
    await registered(world, first);
    await reachable(world, first);
  });
  await tick(world, `the new Node is given an address: its request is approved`, () =>
    renewByAddress(world, first),
  );
}

/** A kubelet whose addresses change asks for a certificate of them all. */
async function renewByAddress(world: World, node: Node): Promise<void> {
  const mark = performance.now();
  const address = await addAddress(world, node);
  await installed(world, node, await nextCertificate(world, node, mark));
  await expectVerified(world, node, [node.name, node.address, address]);
  await logs(world, node);
}

async function reachable(world: World, node: Node): Promise<void> {
  let said = '';
  await world.stage.until(
    async () => {
      said = await healthz(world, node).catch(String);
      return said === 'ok' || undefined;
    },
    60_000,
    () => `the kubelet of ${node.name} is not reached: ${said}`,
  );
}
