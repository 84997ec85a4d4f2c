import type { CaseFile, World } from './case.ts';

type Json = Record<string, unknown>;
type NodeFact = ReturnType<typeof nodesOf>[number];

/** Makes the input document of a case, with the facts that the program would gather in that world. */
export function documentOf(world: World, { as, listed, listed_ip: listedIp, ...rest }: CaseFile): Json {
  const request = structuredClone(world.request);
  if (as !== undefined) {
    change(request, {
      'requestor.username': `system:node:${as}`,
      'subject.common_name': `system:node:${as}`,
    });
  }
  if (listed !== undefined) change(request, { 'sans.dns': [listed] });
  if (listedIp !== undefined) change(request, { 'sans.ip': [listedIp] });
  change(request, rest.request ?? {});
  const nodes = nodesOf(world, rest.nodes ?? {});
  const own = nodes.find((node) => node.name === 'n1');
  if (listed !== undefined) own?.addresses.push({ type: 'ExternalDNS', address: listed });
  if (listedIp !== undefined) own?.addresses.push({ type: 'ExternalIP', address: listedIp });
  const document: Json = {
    ...request,
    sar: structuredClone(world.sar),
    node: nodes.find((node) => `system:node:${node.name}` === at(request, 'requestor.username')) ?? noNode,
    claims: claimsOf(request, nodes),
    cluster: structuredClone(world.cluster),
    pending: structuredClone(world.pending),
    lookups: structuredClone(world.lookups),
  };
  change(document, rest.facts ?? {});
  return document;
}

function nodesOf(world: World, changed: NonNullable<CaseFile['nodes']>) {
  const added = Object.keys(changed).filter((name) => world.nodes[name] === undefined);
  return [...Object.keys(world.nodes), ...added].map((name) => ({
    found: true,
    name,
    uid: `uid-of-${name}`,
    created_at: '2026-11-22T05:00:00Z',
    deleting: false,
    addresses_over_cap: false,
    labels: world.labels[name] ?? {},
    annotations: {},
    provider_id: '',
    ...changed[name],
    addresses: structuredClone(changed[name]?.addresses ?? world.nodes[name] ?? []),
  }));
}

const noNode = {
  found: false,
  name: '',
  uid: '',
  created_at: '',
  deleting: false,
  addresses: [],
  addresses_over_cap: false,
  labels: {},
  annotations: {},
  provider_id: '',
};

/** Which Nodes list each requested name and address, or are called so. */
function claimsOf(request: Json, nodes: readonly NodeFact[]): unknown[] {
  const texts = ['sans.dns', 'sans.ip']
    .flatMap((path) => (at(request, path) ?? []) as unknown[])
    .filter((san) => typeof san === 'string')
    .map((san) => san.toLowerCase());
  return [...new Set(texts)].map((text) => ({
    address: text,
    nodes: nodes
      .filter((node) => node.name === text || lists(node, text))
      .map((node) => node.name)
      .sort(),
  }));
}

function lists({ addresses }: NodeFact, text: string): boolean {
  return addresses.some((entry) => entry.address.toLowerCase() === text);
}

function at(value: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as Json | undefined)?.[key], value);
}

/** Sets or, with null, removes members by dotted path. A path whose parent is not there is a mistake. */
function change(document: Json, values: Json): void {
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.length === 0 ? document : at(document, keys.join('.'));
    if (typeof parent !== 'object' || parent === null) throw new TypeError(`${path}: nothing to change`);
    if (value === null) delete (parent as Json)[last];
    else (parent as Json)[last] = value;
  }
}
