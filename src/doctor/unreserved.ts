import { ranges, within } from './ranges.ts';
import { all, hint } from './seen.ts';
import { holdersOf, identityOf } from './server-identity.ts';
import type { Snapshot } from './snapshot.ts';

/** Fields of `cluster` of the configuration: lists that only ever add to what no node gets. */
export interface Reserved {
  readonly apiNames: readonly string[];
  readonly apiAddresses: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly podCIDRs: readonly string[];
}

/** Everything that should be reserved and is not, as far as it can be seen. */
export function unreserved(snapshot: Snapshot): Reserved {
  return {
    ...unreservedNames(snapshot),
    serviceCIDRs: unreservedServiceRanges(snapshot),
    podCIDRs: podRangesOf(snapshot).open,
  };
}

function unreservedNames(snapshot: Snapshot): Pick<Reserved, 'apiNames' | 'apiAddresses'> {
  const parts = all(snapshot.cluster, snapshot.nodes);
  if ('unseen' in parts) return { apiNames: [], apiAddresses: [] };
  const [{ api_names, api_addresses, service_cidrs, pod_cidrs }, nodes] = parts.value;
  const names = new Set(api_names.map((name) => name.toLowerCase()));
  const addresses = new Set(api_addresses);
  const inRange = ranges([...service_cidrs, ...pod_cidrs]);
  const identity = identityOf(snapshot);
  const { controlPlane } = holdersOf(nodes, identity);
  return {
    apiNames: identity.names.filter((name) => !names.has(name) && !controlPlane.has(name)),
    apiAddresses: identity.addresses.filter(
      (address) => !addresses.has(address) && !inRange(address) && !controlPlane.has(address),
    ),
  };
}

function unreservedServiceRanges({
  hasServiceCIDRs,
  config,
  kubeadm,
  apiServers,
}: Snapshot): readonly string[] {
  const known = hint(config)?.config.cluster.serviceCIDRs ?? [];
  if (hint(hasServiceCIDRs) !== false || known.length > 0) return [];
  return (
    split(hint(kubeadm)?.serviceSubnet ?? '') ?? split(flagOf(apiServers, 'service-cluster-ip-range')) ?? []
  );
}

/** Where pods have their addresses, as far as anybody says, and it is not reserved. */
export function podRangesOf({ kubeadm, controllerManagers, nodes, cluster }: Snapshot): {
  readonly open: readonly string[];
  /** The same, where a node is in one of them: to reserve them would refuse it. */
  readonly shared: readonly string[];
} {
  const list = hint(nodes) ?? [];
  const named = [
    ...(split(hint(kubeadm)?.podSubnet ?? '') ?? []),
    ...(split(flagOf(controllerManagers, 'cluster-cidr')) ?? []),
  ];
  const ofNodes = list.flatMap(({ podCIDRs }) => podCIDRs).filter(outside(named));
  const reserved = hint(cluster)?.pod_cidrs ?? [];
  const missing = [...new Set([...named, ...ofNodes])].filter(outside(reserved)).sort();
  const holds = ranges(missing);
  const isShared = list.some(({ addresses }) => addresses.some(holds));
  return isShared ? { open: [], shared: missing } : { open: missing, shared: [] };
}

/** Ranges that lie in none of some others. */
function outside(others: readonly string[]): (range: string) => boolean {
  const isWithin = within(others);
  return (range) => !isWithin(range);
}

/** Of two families, with a comma; undefined for none. */
function split(text: string): readonly string[] | undefined {
  const parts = text.split(',').filter((part) => part !== '');
  return parts.length === 0 ? undefined : parts;
}

const flagOf = (components: Snapshot['apiServers'], name: string): string =>
  hint(components)
    ?.map(({ flags }) => flags.get(name) ?? '')
    .find((value) => value !== '') ?? '';
