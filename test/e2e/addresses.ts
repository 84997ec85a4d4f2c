import type { NodeAddress } from '../support/simulated-node.ts';
import type { Node, World } from './world.ts';

/** What every worker has. */
export const ownAddresses = ({ name, address }: Node): NodeAddress[] => [
  { type: 'InternalIP', address },
  { type: 'Hostname', address: name },
];

/** An address of the documentation's range, as a cloud would give one (RFC 5737). */
const external = (number: number): string => `203.0.113.${number}`;

let given = 0;

/** Plays the cloud's controller, the owner of a worker's addresses: gives it one more; returns that. */
export async function addAddress(world: World, node: Node): Promise<string> {
  const address = external(++given);
  await setAddresses(world, node, [...ownAddresses(node), { type: 'ExternalIP', address }]);
  return address;
}

export async function setAddresses(
  { cluster }: World,
  node: Node,
  addresses: readonly NodeAddress[],
): Promise<void> {
  const patch = JSON.stringify({ status: { addresses } });
  await cluster.kubectl(['patch', 'node', node.name, '--subresource=status', '--type=merge', '-p', patch]);
}
