import { parseIP } from '../csr/ip.ts';
import { ranges } from './ranges.ts';
import { hint } from './seen.ts';
import type { NodeState, Snapshot } from './snapshot.ts';

/** What the API server answers to, and which Nodes say that they do too. */

/** Ranges that the floor keeps from nodes in every cluster (policies/floor, addresses.rego). */
const keptRanges = ranges([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '::/8',
  'fe80::/10',
  'ff00::/8',
]);

/** Names that it keeps (names.rego); and no certificate of a node has a wildcard. */
function isKeptName(name: string): boolean {
  const labels = name.split('.');
  return (
    labels[0] === 'kubernetes' || labels[0] === '*' || labels.includes('svc') || labels.at(-1) === 'localhost'
  );
}

export interface Identity {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** By its certificate and by kubeadm, without what no node gets anyhow. */
export function identityOf({ serving, kubeadm }: Pick<Snapshot, 'serving' | 'kubeadm'>): Identity {
  const certificate = hint(serving);
  const settings = hint(kubeadm);
  const texts = [
    ...(certificate?.dns ?? []),
    ...(certificate?.ip ?? []),
    ...(settings === undefined ? [] : [hostOf(settings.controlPlaneEndpoint), ...settings.certSANs]),
  ].filter((text) => text !== '');
  const addresses = texts.flatMap((text) => parseIP(text) ?? []).filter((address) => !keptRanges(address));
  const names = texts.filter((text) => parseIP(text) === undefined).map((text) => text.toLowerCase());
  return {
    names: [...new Set(names)].filter((name) => !isKeptName(name)).sort(),
    addresses: [...new Set(addresses)].sort(),
  };
}

/** `HOST`, `HOST:PORT` or `[IPv6]:PORT` */
const hostOf = (endpoint: string): string =>
  parseIP(endpoint) ?? endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

export interface Holders {
  /** What control-plane nodes list: they are the same machines. */
  readonly controlPlane: ReadonlySet<string>;
  readonly workers: readonly { readonly node: string; readonly text: string }[];
}

export function holdersOf(nodes: readonly NodeState[], { names, addresses }: Identity): Holders {
  const wanted = new Set([...names, ...addresses]);
  const controlPlane = new Set<string>();
  const workers: { readonly node: string; readonly text: string }[] = [];
  for (const { name: node, addresses: listed, controlPlane: isControlPlane } of nodes) {
    for (const text of new Set([node, ...listed].map((one) => parseIP(one) ?? one.toLowerCase()))) {
      if (!wanted.has(text)) continue;
      if (isControlPlane) controlPlane.add(text);
      else workers.push({ node, text });
    }
  }
  return { controlPlane, workers };
}
