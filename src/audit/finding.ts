import type { Explanation } from '../decide/explain.ts';
import type { Reason, Verdict } from '../decide/verdict.ts';
import type { Decided } from './approval.ts';
import type { ShownCertificate } from './certificate.ts';
import type { FindingCode } from './codes.ts';

/** Something that is not as it should be. */
export interface Finding {
  readonly code: FindingCode;
  /** For people. May hold text of strangers: escape it wherever it leaves the program. */
  readonly message: string;
  /** What stands behind each reason of the policy, where that was asked for. */
  readonly explain?: readonly Explanation[] | undefined;
}

/** What the policy says today, and what that rests on. */
export interface Judgement {
  readonly kind: Verdict['kind'];
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  /** Revision of the policy, as its author wrote it. */
  readonly revision: string;
  /**
   * How old the request was taken to be: as when it was decided, as it is now, or just made, since it was too old at
   * either time. Every other fact is one of now.
   */
  readonly aged: 'as decided' | 'as now' | 'as new';
  /** Of reasons and warnings, where that was asked for. */
  readonly explain?: readonly Explanation[] | undefined;
}

export type RequestState = 'approved' | 'issued' | 'denied' | 'failed' | 'pending';

/** One request, and what there is to say of it. */
export interface AuditedRequest {
  readonly kind: 'csr';
  readonly name: string;
  readonly uid: string;
  readonly signerName: string;
  readonly username: string;
  readonly createdAt: Date | undefined;
  readonly state: RequestState;
  readonly decided: Decided | undefined;
  readonly judgement: Judgement;
  readonly certificate: ShownCertificate | undefined;
  readonly findings: readonly Finding[];
}

/** One Node's kubelet, and the certificate that it serves. */
export interface AuditedKubelet {
  readonly kind: 'kubelet';
  readonly node: string;
  /** Where it was asked; undefined where it was not. */
  readonly at: string | undefined;
  readonly certificate: ShownCertificate | undefined;
  /** Name of the request that the certificate was issued for, if that is still there. */
  readonly request: string | undefined;
  /** Undefined where there is nothing that the cluster's CA has signed. */
  readonly judgement: Judgement | undefined;
  /** Fields of the input document that the certificate does not tell. */
  readonly assumed: readonly string[];
  readonly findings: readonly Finding[];
}

/** What concerns neither a request nor a kubelet. */
interface AuditedRun {
  readonly kind: 'run';
  readonly findings: readonly Finding[];
}

export type Audited = AuditedRequest | AuditedKubelet | AuditedRun;

/** What a finding is about, in the words of the API. */
export function subjectOf(audited: Audited): string {
  switch (audited.kind) {
    case 'csr':
      return `certificatesigningrequests/${audited.name}`;
    case 'kubelet':
      return `nodes/${audited.node}`;
    case 'run':
      return 'cluster';
  }
}

/** Codes and messages of reasons, as one sentence. */
export function becauseOf(reasons: readonly Reason[]): string {
  return reasons.map(({ code, msg }) => `${code}: ${msg}`).join('; ');
}
