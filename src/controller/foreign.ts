import type { CertificateRequest } from '../decide/request.ts';
import { isOurReason, type WrittenCondition } from './write.ts';

/** API servers stamp creation times by their own clocks, in whole seconds. */
const clockSkewMs = 5_000;

/** A condition that this program did not write. */
export interface ForeignDecision {
  readonly condition: WrittenCondition;
  /** As whoever wrote it gave it. */
  readonly reason: string;
}

/**
 * Tells our own decisions from those of others, a person or another approver. The reason of a condition says whose it is,
 * but anybody may write ours: of a request that was made while this process led, it is ours only if this process wrote it.
 */
export class ForeignDecisions {
  /** By uid: requests that a write was begun for, whatever came of it. */
  readonly #begun = new Set<string>();
  #ledSince: Date | undefined;

  lead(now: Date): void {
    this.#ledSince = now;
  }

  rest(): void {
    this.#ledSince = undefined;
  }

  /** A condition is about to be written. */
  begin(uid: string): void {
    this.#begun.add(uid);
  }

  forget(uid: string): void {
    this.#begun.delete(uid);
  }

  /** @param request that was pending until now @returns undefined where it is pending still, or was decided by us */
  find(request: CertificateRequest): ForeignDecision | undefined {
    for (const { type, reason = '' } of request.conditions) {
      if (type !== 'Approved' && type !== 'Denied') continue;
      return this.#isOurs(request, reason) ? undefined : { condition: type, reason };
    }
    return undefined;
  }

  #isOurs({ uid, createdAt }: CertificateRequest, reason: string): boolean {
    if (!isOurReason(reason)) return false;
    if (this.#begun.has(uid)) return true;
    // Written by the leader before us, or by one that leads beside us as long as we do not.
    return (
      this.#ledSince === undefined ||
      createdAt === undefined ||
      createdAt.getTime() <= this.#ledSince.getTime() + clockSkewMs
    );
  }
}
