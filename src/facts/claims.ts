import type { ClaimFact, RequestInput } from '../decide/input.ts';
import type { NodeObject } from '../kube/objects.ts';
import type { AddressCap } from './node.ts';
import { claimKey, claimedAddresses } from './node.ts';

/** What the index keeps of a Node. */
export interface NodeClaims {
  readonly name: string;
  readonly keys: readonly string[];
}

/** How many claimants of one address a policy is shown. One other is enough to wait, the Node of that name above all. */
const maxClaimants = 16;

/**
 * Reduces a Node to what the index needs, so that 15,000 of them fit into little memory. The Node's name is its own even
 * where its status does not list it, or not yet: people and programs call the machine by it.
 */
export function nodeClaims(node: NodeObject, cap: AddressCap): NodeClaims {
  const { name } = node.metadata;
  const addresses = claimedAddresses(node, cap);
  return { name, keys: [...new Set([name, ...addresses.map(({ address }) => address)].map(claimKey))] };
}

/** Which Nodes list an address in their status, or are called so: the index from address to Nodes over all Nodes. */
export class ClaimsIndex {
  readonly #nodes = new Map<string, NodeClaims>();
  readonly #claimants = new Map<string, Set<string>>();

  get size(): number {
    return this.#nodes.size;
  }

  upsert(claims: NodeClaims): void {
    this.delete(claims.name);
    this.#nodes.set(claims.name, claims);
    for (const key of claims.keys) {
      const nodes = this.#claimants.get(key);
      if (nodes === undefined) this.#claimants.set(key, new Set([claims.name]));
      else nodes.add(claims.name);
    }
  }

  delete(name: string): void {
    const before = this.#nodes.get(name);
    if (before === undefined) return;
    this.#nodes.delete(name);
    for (const key of before.keys) {
      const nodes = this.#claimants.get(key);
      nodes?.delete(name);
      if (nodes?.size === 0) this.#claimants.delete(key);
    }
  }

  /** One entry for each name and address that the request asks for, in its order. */
  claimsOf(sans: Pick<RequestInput['sans'], 'dns' | 'ip'>): ClaimFact[] {
    const keys = new Set([...sans.dns, ...sans.ip].map(claimKey));
    return [...keys].map((address) => ({
      address,
      nodes: shown(address, [...(this.#claimants.get(address) ?? [])]),
    }));
  }
}

/** Sorted; whose own name it is comes before any that only list it, however many they are and whatever they are called. */
function shown(address: string, nodes: readonly string[]): string[] {
  const owners = nodes.filter((name) => claimKey(name) === address);
  const others = nodes.filter((name) => claimKey(name) !== address).sort();
  return [...owners, ...others].slice(0, maxClaimants).sort();
}
