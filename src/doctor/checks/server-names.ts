import { parseIP } from '../../csr/ip.ts';
import { escapeText } from '../../text/escape.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { ranges } from '../ranges.ts';
import { commandsFor, linesOf, type Reserved } from '../reserve.ts';
import { all, hint } from '../seen.ts';
import { command } from '../shell.ts';
import type { NodeState, Snapshot } from '../snapshot.ts';
import { listed } from '../words.ts';

/** Names and ranges that the floor keeps from nodes in every cluster (policies/floor, names.rego and addresses.rego). */
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

export function isKeptName(name: string): boolean {
  const labels = name.split('.');
  return labels[0] === 'kubernetes' || labels.includes('svc') || labels.at(-1) === 'localhost';
}

/** What the API server answers to, by all that shows it. */
function claimed({ serving, kubeadm }: Snapshot): { readonly names: string[]; readonly addresses: string[] } {
  const certificate = hint(serving);
  const settings = hint(kubeadm);
  const texts = [
    ...(certificate?.dns ?? []),
    ...(certificate?.ip ?? []),
    ...(settings === undefined ? [] : [hostOf(settings.controlPlaneEndpoint), ...settings.certSANs]),
  ].filter((text) => text !== '');
  const addresses = texts.flatMap((text) => parseIP(text) ?? []);
  const names = texts.filter((text) => parseIP(text) === undefined).map((text) => text.toLowerCase());
  return { names: [...new Set(names)].sort(), addresses: [...new Set(addresses)].sort() };
}

/** `HOST`, `HOST:PORT` or `[IPv6]:PORT` */
const hostOf = (endpoint: string): string =>
  parseIP(endpoint) ?? endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

export const serverNames: Check = {
  name: 'ServerNames',
  group: 'Reserved names',
  asks: 'Are all names and addresses of the API server kept from nodes?',
  faults: {
    ServerNamesNotReserved: {
      severity: 'warning',
      why: 'Clients take whoever has a certificate for such a name for the API server. A node that lists it in its status, and that no other Node lists, would get one.',
      mend: 'Add them to `cluster` of the configuration, in your overlay too: what is patched in the cluster lasts until it is applied again.',
    },
    ServerNameOfWorker: {
      severity: 'error',
      why: 'A Node without the control-plane label lists a name or an address of the API server: it is a control-plane node that lacks the label, or wants to be taken for the API server.',
      mend: 'Label the Node if it is a control-plane node; if it is not, treat it as compromised. Reserve the name in either case.',
    },
  },
  run: (snapshot) => {
    const { cluster, nodes, serving, config } = snapshot;
    const parts = all(cluster, nodes, config);
    if ('unseen' in parts) return [unknown(parts.unseen)];
    if ('unseen' in serving) return [unknown(serving.unseen)];
    const [fact, list, configured] = parts.value;
    const reservedNames = new Set(fact.api_names.map((name) => name.toLowerCase()));
    const reservedAddresses = new Set(fact.api_addresses);
    const inRange = ranges([...fact.service_cidrs, ...fact.pod_cidrs]);
    const { names, addresses } = claimed(snapshot);
    const open = {
      apiNames: names.filter((name) => !isKeptName(name) && !isWild(name) && !reservedNames.has(name)),
      apiAddresses: addresses.filter(
        (address) => !keptRanges(address) && !inRange(address) && !reservedAddresses.has(address),
      ),
    };
    const holders = holdersOf(list, [...names.filter((name) => !isKeptName(name)), ...addresses]);
    const results = holders.workers.map(({ node, text }) =>
      fault('ServerNameOfWorker', `Node ${escapeText(node)} lists ${escapeText(text)}`, [
        command('kubectl', 'label', 'node', '--', node, 'node-role.kubernetes.io/control-plane='),
      ]),
    );
    const added: Reserved = {
      apiNames: open.apiNames.filter((name) => !holders.controlPlane.has(name)),
      apiAddresses: open.apiAddresses.filter((address) => !holders.controlPlane.has(address)),
    };
    return [...results, ...unreserved(added, configured, snapshot), ...fine(results, added, snapshot)];
  },
};

/** No certificate of a node has a wildcard: the floor refuses it. */
const isWild = (name: string): boolean => name.startsWith('*.');

/** Which Nodes list what the API server answers to. A control-plane node may: it is the same machine. */
function holdersOf(nodes: readonly NodeState[], texts: readonly string[]) {
  const wanted = new Set(texts);
  const controlPlane = new Set<string>();
  const workers: { readonly node: string; readonly text: string }[] = [];
  for (const { name: node, addresses, controlPlane: isControlPlane } of nodes) {
    for (const text of new Set([node, ...addresses].map((one) => parseIP(one) ?? one.toLowerCase()))) {
      if (!wanted.has(text)) continue;
      if (isControlPlane) controlPlane.add(text);
      else workers.push({ node, text });
    }
  }
  return { controlPlane, workers };
}

function unreserved(
  added: Reserved,
  configured: Parameters<typeof linesOf>[0],
  snapshot: Snapshot,
): Result[] {
  const used = Object.fromEntries(Object.entries(added).filter(([, values]) => values.length > 0));
  const texts = Object.values(used).flat();
  if (texts.length === 0) return [];
  return [
    fault(
      'ServerNamesNotReserved',
      `the API server answers to ${listed(texts)}; ${escapeText(configured.where)} should have ${escapeText(linesOf(configured, used), 2048)}`,
      commandsFor(configured, used, snapshot.target, hint(snapshot.own)),
    ),
  ];
}

function fine(others: readonly Result[], added: Reserved, { serving }: Snapshot): Result[] {
  const isClean = others.length === 0 && Object.values(added).every((values) => values.length === 0);
  const certificate = hint(serving);
  const total = (certificate?.dns.length ?? 0) + (certificate?.ip.length ?? 0);
  return isClean
    ? [
        ok(
          `all ${String(total)} names and addresses of its certificate are reserved, or of control-plane nodes`,
        ),
      ]
    : [];
}
