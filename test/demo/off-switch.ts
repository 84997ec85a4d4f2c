import type { SimulatedNode } from '../support/simulated-node.ts';
import { approvalOf } from './approval.ts';
import { expectUntouched, verdictOn } from './attackers.ts';
import { ipsOf } from './honest.ts';
import { restoreBinding } from './install.ts';
import { fileRequest, isGranted, type Scene } from './scene.ts';

const binding = 'node-server-auto-renew-crt';

/** Its first look back comes after retry_after_seconds of AccessNotGranted; a second one if that was too soon. */
const approvalLimitMs = 30_000;

/** Without the binding a good request waits; with it again, it is approved. */
export async function offSwitch(scene: Scene, node: SimulatedNode): Promise<void> {
  const { stage, cluster } = scene;
  const { screen } = stage;
  screen.command(`kubectl delete clusterrolebinding ${binding}`);
  await screen.during('the right is withdrawn', async () => {
    await cluster.kubectl(['delete', 'clusterrolebinding', binding]);
    await granted(scene, node.name, false);
  });
  const filed = await fileRequest(node, [node.name], ipsOf(node));
  const verdict = await screen.during(`${node.name} renews its certificate`, () =>
    verdictOn(scene, filed, { kind: 'wait', codes: ['AccessNotGranted'] }),
  );
  expectUntouched(scene, filed);
  screen.pending(`${node.name} renews its certificate`, performance.now() - filed.sentAt);
  screen.say(`pending with ${verdict.note}`, 'yellow', 5);

  screen.command('kubectl apply --server-side -f deploy/kustomize/base/selfnodeserver.yaml');
  const restoring = performance.now();
  await screen.during('the right is given back', async () => {
    await restoreBinding(cluster);
    await granted(scene, node.name, true);
  });
  screen.done(`${binding} is there again`, performance.now() - restoring);
  screen.say('The approver looks again at what waits, for this reason first after some seconds.');
  const restored = performance.now();
  await screen.during('waiting for the approver to look again', () =>
    approvalOf(scene, filed, approvalLimitMs),
  );
  screen.done(
    `${node.name}'s request is approved, its certificate checked; nothing was restarted`,
    performance.now() - restored,
  );
}

/** The API server's authorizer follows its objects with a small delay. */
async function granted(scene: Scene, node: string, wanted: boolean): Promise<void> {
  await scene.stage.until(
    async () => ((await isGranted(scene, node)) === wanted ? true : undefined),
    10_000,
    () => `the authorizer still ${wanted ? 'refuses' : 'grants'} selfnodeserver to ${node}`,
  );
}
