import { allFindingCodes, type FindingCode, findingCodes, severities, type Severity } from './codes.ts';
import { type Audited, type Finding, type RequestState, subjectOf } from './finding.ts';

/** A finding, and what it is about. */
export interface Kept extends Finding {
  readonly subject: string;
  /** The requestor, where it is about a request. */
  readonly username: string;
}

/** So many findings of each code are kept to be shown; the others are counted. */
const keptOfEach = 1000;

/** So many of them are shown to people, and explained. */
export const shownOfEach = 20;

/** What came of an audit: everything counted, and of each kind of finding the first ones. */
export class AuditReport {
  readonly #kept = new Map<FindingCode, Kept[]>();
  readonly #counts = new Map<FindingCode, number>();
  readonly requests: Record<RequestState, number> = {
    approved: 0,
    issued: 0,
    denied: 0,
    failed: 0,
    pending: 0,
  };
  /** Approvals that this program's name stands on. */
  ours = 0;
  readonly kubelets = { asked: 0, inOrder: 0, total: 0 };

  add(audited: Audited): void {
    if (audited.kind === 'csr') {
      this.requests[audited.state] += 1;
      if (audited.decided?.type === 'Approved' && audited.decided.by === 'this program') this.ours += 1;
    }
    if (audited.kind === 'kubelet') {
      this.kubelets.total += 1;
      if (audited.at !== undefined) this.kubelets.asked += 1;
      if (audited.findings.length === 0) this.kubelets.inOrder += 1;
    }
    const subject = subjectOf(audited);
    const username = audited.kind === 'csr' ? audited.username : '';
    for (const { code, message, explain } of audited.findings) {
      this.#counts.set(code, this.count(code) + 1);
      const kept = this.#kept.get(code) ?? [];
      this.#kept.set(code, kept);
      const shown = kept.length < shownOfEach ? explain : undefined;
      if (kept.length < keptOfEach) kept.push({ code, message, subject, username, explain: shown });
    }
  }

  count(code: FindingCode): number {
    return this.#counts.get(code) ?? 0;
  }

  of(code: FindingCode): readonly Kept[] {
    return this.#kept.get(code) ?? [];
  }

  /** Codes that were found, the worst first. */
  get found(): readonly FindingCode[] {
    return allFindingCodes.filter((code) => this.count(code) > 0);
  }
}

/** What makes an audit fail: codes, or all of a severity and of those above it. */
export type FailOn = readonly (FindingCode | Severity)[];

export function fails(code: FindingCode, failOn: FailOn): boolean {
  const at = severities.indexOf(findingCodes[code].severity);
  return failOn.some((one) => (isSeverity(one) ? at >= severities.indexOf(one) : one === code));
}

export function isSeverity(text: string): text is Severity {
  return (severities as readonly string[]).includes(text);
}
