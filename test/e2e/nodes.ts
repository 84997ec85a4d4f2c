import { readFileSync } from 'node:fs';
import type { Credential } from '../control-plane/kubeconfig.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { Stage } from '../demo/stage.ts';
import { startContainerd } from './containerd.ts';
import { imageName } from './image.ts';
import { Kubelet } from './kubelet.ts';
import { controlAddress, Machine } from './machine.ts';
import type { Options } from './options.ts';
import type { Node } from './world.ts';

export interface NodeSpec {
  readonly name: string;
  readonly address: string;
  readonly bootstrap: Credential;
  readonly bootstrapUser: string;
  readonly cloud: boolean;
}

/** Runs on the machine's own network, as the pods of a control plane do; needs no network of pods. */
const staticPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'app' },
  spec: {
    hostNetwork: true,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'app', image: imageName, imagePullPolicy: 'Never' }],
  },
};

/** As the API server names the static pod of a node. */
export const podOf = (node: Node): string => `${staticPod.metadata.name}-${node.name}`;

/** A machine that is set up, its kubelet not yet started. */
export async function setUpNode(
  stage: Stage,
  cluster: ControlPlane,
  options: Options,
  image: Uint8Array,
  spec: NodeSpec,
): Promise<Node> {
  const machine = await Machine.boot(spec.name, spec.address);
  await startContainerd(stage, machine, image);
  const kubelet = new Kubelet(stage, machine, {
    server: serverOf(cluster),
    ca: readFileSync(cluster.caFile, 'utf8'),
    bootstrap: spec.bootstrap,
    cloud: spec.cloud,
    flagForm: options.flagForm,
    tool: `kubelet${options.suffix}`,
  });
  kubelet.addStaticPod(staticPod);
  const { name, address, bootstrapUser } = spec;
  return { machine, kubelet, name, address, bootstrapUser, user: `system:node:${name}` };
}

export const portOf = ({ url }: ControlPlane): string => new URL(url).port;

/** The API server as other machines reach it. */
const serverOf = (cluster: ControlPlane): string => `https://${controlAddress}:${portOf(cluster)}`;
