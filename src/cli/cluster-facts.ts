import type { Config } from '../config/schema.ts';
import type { RequestInput } from '../decide/input.ts';
import { ClaimsIndex, nodeClaims } from '../facts/claims.ts';
import { ClusterCache, clusterFact } from '../facts/cluster.ts';
import { resolveNames } from '../facts/dns.ts';
import type { LiveSources } from '../facts/live.ts';
import { Lookups } from '../facts/lookups.ts';
import type { AddressCap } from '../facts/node.ts';
import * as calls from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { listPages } from '../kube/list.ts';
import { asNode } from '../kube/objects.ts';
import { getObject, objectPages } from '../kube/resources.ts';

/** Each fact has its own deadline, so that a slow one cannot hold a worker for long. */
export const factTimeout = { timeoutMs: 5_000, turn: 'waits' } as const;

/** The sources of facts that need no watch. */
export function clusterSources(
  client: KubeClient,
  config: Config,
): Omit<LiveSources, 'claims' | 'countPending'> {
  const lookups = new Lookups({
    get: (ref, name) => getObject(client, ref, name, factTimeout),
    pages: (ref, labelSelector) => objectPages(client, ref, labelSelector, factTimeout),
  });
  return {
    getNode: (name) => calls.getNode(client, name, factTimeout),
    reviewAccess: (spec) => calls.createSubjectAccessReview(client, spec, factTimeout),
    cluster: new ClusterCache(
      () => readCluster(client, config),
      () => performance.now(),
    ),
    findObjects: (query, request) => lookups.find(query, request),
    resolveNames: (names) => resolveNames(names, config.dns),
    cap: addressCap(config),
  };
}

export function addressCap({ limits }: Config): AddressCap {
  return { maxNodeAddresses: limits.maxNodeAddresses, exemptNodes: new Set(limits.exemptNodes) };
}

async function readCluster(client: KubeClient, config: Config) {
  const [service, endpointSlices, serviceCIDRs] = await Promise.all([
    calls.getService(client, 'default', 'kubernetes', factTimeout),
    calls.listEndpointSlices(client, 'default', 'kubernetes', factTimeout),
    calls.listServiceCIDRs(client, factTimeout),
  ]);
  return clusterFact({ service, endpointSlices, serviceCIDRs }, config.cluster);
}

/** Claims from a list of all Nodes that is made when it is asked for: for one request, it is cheaper than a watch. */
export function listedClaims(client: KubeClient, cap: AddressCap): LiveSources['claims'] {
  const index = new ClaimsIndex();
  return {
    // Begun after the Node was read, so it has seen that.
    caughtUp: async () => {
      for await (const page of listPages(client, calls.NODE_PATH, { timeoutMs: listTimeoutMs })) {
        for (const node of page) index.upsert(nodeClaims(asNode(node), cap));
      }
    },
    claimsOf: (sans: RequestInput['sans']) => index.claimsOf(sans),
  };
}

/** A page of a long list takes a loaded server longer than other requests. */
export const listTimeoutMs = 60_000;
