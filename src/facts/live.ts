import type { FactFailure, FactNeeds, Gather, Gathered, ReviewAttributes } from '../decide/facts.ts';
import type { AccessReviewFact, ClusterFact, Facts, RequestInput } from '../decide/input.ts';
import type { ReviewSpec, ReviewStatus } from '../kube/calls.ts';
import { explain } from '../kube/explain.ts';
import { KubeError } from '../kube/errors.ts';
import type { LiveClaims } from './live-claims.ts';
import type { NodeObject } from '../kube/objects.ts';
import type { AddressCap } from './node.ts';
import { missingNode, nodeFact, nodeNameOf } from './node.ts';

/** Where live facts come from. */
export interface LiveSources {
  /** Reads the Node anew; undefined when there is none. */
  readonly getNode: (name: string) => Promise<NodeObject | undefined>;
  readonly reviewAccess: (spec: ReviewSpec) => Promise<ReviewStatus>;
  readonly cluster: { get: () => Promise<ClusterFact> };
  readonly claims: LiveClaims;
  readonly cap: AddressCap;
}

/** Asks the API server, everything at once. A source that fails is a failure of its fact, and of no other. */
export function liveGather(sources: LiveSources): Gather {
  return async (needs, request) => {
    const failures: FactFailure[] = [];
    const obtain = async <T>(fact: string, source: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await source();
      } catch (cause) {
        failures.push(failure(fact, cause));
        return undefined;
      }
    };
    const [sar, node, cluster] = await Promise.all([
      reviewAll(needs, request, sources, obtain),
      needs.node || needs.claims ? obtain('node', () => readNode(request, sources)) : undefined,
      needs.cluster ? obtain('cluster', () => sources.cluster.get()) : undefined,
    ]);
    const facts: Facts = {};
    if (sar !== undefined) facts.sar = sar;
    if (needs.node && node !== undefined) facts.node = node.fact;
    if (cluster !== undefined) facts.cluster = cluster;
    if (needs.claims && node !== undefined) {
      const claims = await obtain('claims', async () => {
        await sources.claims.caughtUp(node.resourceVersion);
        return sources.claims.claimsOf(request.sans);
      });
      if (claims !== undefined) facts.claims = claims;
    }
    const sorted = failures.sort((a, b) => (a.fact < b.fact ? -1 : 1));
    return { facts, failures: sorted } satisfies Gathered;
  };
}

/** Reads the requestor's Node with a quorum read: what a policy approves on must be what is stored now. */
async function readNode(request: RequestInput, sources: LiveSources) {
  const name = nodeNameOf(request.requestor.username);
  const node = name === undefined ? undefined : await sources.getNode(name);
  if (node === undefined) return { fact: missingNode(name ?? ''), resourceVersion: undefined };
  return { fact: nodeFact(node, sources.cap), resourceVersion: node.metadata.resourceVersion };
}

async function reviewAll(
  needs: FactNeeds,
  request: RequestInput,
  sources: LiveSources,
  obtain: <T>(fact: string, source: () => Promise<T>) => Promise<T | undefined>,
): Promise<Record<string, AccessReviewFact> | undefined> {
  const names = Object.keys(needs.sar);
  if (names.length === 0) return undefined;
  const results: Record<string, AccessReviewFact> = {};
  await Promise.all(
    Object.entries(needs.sar).map(async ([name, attributes]) => {
      const review = await obtain(`sar.${name}`, () => reviewOne(attributes, request, sources));
      if (review !== undefined) results[name] = review;
    }),
  );
  return results;
}

async function reviewOne(
  attributes: ReviewAttributes,
  { requestor }: RequestInput,
  sources: LiveSources,
): Promise<AccessReviewFact> {
  const status = await sources.reviewAccess({
    user: requestor.username,
    uid: requestor.uid,
    groups: requestor.groups,
    extra: requestor.extra,
    resourceAttributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== '')),
  });
  // An authorizer that failed has not said no: the answer may be another one in a moment.
  if (!status.allowed && status.evaluationError !== '') {
    throw new Error(`the access review could not be evaluated: ${status.evaluationError}`);
  }
  return { allowed: status.allowed, denied: status.denied, reason: status.reason };
}

function failure(fact: string, cause: unknown): FactFailure {
  const retryAfterSeconds = cause instanceof KubeError ? cause.retryAfterSeconds : undefined;
  const message = explain(cause);
  return retryAfterSeconds === undefined ? { fact, message } : { fact, message, retryAfterSeconds };
}
