import type { CertificateRequest } from '../decide/request.ts';
import type { VerdictKind } from '../decide/verdict.ts';
import type { Standing } from '../observe/request-metrics.ts';

/** The last verdict on each request that is pending, by uid. */
export class Standings {
  readonly #verdicts = new Map<string, VerdictKind>();

  set(uid: string, verdict: VerdictKind): void {
    this.#verdicts.set(uid, verdict);
  }

  forget(uid: string): void {
    this.#verdicts.delete(uid);
  }

  clear(): void {
    this.#verdicts.clear();
  }

  /** How each stands, and its age. What is past is left alone: nobody waits for it. */
  *of(
    requests: Iterable<CertificateRequest>,
    now: Date,
  ): Generator<{ readonly standing: Standing; readonly ageMs: number }> {
    for (const { uid, createdAt } of requests) {
      const standing = this.#verdicts.get(uid) ?? 'undecided';
      if (standing === 'ignore') continue;
      yield { standing, ageMs: Math.max(0, now.getTime() - (createdAt?.getTime() ?? now.getTime())) };
    }
  }
}
