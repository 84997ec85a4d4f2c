import type {
  FactFailure,
  FactNeeds,
  Gather,
  Gathered,
  LookupQuery,
  ReviewAttributes,
} from '../decide/facts.ts';
import type {
  AccessReviewFact,
  ClusterFact,
  Facts,
  LookupFact,
  PendingFact,
  RequestInput,
  ResolutionFact,
} from '../decide/input.ts';
import type { ReviewSpec, ReviewStatus } from '../kube/calls.ts';
import { explain } from '../kube/explain.ts';
import { KubeError } from '../kube/errors.ts';
import type { LiveClaims } from './live-claims.ts';
import type { NodeObject } from '../kube/objects.ts';
import type { AddressCap } from './node.ts';
import { missingNode, nodeFact, nodeOf } from './node.ts';

/** Where live facts come from. Each bounds its own time. */
export interface LiveSources {
  /** Reads the Node anew; undefined when there is none. */
  readonly getNode: (name: string) => Promise<NodeObject | undefined>;
  readonly reviewAccess: (spec: ReviewSpec) => Promise<ReviewStatus>;
  readonly cluster: { get: () => Promise<ClusterFact> };
  readonly claims: Pick<LiveClaims, 'caughtUp' | 'claimsOf'>;
  readonly findObjects: (query: LookupQuery, request: RequestInput) => Promise<LookupFact>;
  readonly resolveNames: (names: readonly string[]) => Promise<ResolutionFact[]>;
  readonly countPending: (request: RequestInput) => Promise<PendingFact>;
  readonly cap: AddressCap;
}

/** Runs a source of a fact; what it throws becomes a failure of that fact, and of no other. */
type Obtain = <T>(fact: string, source: () => Promise<T>) => Promise<T | undefined>;

/**
 * Asks everybody at once.
 * @param timed told of each fact, by its name, how long it took to be had or not
 */
export function liveGather(
  sources: LiveSources,
  timed: (fact: string, ms: number) => void = () => undefined,
): Gather {
  return async (needs, request) => {
    const failures: FactFailure[] = [];
    const obtain: Obtain = async (fact, source) => {
      const askedAt = performance.now();
      try {
        return await source();
      } catch (cause) {
        failures.push(failure(fact, cause));
        return undefined;
      } finally {
        timed(fact, performance.now() - askedAt);
      }
    };
    const [sar, read, cluster, lookups, dns, pending] = await Promise.all([
      obtainNamed('sar', needs.sar, (attributes) => reviewOne(attributes, request, sources), obtain),
      needs.node || needs.claims ? readAndClaim(needs, request, sources, obtain) : undefined,
      needs.cluster ? obtain('cluster', () => sources.cluster.get()) : undefined,
      obtainNamed('lookups', needs.lookups, (query) => sources.findObjects(query, request), obtain),
      needs.dns ? obtain('dns', () => sources.resolveNames(request.sans.dns)) : undefined,
      needs.pending ? obtain('pending', () => sources.countPending(request)) : undefined,
    ]);
    const { node, claims } = read ?? {};
    const facts: Facts = {
      ...(sar && { sar }),
      ...(node && { node }),
      ...(claims && { claims }),
      ...(cluster && { cluster }),
      ...(lookups && { lookups }),
      ...(dns && { dns }),
      ...(pending && { pending }),
    };
    const sorted = failures.sort((a, b) => (a.fact < b.fact ? -1 : 1));
    return { facts, failures: sorted } satisfies Gathered;
  };
}

/** The Node, and the claims of an index that has seen that Node. Without the one there are no others. */
async function readAndClaim(
  needs: FactNeeds,
  request: RequestInput,
  sources: LiveSources,
  obtain: Obtain,
): Promise<Pick<Facts, 'node' | 'claims'>> {
  const read = await obtain('node', () => readNode(request, sources));
  if (read === undefined) return {};
  const node = needs.node ? read.fact : undefined;
  if (!needs.claims) return { node };
  const claims = await obtain('claims', async () => {
    await sources.claims.caughtUp(read.resourceVersion);
    return sources.claims.claimsOf(request.sans);
  });
  return { node, claims };
}

/** Reads the Node with a quorum read: what a policy approves on must be what is stored now. */
async function readNode(request: RequestInput, sources: LiveSources) {
  const name = nodeOf(request);
  const node = name === undefined ? undefined : await sources.getNode(name);
  if (node === undefined) return { fact: missingNode(name ?? ''), resourceVersion: undefined };
  return { fact: nodeFact(node, sources.cap), resourceVersion: node.metadata.resourceVersion };
}

/** Facts that have names, such as access reviews; undefined when none is asked for. */
async function obtainNamed<Need, Fact>(
  kind: string,
  needs: Readonly<Record<string, Need>>,
  source: (need: Need) => Promise<Fact>,
  obtain: Obtain,
): Promise<Record<string, Fact> | undefined> {
  const entries = Object.entries(needs);
  if (entries.length === 0) return undefined;
  const facts: Record<string, Fact> = {};
  await Promise.all(
    entries.map(async ([name, need]) => {
      const fact = await obtain(`${kind}.${name}`, () => source(need));
      if (fact !== undefined) facts[name] = fact;
    }),
  );
  return facts;
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
