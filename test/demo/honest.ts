import { NODE_PATH } from '../../src/kube/calls.ts';
import { isStatus } from '../../src/kube/errors.ts';
import { asObject } from '../../src/kube/objects.ts';
import type { SimulatedNode } from '../support/simulated-node.ts';
import { approvalOf } from './approval.ts';
import { Deviation, expectThat } from './deviation.ts';
import { fileRequest, join, type Filed, type Scene } from './scene.ts';
import { seconds } from './screen.ts';

export const honestNodes = {
  'node-1': ['10.0.0.11'],
  'node-2': ['10.0.0.12'],
  'node-3': ['10.0.0.13', 'fd00::13'],
} as const;

/** What the project promises for a request that nothing speaks against. */
const promisedMs = 1000;

export interface Honest {
  readonly nodes: readonly SimulatedNode[];
  readonly filed: readonly Filed[];
}

export async function honestNodesJoin(scene: Scene): Promise<Honest> {
  const { screen } = scene.stage;
  const started = performance.now();
  const nodes = await screen.during('nodes join', () =>
    Promise.all(Object.entries(honestNodes).map(([name, ips]) => join(scene, name, ips))),
  );
  await expectNodeRestriction(nodes);
  screen.done(
    `${nodes.map(({ name }) => name).join(', ')} registered their addresses; NodeRestriction forbids node-1 to write those of node-2`,
    performance.now() - started,
  );

  const filed = await screen.during('requests', () =>
    Promise.all(nodes.map((node) => fileRequest(node, [node.name], ipsOf(node)))),
  );
  let latestMs = 0;
  for (const request of filed) {
    const { approvedMs, issuedMs } = await screen.during(`${request.node} waits for its certificate`, () =>
      approvalOf(scene, request, 10_000),
    );
    expectThat(
      approvedMs < promisedMs,
      `${request.csr.metadata.name} of ${request.node} was approved after ${seconds(approvedMs)}; promised is less than 1 s`,
    );
    screen.done(`${request.node} asks for ${request.sans.join(', ')}: approved`, approvedMs);
    latestMs = Math.max(latestMs, issuedMs);
  }
  screen.done(
    "the controller manager issued all three; each is signed by the cluster's CA, valid now, for serving, for its node's key, and names the node and those addresses alone",
    latestMs,
  );
  return { nodes, filed };
}

export function ipsOf(node: SimulatedNode): readonly string[] {
  const ips = Object.entries(honestNodes).find(([name]) => name === node.name);
  return ips?.[1] ?? [];
}

/** Else the attackers could simply rewrite their victims' Nodes, and the demo would prove nothing. */
async function expectNodeRestriction([first, second]: readonly SimulatedNode[]): Promise<void> {
  if (first === undefined || second === undefined) throw new TypeError('two nodes are needed');
  const path = `${NODE_PATH}/${second.name}`;
  const node = asObject(await second.client.get(path));
  try {
    await first.client.put(`${path}/status`, { ...node, status: { addresses: [] } });
  } catch (error) {
    if (isStatus(error, 403)) return;
    throw error;
  }
  throw new Deviation(`${first.name} could write the status of ${second.name}: NodeRestriction is off`);
}
