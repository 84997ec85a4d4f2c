import { loadBundle, sourceOf } from '../../../src/activation/load.ts';
import { openSource } from '../../../src/bundle/sources/open.ts';
import { addressCap } from '../../../src/cli/cluster-facts.ts';
import type { Config } from '../../../src/config/schema.ts';
import { decide, decodeDocument } from '../../../src/decide/decide.ts';
import type { Facts } from '../../../src/decide/input.ts';
import type { Verdict } from '../../../src/decide/verdict.ts';
import { clusterFact } from '../../../src/facts/cluster.ts';
import { offlineGather } from '../../../src/facts/offline.ts';
import { asNode } from '../../../src/kube/objects.ts';
import type { BadRequest } from './requests.ts';

const now = new Date('2026-11-22T06:00:01Z');
const createdAt = '2026-11-22T05:00:00Z';

/** The control plane of the cluster in question; the configuration adds to it, as in the running program. */
const control = {
  service: { spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] } },
  endpointSlices: [{ endpoints: [{ addresses: ['192.0.2.10'] }] }],
  serviceCIDRs: [{ spec: { cidrs: ['10.96.0.0/16'] } }],
} as const;

/**
 * Decides requests as the program would with that configuration.
 * @throws PolicyError when the program would not start
 */
export async function decideAll(config: Config, requests: readonly BadRequest[]): Promise<Verdict[]> {
  const { signal } = new AbortController();
  const fetched = await openSource(sourceOf(config)).fetch(undefined, signal);
  const { policies, close } = await loadBundle(config, fetched?.files ?? new Map(), signal);
  try {
    const verdicts: Verdict[] = [];
    for (const one of requests) {
      const gather = offlineGather(factsOf(one, config));
      // oxlint-disable-next-line no-await-in-loop -- one thread evaluates
      const { verdict } = await decide(one.request, gather, policies, { now, limits: config.limits });
      verdicts.push(verdict);
    }
    return verdicts;
  } finally {
    await close();
  }
}

export const defaultBundle = new URL('../../../dist/default.tar.gz', import.meta.url).pathname;

function factsOf({ request, node, access }: BadRequest, config: Config) {
  const document = decodeDocument(request, { now, limits: config.limits });
  const { dns = [], ip = [] } = 'reason' in document ? {} : document.sans;
  const asked = node === 'unlisted' ? [] : [...dns, ...ip];
  const addresses = [
    { type: 'Hostname', address: 'n1' },
    ...asked.map((address) => ({ type: ip.includes(address) ? 'ExternalIP' : 'ExternalDNS', address })),
  ];
  const metadata = { name: 'n1', uid: 'uid-n1', resourceVersion: '1', creationTimestamp: createdAt };
  const review = { allowed: access, denied: false, reason: '' };
  const given: Facts = {
    pending: { requestor: 1, cluster: 1, newer: false },
    lookups: { machine: { found: true, more: false, objects: [{ status: { addresses: asked } }] } },
    dns: dns.map((name) => ({ name, found: true, addresses: [...ip] })),
  };
  return {
    nodes: node === 'missing' ? [] : [asNode({ metadata, spec: {}, status: { addresses } })],
    cluster: clusterFact(control, config.cluster),
    sar: { selfnodeserver: review, nodeclient: review, selfnodeclient: review },
    given,
    cap: addressCap(config),
  };
}
