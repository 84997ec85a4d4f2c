import { type FactFailure, type FactNeeds, type Gather, missingFacts, selectFacts } from '../decide/facts.ts';
import type { AccessReviewFact, ClusterFact, Facts, PendingFact, RequestInput } from '../decide/input.ts';
import { ClaimsIndex, nodeClaims } from './claims.ts';
import type { NodeObject } from '../kube/objects.ts';
import { messageOf } from '../text/message.ts';
import type { AddressCap } from './node.ts';
import { missingNode, nodeFact, nodeOf } from './node.ts';

/** What an offline command was told about the cluster. What it was not told is a failure, never a guess. */
export interface OfflineFacts {
  /** Every Node of the cluster, from `--nodes`: the facts `node` and `claims`. */
  readonly nodes: readonly NodeObject[] | undefined;
  /** From `--cluster`. */
  readonly cluster: ClusterFact | undefined;
  /** Access reviews by name, from `--assume`. */
  readonly sar: Readonly<Record<string, AccessReviewFact>>;
  /** Counts pending requests, where `--facts` does not. */
  readonly countPending?: (request: RequestInput) => PendingFact;
  /** Any facts, from `--facts`. */
  readonly given?: Facts;
  readonly cap: AddressCap;
}

/** Answers from files and assumptions instead of the API server. */
export function offlineGather(known: OfflineFacts): Gather {
  const { nodes, cluster, given = {}, cap } = known;
  const claims = new ClaimsIndex();
  for (const node of nodes ?? []) claims.upsert(nodeClaims(node, cap));
  return (needs, request) => {
    const problems: FactFailure[] = [];
    const pending = given.pending ?? known.countPending?.(request);
    const all: Facts = { ...given, ...(pending && { pending }), sar: { ...given.sar, ...known.sar } };
    if (cluster !== undefined) all.cluster = cluster;
    if (nodes !== undefined) {
      all.claims = claims.claimsOf(request.sans);
      try {
        all.node = findNode(request, nodes, cap);
      } catch (cause) {
        problems.push({ fact: 'node', message: messageOf(cause) });
      }
    }
    const facts = selectFacts(needs, all);
    const unknown = missingFacts(needs, facts).filter((fact) => !problems.some((one) => one.fact === fact));
    const failures = unknown.map((fact) => ({
      fact,
      message: `not given: supply it with ${optionFor(fact)}`,
    }));
    return Promise.resolve({ facts, failures: [...problems.filter(isAsked(needs)), ...failures] });
  };
}

/** Answers from the facts that a captured document holds. */
export function capturedGather(captured: Facts): Gather {
  return (needs) => {
    const message = 'not in the document: capture it again, with this policy';
    const failures = missingFacts(needs, captured).map((fact) => ({ fact, message }));
    return Promise.resolve({ facts: selectFacts(needs, captured), failures });
  };
}

function isAsked(needs: FactNeeds) {
  return ({ fact }: FactFailure): boolean => fact !== 'node' || needs.node;
}

function optionFor(fact: string): string {
  if (fact.startsWith('sar.')) return `--assume ${fact}=allowed (or =denied), or --facts FILE`;
  if (fact === 'node' || fact === 'claims') return '--nodes FILE, or --facts FILE';
  return fact === 'cluster' ? '--cluster FILE, or --facts FILE' : '--facts FILE';
}

function findNode(request: RequestInput, nodes: readonly NodeObject[], cap: AddressCap) {
  const name = nodeOf(request);
  const node = name === undefined ? undefined : nodes.find((candidate) => candidate.metadata.name === name);
  return node === undefined ? missingNode(name ?? '') : nodeFact(node, cap);
}
