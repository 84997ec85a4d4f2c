import type { Policies } from '../decide/decide.ts';
import type { DecodeLimits } from '../csr/decoded.ts';
import type { Gather } from '../decide/facts.ts';
import { readRequest } from '../decide/request.ts';
import { asObject } from '../kube/objects.ts';
import type { Audited, AuditedKubelet } from './finding.ts';
import type { Handshake, Target } from './handshake.ts';
import { IssuedCertificates } from './issued.ts';
import { auditKubelet, type Looking } from './kubelet.ts';
import type { NodeKubelet } from './node-kubelet.ts';
import { nodesThen } from './nodes-then.ts';
import { auditRequest, type Judging } from './request.ts';
import { servingSigner } from './served.ts';

type Pages = AsyncIterable<readonly unknown[]>;

/** Which kubelets are connected to: none, all, or all unless not one of the first ones answers. */
export type WhichKubelets = 'auto' | 'all' | 'none';

export interface AuditSources {
  /** Requests of one signer, as the API server lists them. */
  readonly requests: (signer: string) => Pages;
  readonly gather: Gather;
  readonly policies: Policies;
  readonly limits: DecodeLimits;
  /** Of every Node. */
  readonly kubelets: readonly NodeKubelet[];
  readonly which: WhichKubelets;
  readonly shakeHands: (target: Target) => Promise<Handshake>;
  /** Whether there is a CA by which chains are verified. */
  readonly isVerified: boolean;
  readonly refused?: Looking['refused'] | undefined;
  /** By the API server's clock. */
  readonly now: () => Date;
  readonly explain: boolean;
}

/** Judged at once: each asks the API server some things. */
const judgedAtOnce = 8;

/** Connections to kubelets, at most. */
const connections = 32;

/** Kubelets that are told of together. */
const batch = 500;

/** So many kubelets without one that answers are enough to know that this is the wrong place to ask from. */
const enough = 2 * connections;

/**
 * Every request of the policies' signers, in the order of the API server's list, then the kubelet of every Node. A page at a
 * time, so that of a cluster of any size no more is kept than where its kubelets are, and by which certificates they are known.
 */
export async function* audit(sources: AuditSources): AsyncGenerator<Audited, void, undefined> {
  const issued = new IssuedCertificates();
  for (const signer of sources.policies.signers.keys()) {
    for await (const page of sources.requests(signer)) {
      yield* await mapAtMost(judgedAtOnce, page, (item) => oneRequest(item, signer, sources, issued)).then(
        present,
      );
    }
  }
  if (sources.which !== 'none') yield* kubelets(sources, issued);
}

async function oneRequest(
  item: unknown,
  signer: string,
  sources: AuditSources,
  issued: IssuedCertificates,
): Promise<Audited | undefined> {
  const object = asObject(item);
  const request = readRequest(object);
  if ('problem' in request) {
    const message = `request ${object.metadata.name} cannot be read: ${request.problem}`;
    return { kind: 'run', findings: [{ code: 'NotJudged', message }] };
  }
  // The field selector has chosen already.
  if (request.signerName !== signer) return undefined;
  const { audited, certificate } = await auditRequest(request, object, judging(sources));
  if (certificate !== undefined && signer === servingSigner) issued.add(request, certificate);
  return audited;
}

async function* kubelets(
  sources: AuditSources,
  issued: IssuedCertificates,
): AsyncGenerator<Audited, void, undefined> {
  let silent = 0;
  let answered = 0;
  let left = 0;
  const one = async (kubelet: NodeKubelet): Promise<AuditedKubelet | undefined> => {
    if (sources.which === 'auto' && answered === 0 && silent >= enough) {
      left += 1;
      return undefined;
    }
    const { shakeHands, refused } = sources;
    const looking = { ...judging(sources), shakeHands, refused, issued: (node: string) => issued.of(node) };
    const audited = await auditKubelet(kubelet, looking);
    if (audited.at === undefined) return audited;
    if (audited.findings.some(({ code }) => code === 'KubeletUnreachable')) silent += 1;
    else answered += 1;
    return audited;
  };
  const { kubelets: all } = sources;
  for (let at = 0; at < all.length; at += batch) {
    // oxlint-disable-next-line no-await-in-loop -- each is told before the next is begun
    yield* await mapAtMost(connections, all.slice(at, at + batch), one).then(present);
  }
  if (!sources.isVerified && answered > 0) {
    const message = `${String(answered)} kubelets answered, and anybody may have signed what they serve`;
    yield { kind: 'run', findings: [{ code: 'KubeletsNotVerified', message }] };
  }
  if (left === 0) return;
  const message = `${String(silent)} kubelets did not answer, and none did: ${String(left)} more were not asked`;
  yield { kind: 'run', findings: [{ code: 'KubeletsNotAsked', message }] };
}

function judging({ gather, policies, limits, now, explain }: AuditSources): Judging {
  return { gather: nodesThen(gather), policies, limits, now: now(), explain };
}

/** In the order of the items, so many at a time. */
async function mapAtMost<T, R>(
  most: number,
  items: readonly T[],
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      // oxlint-disable-next-line typescript/no-non-null-assertion, no-await-in-loop -- within bounds; others go on meanwhile
      results[at] = await map(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}

const present = <T>(results: readonly (T | undefined)[]): T[] =>
  results.filter((result): result is T & {} => result !== undefined);
