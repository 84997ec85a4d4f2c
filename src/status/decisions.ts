import type { Judged } from '../controller/reconcile.ts';
import type { Observer } from '../controller/report.ts';
import type { WrittenCondition } from '../controller/write.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { Shown } from '../decide/shown.ts';
import { showVerdict } from '../decide/shown.ts';
import { escapeText } from '../text/escape.ts';

/** One decision, in the words of OPA's decision log where it has them; strangers' text bounded and escaped. */
export interface ShownDecision extends Shown {
  readonly decision_id: string;
  readonly trace_id: string;
  readonly timestamp: string;
  readonly csr: string;
  readonly uid: string;
  readonly signer_name: string;
  readonly requested_by: string;
  /** Of the policy that decided. */
  readonly revision: string;
  /** How old the request was, by the API server's clock; absent where nobody knows when it was made. */
  readonly age_seconds?: number;
  readonly metrics: { readonly timer_total_ns: number };
  /** What was written, or the status or kind of failure of a write that was refused. */
  readonly written?: WrittenCondition;
  readonly write_failed?: string;
}

/** Most decisions that are listed, and most reasons of each. */
const maxListed = 100;
const maxReasons = 8;

/** The last decisions, but for requests that were left alone. */
export class RecentDecisions implements Observer {
  readonly #now: () => Date;
  /** By decision id, oldest first. */
  readonly #decisions = new Map<string, ShownDecision>();
  #count = 0;

  /** @param now the API server's time, by which requests have their age */
  constructor(now: () => Date) {
    this.#now = now;
  }

  decided(request: CertificateRequest, { id, verdict, revision }: Judged, durationMs: number): void {
    if (verdict.kind === 'ignore') return;
    this.#count += 1;
    const now = this.#now();
    const { createdAt } = request;
    this.#decisions.set(id.decision, {
      decision_id: id.decision,
      trace_id: id.trace,
      timestamp: now.toISOString(),
      csr: escapeText(request.name),
      uid: escapeText(request.uid),
      signer_name: request.signerName,
      requested_by: escapeText(request.username),
      ...showVerdict(verdict, maxReasons),
      revision: escapeText(revision),
      ...(createdAt !== undefined && { age_seconds: (now.getTime() - createdAt.getTime()) / 1000 }),
      metrics: { timer_total_ns: Math.round(durationMs * 1e6) },
    });
    const [oldest] = this.#decisions.keys();
    if (this.#decisions.size > maxListed && oldest !== undefined) this.#decisions.delete(oldest);
  }

  wrote(_: CertificateRequest, { id }: Judged, written: WrittenCondition): void {
    this.#add(id.decision, { written });
  }

  writeFailed(_: CertificateRequest, { id }: Judged, condition: WrittenCondition, result: string): void {
    this.#add(id.decision, { write_failed: `${condition}: ${escapeText(result)}` });
  }

  /** How many there have been since the start, and the last of them, newest first. */
  get status(): { readonly count: number; readonly last: readonly ShownDecision[] } {
    return { count: this.#count, last: [...this.#decisions.values()].toReversed() };
  }

  #add(decision: string, more: Pick<ShownDecision, 'written' | 'write_failed'>): void {
    const known = this.#decisions.get(decision);
    // In its place: a Map keeps the order in which keys came.
    if (known !== undefined) this.#decisions.set(decision, { ...known, ...more });
  }
}
