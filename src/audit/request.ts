import { type Decision, decide, type Policies } from '../decide/decide.ts';
import type { DecodeLimits } from '../csr/decoded.ts';
import { DecodeRefusal } from '../csr/refusal.ts';
import { explainDecision, type Explanation } from '../decide/explain.ts';
import type { Gather } from '../decide/facts.ts';
import { type CertificateRequest, isFinished } from '../decide/request.ts';
import type { Verdict } from '../decide/verdict.ts';
import { recordOf, textOf } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Decided } from './approval.ts';
import { decidedBy } from './approval.ts';
import { type Certificate, readCertificate, showCertificate } from './certificate.ts';
import { differencesOf, requestedKey } from './compare.ts';
import { type AuditedRequest, becauseOf, type Finding, type RequestState } from './finding.ts';
import { asPending, whenToJudge } from './judge.ts';

export interface Judging {
  readonly gather: Gather;
  readonly policies: Policies;
  readonly limits: DecodeLimits;
  /** By the API server's clock. */
  readonly now: Date;
  /** Whether to say which rule gave each reason. */
  readonly explain: boolean;
}

/** So long approver and signer may take before anybody wonders. */
const graceMs = 60_000;

/** @returns also the certificate that was issued, to be recognized where it is served */
export async function auditRequest(
  request: CertificateRequest,
  object: KubeObject,
  judging: Judging,
): Promise<{ readonly audited: AuditedRequest; readonly certificate: Certificate | undefined }> {
  const { gather, policies, limits, now } = judging;
  const decided = decidedBy(request, object);
  const { at, aged } = whenToJudge(request, decided, policies, now);
  const decision = await decide(asPending(request), gather, policies, { now: at, limits });
  const { kind, reasons, warnings } = decision.verdict;
  const explain = explainedBy(decision, request.signerName, judging);
  const issued = textOf(recordOf(object['status'])['certificate']);
  const certificate =
    issued === '' ? undefined : readCertificate(Buffer.from(issued, 'base64'), limits.maxSANs);
  const findings = [
    ...verdictFindings(request, decision.verdict, explain, now),
    ...approvalFindings(decided),
    ...progressFindings(request, decided, now),
    ...(issued === '' ? [] : issuedFindings(request, decision, certificate, limits)),
  ];
  const { revision = '' } = policies.signers.get(request.signerName) ?? {};
  const { name, uid, signerName, username, createdAt } = request;
  return {
    certificate,
    audited: {
      kind: 'csr',
      name,
      uid,
      signerName,
      username,
      createdAt,
      state: stateOf(request),
      decided,
      judgement: { kind, reasons, warnings, revision, aged, ...(explain && { explain }) },
      certificate: certificate && showCertificate(certificate),
      findings,
    },
  };
}

/** Undefined where nobody asks. */
export function explainedBy(
  { verdict, input }: Decision,
  signerName: string,
  { policies, explain }: Judging,
): readonly Explanation[] | undefined {
  return explain ? explainDecision({ verdict, input, signerName, policies }) : undefined;
}

function has({ conditions }: CertificateRequest, type: string): boolean {
  return conditions.some((condition) => condition.type === type);
}

function stateOf(request: CertificateRequest): RequestState {
  if (has(request, 'Failed')) return 'failed';
  if (has(request, 'Denied')) return 'denied';
  if (request.issued) return 'issued';
  return has(request, 'Approved') ? 'approved' : 'pending';
}

/** What the policy says today, beside what stands there. */
function verdictFindings(
  request: CertificateRequest,
  { kind, reasons }: Verdict,
  explain: Finding['explain'],
  now: Date,
): Finding[] {
  const because = { message: becauseOf(reasons), ...(explain && { explain }) };
  // `ignore` cannot be: no request is judged that is finished, too old or of a signer without a policy.
  if (kind === 'error' || kind === 'ignore') return [{ code: 'NotJudged', ...because }];
  if (has(request, 'Approved') || request.issued) {
    if (kind === 'approve') return [];
    return [{ code: kind === 'deny' ? 'ApprovedNowDenied' : 'ApprovedNowNotAllowed', ...because }];
  }
  if (has(request, 'Denied'))
    return kind === 'approve' ? [{ code: 'DeniedNowAllowed', message: 'the policy would approve it' }] : [];
  if (isFinished(request)) return [];
  if (kind !== 'approve') return [{ code: 'PendingNotAllowed', ...because }];
  const age = now.getTime() - (request.createdAt ?? now).getTime();
  if (age <= graceMs) return [];
  return [{ code: 'PendingNowAllowed', message: `pending for ${seconds(age)}` }];
}

/** Who approved, if not this program. */
function approvalFindings(decided: Decided | undefined): Finding[] {
  if (decided?.type !== 'Approved') return [];
  const { managers, reason, message } = decided;
  const said = `reason ${reason || 'none'}, message "${message}"`;
  switch (decided.by) {
    case 'this program':
      return [];
    case 'another':
      return [
        {
          code: 'ForeignApproval',
          message: `written by ${managers.join(', ') || 'a client that is not recorded'}; ${said}`,
        },
      ];
    case 'forged':
      return [
        {
          code: 'ApprovalForged',
          message: `written by ${managers.join(', ') || 'a client that is not recorded'}; ${said}`,
        },
      ];
    case 'unclear':
      return [{ code: 'ApproverUnclear', message: `managedFields name no writer; ${said}` }];
  }
}

/** What the signer made of an approval. */
function progressFindings(request: CertificateRequest, decided: Decided | undefined, now: Date): Finding[] {
  const failed = request.conditions.find(({ type }) => type === 'Failed');
  if (failed !== undefined) {
    return [{ code: 'SigningFailed', message: `${failed.reason ?? ''}: ${failed.message ?? ''}` }];
  }
  if (request.issued) {
    return has(request, 'Approved')
      ? []
      : [{ code: 'IssuedNotApproved', message: 'it has a certificate and no condition Approved' }];
  }
  if (decided?.type !== 'Approved') return [];
  const age = now.getTime() - (decided.at ?? request.createdAt ?? now).getTime();
  return age <= graceMs ? [] : [{ code: 'NotIssued', message: `approved ${seconds(age)} ago` }];
}

function issuedFindings(
  request: CertificateRequest,
  { input }: Decision,
  certificate: Certificate | undefined,
  { maxSANs }: DecodeLimits,
): Finding[] {
  if (certificate === undefined)
    return [{ code: 'CertificateUnreadable', message: 'status.certificate is no certificate' }];
  const { content } = certificate;
  if (content instanceof DecodeRefusal)
    return [{ code: 'CertificateUnreadable', message: `${content.code}: ${content.message}` }];
  // A request without a reading is denied, which is told already: there is nothing to compare with.
  if (input === undefined) return [];
  const differences = differencesOf(input, requestedKey(request.request, maxSANs), content);
  return differences.length === 0 ? [] : [{ code: 'CertificateDiffers', message: differences.join('; ') }];
}

const seconds = (ms: number): string => `${String(Math.floor(ms / 1000))} s`;
