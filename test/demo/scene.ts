import { createSubjectAccessReview } from '../../src/kube/calls.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { SimulatedNode, type NodeAddress } from '../support/simulated-node.ts';
import { freshKey } from './key.ts';
import type { Requests } from './requests.ts';
import type { Stage } from './stage.ts';

/** What every step works with. */
export interface Scene {
  readonly stage: Stage;
  readonly cluster: ControlPlane;
  /** A client of the cluster's admin, who looks on. */
  readonly admin: KubeClient;
  readonly requests: Requests;
}

export interface Filed {
  readonly node: string;
  readonly sans: readonly string[];
  readonly spki: Uint8Array;
  /** As the API server answered. */
  readonly csr: KubeObject;
  /** By our own clock, before the request was sent. */
  readonly sentAt: number;
}

const selfnodeserver = {
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
  subresource: 'selfnodeserver',
  verb: 'create',
} as const;

/** May this node ask for a serving certificate, as the API server's authorizer sees it now? */
export async function isGranted(scene: Scene, node: string): Promise<boolean> {
  const { allowed } = await createSubjectAccessReview(scene.admin, {
    user: `system:node:${node}`,
    groups: ['system:nodes', 'system:authenticated'],
    resourceAttributes: selfnodeserver,
  });
  return allowed;
}

/** A machine joins: a client certificate, a Node object with these addresses. */
export async function join(scene: Scene, name: string, ips: readonly string[]): Promise<SimulatedNode> {
  const node = await SimulatedNode.credentials(scene.cluster, name);
  scene.stage.defer(() => node.close());
  await node.register(addressesOf(name, ips));
  return node;
}

export const addressesOf = (name: string, ips: readonly string[]): NodeAddress[] => [
  ...ips.map((address) => ({ type: 'InternalIP', address }) as const),
  { type: 'Hostname', address: name },
];

export async function fileRequest(
  node: SimulatedNode,
  dns: readonly string[],
  ip: readonly string[],
): Promise<Filed> {
  const key = freshKey();
  const sentAt = performance.now();
  const csr = await node.request({ key, dns, ip });
  return { node: node.name, sans: [...dns, ...ip], spki: key.spki, csr, sentAt };
}
