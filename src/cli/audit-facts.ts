import type { AuditSources } from '../audit/audit.ts';
import { PendingThen } from '../audit/pending.ts';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import type { Gather } from '../decide/facts.ts';
import { readRequest } from '../decide/request.ts';
import { ClaimsIndex, nodeClaims } from '../facts/claims.ts';
import { liveGather } from '../facts/live.ts';
import { CSR_PATH, NODE_PATH } from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { listPages } from '../kube/list.ts';
import { asNode } from '../kube/objects.ts';
import { clusterSources, listTimeoutMs } from './cluster-facts.ts';

type Lists = Pick<AuditSources, 'requests' | 'nodes'>;

/** Every request of a signer, and every Node, page by page. */
export function clusterLists(client: KubeClient): Lists {
  const timeoutMs = listTimeoutMs;
  return {
    requests: (signer) =>
      listPages(client, CSR_PATH, { timeoutMs, query: { fieldSelector: `spec.signerName=${signer}` } }),
    nodes: () => listPages(client, NODE_PATH, { timeoutMs }),
  };
}

/** The facts of a live cluster. Listed once for all: who claims which address, and which requests were pending when. */
export async function auditGather(
  client: KubeClient,
  policies: Policies,
  lists: Lists,
  config: Config,
): Promise<Gather> {
  const sources = clusterSources(client, config);
  const claims = new ClaimsIndex();
  for await (const page of lists.nodes()) {
    for (const node of page) claims.upsert(nodeClaims(asNode(node), sources.cap));
  }
  const pending = new PendingThen();
  if ([...policies.signers.values()].some(({ needs }) => needs.pending)) {
    for (const signer of policies.signers.keys()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      for await (const page of lists.requests(signer)) {
        for (const item of page) {
          const request = readRequest(item);
          if (!('problem' in request)) pending.note(request);
        }
      }
    }
  }
  return liveGather({
    ...sources,
    // Of one moment for all of them: an audit writes nothing that could be overtaken.
    claims: { caughtUp: () => Promise.resolve(), claimsOf: (sans) => claims.claimsOf(sans) },
    countPending: (request) => Promise.resolve(pending.at(request)),
  });
}
