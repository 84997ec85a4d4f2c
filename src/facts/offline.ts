import type { FactFailure, FactNeeds, Gather } from '../decide/facts.ts';
import type { AccessReviewFact, ClusterFact, Facts } from '../decide/input.ts';
import { ClaimsIndex, nodeClaims } from './claims.ts';
import type { NodeObject } from '../kube/objects.ts';
import type { AddressCap } from './node.ts';
import { missingNode, nodeFact, nodeNameOf } from './node.ts';

/** What an offline command was told about the cluster. What it was not told is a failure, never a guess. */
export interface OfflineFacts {
  /** Every Node of the cluster, from `--nodes`. */
  readonly nodes: readonly NodeObject[] | undefined;
  /** From `--cluster`. */
  readonly cluster: ClusterFact | undefined;
  /** Access reviews by name, from `--assume`. */
  readonly sar: Readonly<Record<string, AccessReviewFact>>;
  readonly cap: AddressCap;
}

/** Answers from files and assumptions instead of the API server. */
export function offlineGather(known: OfflineFacts): Gather {
  const claims = new ClaimsIndex();
  for (const node of known.nodes ?? []) claims.upsert(nodeClaims(node, known.cap));
  return (needs, request) => {
    const failures: FactFailure[] = [];
    const facts: Facts = {};
    const missing = (fact: string, option: string) => {
      failures.push({ fact, message: `not given: supply it with ${option}` });
    };
    if (Object.keys(needs.sar).length > 0) facts.sar = reviews(needs, known.sar, missing);
    if (needs.node) {
      if (known.nodes === undefined) missing('node', '--nodes FILE');
      else facts.node = findNode(request.requestor.username, known.nodes, known.cap);
    }
    if (needs.claims) {
      if (known.nodes === undefined) missing('claims', '--nodes FILE');
      else facts.claims = claims.claimsOf(request.sans);
    }
    if (needs.cluster) {
      if (known.cluster === undefined) missing('cluster', '--cluster FILE');
      else facts.cluster = known.cluster;
    }
    return Promise.resolve({ facts, failures });
  };
}

function reviews(
  needs: FactNeeds,
  assumed: OfflineFacts['sar'],
  missing: (fact: string, option: string) => void,
): Record<string, AccessReviewFact> {
  const results: Record<string, AccessReviewFact> = {};
  for (const name of Object.keys(needs.sar)) {
    const review = Object.hasOwn(assumed, name) ? assumed[name] : undefined;
    if (review === undefined) missing(`sar.${name}`, `--assume sar.${name}=allowed (or =denied)`);
    else results[name] = review;
  }
  return results;
}

function findNode(username: string, nodes: readonly NodeObject[], cap: AddressCap) {
  const name = nodeNameOf(username);
  const node = name === undefined ? undefined : nodes.find((candidate) => candidate.metadata.name === name);
  return node === undefined ? missingNode(name ?? '') : nodeFact(node, cap);
}
