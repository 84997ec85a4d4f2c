import type { Judged } from '../controller/reconcile.ts';
import type { Observer } from '../controller/report.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { Shown } from '../decide/shown.ts';
import { showVerdict } from '../decide/shown.ts';
import { escapeText } from '../text/escape.ts';

/** What this process decided last of a request that is still pending. */
interface LastDecision extends Shown {
  readonly decision_id: string;
  readonly decided_at: string;
  readonly revision: string;
}

/** A pending request; without a verdict this process has not decided it. Strangers' text bounded and escaped. */
export interface PendingRequest extends Partial<LastDecision> {
  readonly csr: string;
  readonly uid: string;
  readonly signer_name: string;
  readonly requested_by: string;
  readonly created_at?: string;
  readonly age_seconds?: number;
}

export interface PendingStatus {
  /** Of all; a request that was not decided yet counts as `undecided`. */
  readonly total: number;
  readonly by_verdict: Readonly<Record<string, number>>;
  /** How many the filter lets through. */
  readonly matching: number;
  readonly oldest: readonly PendingRequest[];
}

/** Which requests to show; an empty text lets all through. */
export interface Filter {
  /** Part of the name of requestor or request, such as that of a node. */
  readonly node: string;
  readonly verdict: string;
}

export const everything: Filter = { node: '', verdict: '' };

export const undecided = 'undecided';

/** Most requests that are listed: of 10,000 the page would be one of 20 MB. */
const maxListed = 100;

/** Most reasons of one request, and most characters of messages of all: beyond, only their codes are kept. */
const maxReasons = 4;
const maxCharacters = 2 * 1024 * 1024;

/** Remembers why pending requests were not approved. Whoever forgets requests that are gone bounds it. */
export class PendingReasons implements Observer {
  readonly #now: () => Date;
  readonly #last = new Map<string, LastDecision>();
  #characters = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  decided({ uid }: CertificateRequest, { id, verdict, revision }: Judged): void {
    this.forget(uid);
    if (verdict.kind === 'ignore') return;
    const shown = showVerdict(verdict, maxReasons);
    const length = charactersOf(shown);
    const isFull = this.#characters + length > maxCharacters;
    const reasons = isFull ? shown.reasons.map(({ code }) => ({ code, msg: '' })) : shown.reasons;
    if (!isFull) this.#characters += length;
    this.#last.set(uid, {
      ...shown,
      reasons,
      decision_id: id.decision,
      decided_at: this.#now().toISOString(),
      revision: escapeText(revision),
    });
  }

  forget(uid: string): void {
    const known = this.#last.get(uid);
    if (known === undefined) return;
    this.#characters -= charactersOf(known);
    this.#last.delete(uid);
  }

  /** This process decides no longer: what another one decides meanwhile it does not hear. */
  clear(): void {
    this.#last.clear();
    this.#characters = 0;
  }

  /** The oldest of the pending requests, with what was decided of them. */
  status(requests: Iterable<CertificateRequest>, filter: Filter = everything): PendingStatus {
    const counts = new Map<string, number>();
    const node = filter.node.toLowerCase();
    const matching: CertificateRequest[] = [];
    for (const request of requests) {
      const verdict = this.#last.get(request.uid)?.verdict ?? undecided;
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      if (filter.verdict !== '' && filter.verdict !== verdict) continue;
      if (`${request.username}\n${request.name}`.toLowerCase().includes(node)) matching.push(request);
    }
    const oldest = matching.sort((a, b) => timeOf(a) - timeOf(b)).slice(0, maxListed);
    return {
      total: [...counts.values()].reduce((sum, count) => sum + count, 0),
      by_verdict: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
      matching: matching.length,
      oldest: oldest.map((request) => this.#show(request)),
    };
  }

  #show(request: CertificateRequest): PendingRequest {
    const { createdAt } = request;
    return {
      csr: escapeText(request.name),
      uid: escapeText(request.uid),
      signer_name: request.signerName,
      requested_by: escapeText(request.username),
      ...(createdAt !== undefined && {
        created_at: createdAt.toISOString(),
        age_seconds: (this.#now().getTime() - createdAt.getTime()) / 1000,
      }),
      ...this.#last.get(request.uid),
    };
  }
}

function charactersOf({ reasons }: Shown): number {
  return reasons.reduce((sum, { msg }) => sum + msg.length, 0);
}

function timeOf({ createdAt }: CertificateRequest): number {
  return createdAt?.getTime() ?? 0;
}
