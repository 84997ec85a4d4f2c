import { kubeletOf, type NodeKubelet } from '../audit/node-kubelet.ts';
import { PendingThen } from '../audit/pending.ts';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import type { Gather } from '../decide/facts.ts';
import { readRequest } from '../decide/request.ts';
import { ClaimsIndex, nodeClaims } from '../facts/claims.ts';
import { liveGather } from '../facts/live.ts';
import { CSR_PATH, NODE_PATH } from '../kube/calls.ts';
import type { KubeClient } from '../kube/client.ts';
import { isExpired } from '../kube/errors.ts';
import { listPages } from '../kube/list.ts';
import { asNode, asObject } from '../kube/objects.ts';
import { clusterSources, listTimeoutMs } from './cluster-facts.ts';

/** So often a list may be begun anew; each goes on for five minutes at least. */
const mostLists = 20;

/**
 * Every request of a signer, page by page. A list's place is forgotten when etcd compacts, after five minutes, and judging
 * may take longer: it is then begun anew, and what has been seen is passed by.
 */
export async function* requestsOf(
  client: KubeClient,
  signer: string,
): AsyncGenerator<readonly unknown[], void, undefined> {
  const seen = new Set<string>();
  const options = { timeoutMs: listTimeoutMs, query: { fieldSelector: `spec.signerName=${signer}` } };
  for (let lists = 1; ; lists += 1) {
    try {
      for await (const page of listPages(client, CSR_PATH, options)) {
        const fresh = page.filter((item) => !seen.has(asObject(item).metadata.uid));
        for (const item of fresh) seen.add(asObject(item).metadata.uid);
        yield fresh;
      }
      return;
    } catch (cause) {
      if (!isExpired(cause) || lists >= mostLists) throw cause;
    }
  }
}

/** The facts of a live cluster, and where its kubelets are. */
export interface ClusterView {
  readonly gather: Gather;
  readonly kubelets: readonly NodeKubelet[];
}

/** Listed once for all: who claims which address, where the kubelets are, and which requests were pending when. */
export async function viewCluster(
  client: KubeClient,
  policies: Policies,
  config: Config,
): Promise<ClusterView> {
  const sources = clusterSources(client, config);
  const claims = new ClaimsIndex();
  const kubelets: NodeKubelet[] = [];
  for await (const page of listPages(client, NODE_PATH, { timeoutMs: listTimeoutMs })) {
    for (const node of page) {
      claims.upsert(nodeClaims(asNode(node), sources.cap));
      kubelets.push(kubeletOf(node));
    }
  }
  const pending = new PendingThen();
  if ([...policies.signers.values()].some(({ needs }) => needs.pending)) {
    for (const signer of policies.signers.keys()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      for await (const page of requestsOf(client, signer)) {
        for (const item of page) {
          const request = readRequest(item);
          if (!('problem' in request)) pending.note(request);
        }
      }
    }
  }
  const gather = liveGather({
    ...sources,
    // Of one moment for all of them: an audit writes nothing that could be overtaken.
    claims: { caughtUp: () => Promise.resolve(), claimsOf: (sans) => claims.claimsOf(sans) },
    countPending: (request) => Promise.resolve(pending.at(request)),
  });
  return { gather, kubelets };
}
