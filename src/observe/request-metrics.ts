import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import type { VerdictKind } from '../decide/verdict.ts';

const prefix = 'csr_approver_';

/** What is thought of a request that is pending: its last verdict, or that it has none yet. */
export type Standing = Exclude<VerdictKind, 'ignore'> | 'undecided';
const standings: readonly Standing[] = ['undecided', 'wait', 'error', 'deny', 'abstain', 'approve'];

/** The conditions that end a request. */
const conditions = ['Approved', 'Denied'] as const;

/** Figures of the requests themselves: what is pending, and what others decided. */
export class RequestMetrics {
  readonly #pending;
  readonly #oldestAge;
  readonly #foreign;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#pending = new Gauge({
      name: `${prefix}pending_requests`,
      help: 'Requests that are pending and kept in memory, by the last verdict of this process; `undecided` where it has none.',
      labelNames: ['verdict'] as const,
      registers,
    });
    this.#oldestAge = new Gauge({
      name: `${prefix}pending_oldest_age_seconds`,
      help: "Age of the oldest of them, by the API server's clock; 0 where there is none. None is older than its kubelet waits, at least 15 minutes.",
      labelNames: ['verdict'] as const,
      registers,
    });
    this.#foreign = new Counter({
      name: `${prefix}foreign_approvals_total`,
      help: 'Requests of ours that were seen pending, and then Approved or Denied by somebody else: a person, or another approver. Each replica counts what it sees.',
      labelNames: ['signer', 'condition'] as const,
      registers,
    });
  }

  /** Shows what is counted of a signer from the beginning. */
  expectSigner(signer: string): void {
    for (const condition of conditions) this.#foreign.inc({ signer, condition }, 0);
  }

  decidedByOthers(signer: string, condition: (typeof conditions)[number]): void {
    this.#foreign.inc({ signer, condition });
  }

  /** @param pending how each stands, and its age */
  measured(pending: Iterable<{ readonly standing: Standing; readonly ageMs: number }>): void {
    const counts = new Map(standings.map((standing) => [standing, { count: 0, ageMs: 0 }]));
    for (const { standing, ageMs } of pending) {
      const found = counts.get(standing);
      if (found === undefined) continue;
      found.count += 1;
      found.ageMs = Math.max(found.ageMs, ageMs);
    }
    for (const [verdict, { count, ageMs }] of counts) {
      this.#pending.set({ verdict }, count);
      this.#oldestAge.set({ verdict }, ageMs / 1000);
    }
  }
}
