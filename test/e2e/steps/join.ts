import { expectThat } from '../../demo/deviation.ts';
import { startApprover } from '../approver.ts';
import { workerGroup } from '../bootstrap.ts';
import { clientSigner } from '../journal.ts';
import { clientReason, nextRequest, patienceMs } from '../wait.ts';
import { tick, type Node, type World } from '../world.ts';

/** From a token to a Node: one machine with a static token, one with a bootstrap token. */
export async function join(world: World): Promise<void> {
  const { stage, cluster, options, control, first } = world;
  // Serving certificates are to wait for a while yet.
  const approver =
    options.clientApprover === 'rego'
      ? await tick(world, 'the approver runs, for client certificates alone', () =>
          startApprover(stage, cluster, (config) => ({ ...config, signers: [clientSigner] })),
        )
      : undefined;
  await Promise.all([control.kubelet.start(), first.kubelet.start()]);
  await tick(world, `${control.name}, by a static token, has its client certificate`, async () => {
    const groups = await clientCertificate(world, control);
    expectThat(groups.includes('system:bootstrappers'), `its groups are ${groups.join(', ')}`);
  });
  await tick(world, `${first.name}, by a bootstrap token of ${workerGroup}, has its too`, async () => {
    const groups = await clientCertificate(world, first);
    expectThat(groups.includes(workerGroup), `its groups are ${groups.join(', ')}`);
  });
  for (const node of [control, first])
    await tick(world, `${node.name} has registered its Node`, () => registered(world, node));
  await approver?.stop();
}

/** Waits for the first client certificate of a kubelet; gives the groups that it asked as. */
export async function clientCertificate(world: World, node: Node): Promise<readonly string[]> {
  const { stage, journal, options } = world;
  // Both workers ask as the same user: the subject tells them apart, the kubelet's file which one is answered.
  await nextRequest(world, node.bootstrapUser, clientSigner, 0);
  await stage.until(
    () => (node.kubelet.hasClientCertificate ? true : undefined),
    patienceMs,
    () => `${node.name} has no client certificate`,
  );
  const entries = journal.of(node.bootstrapUser, clientSigner);
  const reason = clientReason(options);
  for (const entry of entries)
    expectThat(
      entry.approvalReason === reason,
      `${entry.name} was approved with ${entry.approvalReason} instead of ${reason}`,
    );
  return entries.at(-1)?.groups ?? [];
}

/** The Node is there, with the address of its machine. */
export async function registered({ stage, cluster }: World, node: Node): Promise<void> {
  const get = [
    'get',
    'node',
    node.name,
    '--ignore-not-found',
    '-o',
    'jsonpath={.status.addresses[*].address}',
  ];
  let found = '';
  await stage.until(
    async () => {
      found = await cluster.kubectl(get);
      return found.split(' ').includes(node.address) ? true : undefined;
    },
    patienceMs,
    () => `the Node ${node.name} should have ${node.address}; it has: ${found || 'nothing'}`,
  );
}
