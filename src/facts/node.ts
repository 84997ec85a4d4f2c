import { parseIP } from '../csr/ip.ts';
import type { NodeFact, RequestInput } from '../decide/input.ts';
import { timestamp } from '../decide/document.ts';
import type { NodeObject } from '../kube/objects.ts';
import { isSubdomain } from '../text/names.ts';

export interface AddressCap {
  /** A Node that lists more is not trusted. Of its claims only so many count, the first. */
  readonly maxNodeAddresses: number;
  /** Names of Nodes for which the cap does not hold. */
  readonly exemptNodes: ReadonlySet<string>;
}

export interface NodeAddress {
  readonly type: string;
  readonly address: string;
}

/** No name and no address that a SAN can hold is longer (RFC 1035 section 2.3.4). */
const maxAddressLength = 253;

/**
 * The addresses of a Node as the kubelet would put them into its request: IPs in canonical text, and without what
 * it drops, an InternalIP or ExternalIP that is none (pkg/kubelet/certificate/kubelet.go).
 * @returns undefined when the Node lists more than the cap
 */
export function nodeAddresses(node: NodeObject, cap: AddressCap): readonly NodeAddress[] | undefined {
  return isOverCap(node, cap) ? undefined : usable(node.status.addresses);
}

/**
 * The addresses that no other Node gets. A Node over the cap keeps its first ones: it can keep others from no more than
 * any Node can, and one that really has so many must not lose them all to whoever lists them too.
 */
export function claimedAddresses(node: NodeObject, cap: AddressCap): readonly NodeAddress[] {
  const { addresses } = node.status;
  return usable(isOverCap(node, cap) ? addresses.slice(0, cap.maxNodeAddresses) : addresses);
}

function isOverCap({ metadata, status }: NodeObject, { maxNodeAddresses, exemptNodes }: AddressCap): boolean {
  return status.addresses.length > maxNodeAddresses && !exemptNodes.has(metadata.name);
}

function usable(listed: readonly NodeAddress[]): NodeAddress[] {
  return listed.flatMap(({ type, address }) => {
    if (address === '' || address.length > maxAddressLength) return [];
    const ip = parseIP(address);
    if (type === 'InternalIP' || type === 'ExternalIP')
      return ip === undefined ? [] : [{ type, address: ip }];
    // A Hostname that is an IP becomes an IP SAN; InternalDNS and ExternalDNS are names whatever they look like.
    if (type === 'Hostname' && ip !== undefined) return [{ type, address: ip }];
    return [{ type, address }];
  });
}

/**
 * How addresses and SANs are compared: IPs are canonical already, names without regard to case (RFC 4343) and to the dot
 * of an absolute name, which verifiers cut off.
 */
export function claimKey(address: string): string {
  return address.toLowerCase().replace(/\.$/, '');
}

/**
 * Most text of a Node, in bytes. Annotations may have 256 KiB; nothing bounds labels and the rest but the size of an
 * object, and every evaluation would pay for them.
 */
const maxText = 512 * 1024;

/** @throws Error when the Node has more text than any honest one */
export function nodeFact(node: NodeObject, cap: AddressCap): NodeFact {
  const { metadata, spec } = node;
  const addresses = nodeAddresses(node, cap);
  const texts = [Object.entries(metadata.labels), Object.entries(metadata.annotations), spec.providerID];
  const given = [...texts, ...(addresses ?? []).map(({ type, address }) => [type, address])].flat(2);
  const bytes = given.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > maxText) {
    throw new Error(
      `Node ${metadata.name} has ${String(bytes)} bytes of labels, annotations and the like, more than ${String(maxText)}: remove what is not needed`,
    );
  }
  return {
    found: true,
    name: metadata.name,
    uid: metadata.uid,
    created_at: timeText(metadata.creationTimestamp),
    deleting: metadata.deletionTimestamp !== undefined,
    addresses: (addresses ?? []).map(({ type, address }) => ({ type, address })),
    addresses_over_cap: addresses === undefined,
    labels: { ...metadata.labels },
    annotations: { ...metadata.annotations },
    provider_id: spec.providerID,
  };
}

/** What policies see of a Node that does not exist. */
export function missingNode(name: string): NodeFact {
  return {
    found: false,
    name,
    uid: '',
    created_at: '',
    deleting: false,
    addresses: [],
    addresses_over_cap: false,
    labels: {},
    annotations: {},
    provider_id: '',
  };
}

/** Empty when there is none or it is no time: a policy then cannot find it earlier than anything. */
function timeText(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : timestamp(date);
}

const nodeUserPrefix = 'system:node:';

/**
 * Name of the Node that a user is, or undefined when it is none. The name goes into a request path: only a
 * DNS-1123 subdomain, which every Node name is, passes.
 */
export function nodeNameOf(username: string): string | undefined {
  if (!username.startsWith(nodeUserPrefix)) return undefined;
  const name = username.slice(nodeUserPrefix.length);
  return isSubdomain(name) ? name : undefined;
}

/**
 * Name of the node that a request is about: the requestor, or, where that is none, such as the user of a bootstrap token,
 * the one that it asks a client certificate for.
 */
export function nodeOf({ requestor, subject }: Pick<RequestInput, 'requestor' | 'subject'>) {
  const { username } = requestor;
  return nodeNameOf(username.startsWith(nodeUserPrefix) ? username : subject.common_name);
}

/** The user that a Node's kubelet authenticates as (Node authorizer). */
export function nodeUser(name: string): string {
  return nodeUserPrefix + name;
}
