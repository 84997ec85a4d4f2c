import type { SimulatedNode } from '../../support/simulated-node.ts';
import type { Entry } from '../journal.ts';
import { expectUndecided, refusedInLog } from '../wait.ts';
import { tick, type World } from '../world.ts';
import { ask } from './attack.ts';

/** A certificate cannot be taken back: who has the key of a node that is no more can still file requests. */
export async function leave(world: World, thief: SimulatedNode): Promise<Entry> {
  const { cluster, second } = world;
  await tick(world, `${second.name} is taken away for good, and its Node deleted`, async () => {
    await second.kubelet.stop();
    await cluster.kubectl(['delete', 'node', second.name]);
  });
  return tick(
    world,
    'its key asks for what was its own: not approved, says the decision log, for its Events are used up',
    () => ask(world, thief, { ip: [second.address] }, undefined, ['NodeNotFound'], refusedInLog),
  );
}

/** To the end: not one of an attacker's has got anywhere. */
export async function noneApproved(world: World, filed: readonly Entry[]): Promise<void> {
  await tick(
    world,
    `none of the attacker's ${filed.length} requests has a condition or a certificate`,
    async () => {
      for (const { uid } of filed) expectUndecided(world, uid);
    },
  );
}
