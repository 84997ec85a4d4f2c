import { noFacts, unionOfNeeds } from '../policy/needs.ts';
import { messageOf } from '../text/message.ts';
import type { DecideOptions, Decision, Policies } from './decide.ts';
import { decide, decideDecoded, leftAlone } from './decide.ts';
import type { Gather } from './facts.ts';
import type { Facts, InputDocument, RequestInput } from './input.ts';
import type { CertificateRequest } from './request.ts';
import type { Had } from './reuse.ts';
import { reusing } from './reuse.ts';
import type { Verdict } from './verdict.ts';

/** A decision of the policies in force, with all that it was made of. */
export interface Decided {
  readonly request: CertificateRequest;
  readonly decision: Decision;
  /** Those that made it. */
  readonly policies: Policies;
  /** The very options that it was made with: a candidate is asked at the same time of day. */
  readonly options: DecideOptions;
}

/** What became of a comparison. */
export type ShadowOutcome =
  | { readonly status: 'compared'; readonly revision: string; readonly verdict: Verdict }
  /** Too many waited. */
  | { readonly status: 'dropped' }
  /** The policies in force had not had their facts, or there was no candidate. */
  | { readonly status: 'skipped' }
  /** Another decision or another policy came before, or the end of the program. */
  | { readonly status: 'superseded' };

/**
 * Whether a candidate can be asked for its view. Not when facts were missing: what it would have said had they been there
 * is unknown, and to ask for them once more is to ask at another time.
 */
export function isComparable({ verdict }: Decision): boolean {
  return !verdict.reasons.some(({ source }) => source === 'facts');
}

/**
 * What candidate policies say of a request that was decided: of the same reading of it, with the same facts. What they
 * alone ask for is gathered; a failure of that is their own `error`. Never throws.
 *
 * - Too old for the candidate, or finished: `ignore`, as if it were in force.
 * - Too old for the policies in force, but not for the candidate: nothing was decoded, so all of it is done here.
 * - Refused by the decoder, which does not depend on any policy: the same.
 * - Whatever was decoded: from the floor's form on, by the candidate's own instance of the floor.
 */
export async function decideCandidate(
  { request, decision, policies, options }: Decided,
  gather: Gather,
  candidate: Policies,
): Promise<Verdict> {
  const left = leftAlone(request, candidate, options.now);
  if (left !== undefined) return left.verdict;
  try {
    const { verdict, input } = decision;
    if (input !== undefined) {
      const { document, facts } = partsOf(input);
      const had: Had = { needs: needsOf(policies, request.signerName), facts };
      return (await decideDecoded(document, reusing(had, gather), candidate)).verdict;
    }
    if (verdict.kind !== 'ignore') return verdict;
    return (await decide(request, gather, candidate, options)).verdict;
  } catch (cause) {
    // Needs of the candidate that contradict those of the floor. In force, they would leave every request undecided.
    const reason = { code: 'PolicyFailed', msg: messageOf(cause), source: 'policy' } as const;
    return { kind: 'error', reasons: [reason], warnings: [], retryAfterSeconds: undefined };
  }
}

/** Verdict and codes: what must change for a verdict to be another one. Messages hold times and counts. */
export function gistOf({ kind, reasons }: Verdict): string {
  return [kind, ...new Set(reasons.map(({ code }) => code))].join('\0');
}

function partsOf(input: InputDocument): { readonly document: RequestInput; readonly facts: Facts } {
  const { sar, node, claims, cluster, lookups, dns, pending, ...document } = input;
  return { document, facts: { sar, node, claims, cluster, lookups, dns, pending } };
}

function needsOf({ floor, signers }: Policies, signer: string) {
  return unionOfNeeds(floor.needs.get(signer) ?? noFacts, signers.get(signer)?.needs ?? noFacts);
}
