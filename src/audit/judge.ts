import type { Policies } from '../decide/decide.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { isFinished } from '../decide/request.ts';
import type { Decided } from './approval.ts';
import type { Judgement } from './finding.ts';

/** The request as if nobody had decided it. */
export function asPending(request: CertificateRequest): CertificateRequest {
  return { ...request, conditions: [], issued: false };
}

/**
 * When to judge a request: whether it is finished or too old must not hide what the policy says of it. One that was
 * decided is as old as it was then, one that is pending as it is now; and just made, where that age is not known or is
 * beyond what the policy looks at.
 */
export function whenToJudge(
  request: CertificateRequest,
  decided: Decided | undefined,
  { signers }: Policies,
  now: Date,
): { readonly at: Date; readonly aged: Judgement['aged'] } {
  const created = request.createdAt ?? now;
  const limit = signers.get(request.signerName)?.maxAgeSeconds ?? Infinity;
  const fits = (at: Date): boolean => at >= created && at <= now && (+at - +created) / 1000 <= limit;
  if (!isFinished(request)) {
    return fits(now) ? { at: now, aged: 'as now' } : { at: created, aged: 'as new' };
  }
  const at = decided?.at;
  return at !== undefined && fits(at) ? { at, aged: 'as decided' } : { at: created, aged: 'as new' };
}
