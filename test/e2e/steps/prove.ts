import { seconds } from '../../demo/screen.ts';
import { startApprover } from '../approver.ts';
import { servingSigner } from '../journal.ts';
import { expectAlert, expectVerified } from '../tls.ts';
import { expectUndecided, installed, nextCertificate, nextRequest, refused } from '../wait.ts';
import { tick, type Node, type World } from '../world.ts';

/** Before approval, the approver, and after. */
export async function prove(world: World): Promise<void> {
  const { stage, cluster, control, first } = world;
  for (const node of [control, first])
    await tick(
      world,
      `${node.name} asks; without an approver its port answers with a TLS alert`,
      async () => {
        const { uid } = await nextRequest(world, node.user, servingSigner, 0);
        await expectAlert(world, node);
        expectUndecided(world, uid);
      },
    );

  await tick(world, 'the approver runs: as the Deployment says, with its account', () =>
    startApprover(stage, cluster),
  );
  await tick(world, `${first.name} is approved, and pki/kubelet-server-current.pem appears`, () =>
    served(world, first),
  );
  await verify(world, first);

  await tick(
    world,
    `${control.name} has the API server's address, and waits until somebody says that it may`,
    async () => {
      const request = await nextRequest(world, control.user, servingSigner, 0);
      await refused(world, request, ['ControlPlaneLabelMissing']);
    },
  );
  await tick(world, `${control.name} is labelled as a control plane, and is approved`, async () => {
    await cluster.kubectl(['label', 'node', control.name, 'node-role.kubernetes.io/control-plane=']);
    await served(world, control);
  });
  await verify(world, control);
}

async function served(world: World, node: Node): Promise<void> {
  await installed(world, node, await nextCertificate(world, node, 0, 120_000));
}

async function verify(world: World, node: Node): Promise<void> {
  const started = performance.now();
  const { serial } = await expectVerified(world, node, [node.name, node.address]);
  world.stage.screen.say(
    `openssl verifies chain, CN ${node.user} and names ${node.name}, ${node.address}; serial ${serial} (${seconds(performance.now() - started)})`,
    'dim',
    5,
  );
}
