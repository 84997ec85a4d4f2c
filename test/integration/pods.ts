import { networkInterfaces } from 'node:os';
import { z } from 'zod';
import { asObject } from '../../src/kube/objects.ts';
import { eventually } from '../support/eventually.ts';
import { NAMESPACE } from './install.ts';
import type { Scene } from './scene.ts';

/**
 * The pod that the Deployment's controllers make, with a scheduler and a kubelet played by the test: bound to a node, and
 * given the status that a kubelet would write.
 */

const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
const podList = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), deletionTimestamp: z.string().optional() }),
    }),
  ),
});

/** An address of this machine that is not loopback, since the API server goes to no pod there. It stays on the machine. */
export function podAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  if (found === undefined) throw new Error('this machine needs an IPv4 address that is not loopback');
  return found.address;
}

/** Ends what there was, and waits for the pod that the Deployment now wants; gives its name. */
export async function newPod(scene: Scene, node: string): Promise<string> {
  const all = ['pods', '--all', '-n', NAMESPACE, '--force', '--grace-period=0'];
  await scene.cluster.kubectl(['delete', ...all]);
  const name = await eventually(async () => {
    const { items } = podList.parse(await scene.admin.get(pods));
    return items.find(({ metadata }) => metadata.deletionTimestamp === undefined)?.metadata.name;
  });
  await scene.admin.create(`${pods}/${name}/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace: NAMESPACE },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  });
  return name;
}

/** @param status as a kubelet writes it, of the one container `state`, `lastState` and the like */
export async function setStatus(
  scene: Scene,
  name: string,
  { container, ...status }: { readonly container: object } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const pod = asObject(await scene.admin.get(`${pods}/${name}`));
  const of = { name: NAMESPACE, image: 'none', imageID: '', ready: false, restartCount: 0, ...container };
  await scene.admin.put(`${pods}/${name}/status`, {
    ...pod,
    status: { phase: 'Running', ...status, containerStatuses: [of] },
  });
}
