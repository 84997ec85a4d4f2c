import { Deviation, expectThat } from '../../demo/deviation.ts';
import { certificateOf, conditionsOf, conditionText } from '../../demo/requests.ts';
import { addAddress } from '../addresses.ts';
import { servingSigner, type Entry } from '../journal.ts';
import { expectUndecided, installed, nextCertificate, nextRequest, patienceMs, refused } from '../wait.ts';
import { tick, type Node, type World } from '../world.ts';
import { restartControlPlane } from './control-plane.ts';

const role = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeserver';
const groupBinding = 'node-server-auto-renew-crt';
const bindingOf = (node: Node): string => `node-server-${node.name}`;
/** A request that has waited for a while is looked at again within a minute and a quarter. */
const lookAgainMs = 120_000;

/** Who may ask for a serving certificate at all is a matter of bindings; the rest is for people. */
export async function revoke(world: World): Promise<void> {
  const { cluster, control, first, second } = world;
  await tick(world, "bindings of single users replace the group's; that of worker-2 is deleted", async () => {
    for (const node of [control, first, second])
      await cluster.kubectl([
        'create',
        'clusterrolebinding',
        bindingOf(node),
        `--clusterrole=${role}`,
        `--user=${node.user}`,
      ]);
    await cluster.kubectl(['delete', 'clusterrolebinding', groupBinding, bindingOf(second)]);
  });

  const mark = performance.now();
  await Promise.all([addAddress(world, first), addAddress(world, second)]);
  await tick(world, `${first.name} renews as before`, async () => {
    await installed(world, first, await nextCertificate(world, first, mark));
  });
  const waiting = await tick(world, `${second.name} waits, and the Event on its request says why`, () =>
    waitsForAccess(world, second, mark),
  );
  await tick(world, 'a person approves it: kubectl certificate approve', () =>
    approve(world, second, waiting),
  );
  const denied = await tick(world, 'a person denies its next: kubectl certificate deny', async () => {
    const before = performance.now();
    await addAddress(world, second);
    const entry = await waitsForAccess(world, second, before);
    await deny(world, entry);
    return entry;
  });

  const again = await tick(world, 'its kubelet asks again, and waits again', async () =>
    waitsForAccess(world, second, denied.seenAt),
  );
  await restartControlPlane(world);
  expectUndecided(world, again.uid);
  await tick(world, 'the binding is restored: it is approved, by the same approver', async () => {
    await cluster.kubectl([
      'create',
      'clusterrolebinding',
      groupBinding,
      `--clusterrole=${role}`,
      '--group=system:nodes',
    ]);
    await cluster.kubectl(['delete', 'clusterrolebinding', bindingOf(control), bindingOf(first)]);
    const entry = await nextCertificate(world, second, again.seenAt - 1, lookAgainMs);
    await installed(world, second, entry);
  });
}

/** The next request is left pending, with the reason where `kubectl describe csr` shows it. */
async function waitsForAccess(world: World, node: Node, after: number): Promise<Entry> {
  const entry = await nextRequest(world, node.user, servingSigner, after);
  const { note } = await refused(world, entry, ['AccessNotGranted']);
  const described = await world.cluster.kubectl(['describe', 'csr', entry.name]);
  expectThat(described.includes(note), `kubectl describe csr ${entry.name} does not say why it waits`);
  return entry;
}

async function approve(world: World, node: Node, { name, uid }: Entry): Promise<void> {
  await world.cluster.kubectl(['certificate', 'approve', name]);
  const entry = await decided(world, uid, (csr) => certificateOf(csr) !== '');
  expectThat(entry.approvalReason === 'KubectlApprove', `${name} was approved as ${entry.approvalReason}`);
  await installed(world, node, entry);
}

async function deny(world: World, { name, uid }: Entry): Promise<void> {
  await world.cluster.kubectl(['certificate', 'deny', name]);
  await decided(world, uid, (csr) => conditionsOf(csr).some(({ type }) => type === 'Denied'));
}

async function decided(
  { stage, journal }: World,
  uid: string,
  is: (csr: Entry['object']) => boolean,
): Promise<Entry> {
  return stage.until(
    () => {
      const entry = journal.get(uid);
      return entry !== undefined && is(entry.object) ? entry : undefined;
    },
    patienceMs,
    () => {
      const entry = journal.get(uid);
      if (entry === undefined) throw new Deviation('the request is gone');
      return `${entry.name} is ${conditionText(entry.object)} after a person has decided it`;
    },
  );
}
