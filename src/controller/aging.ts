import type { CertificateRequest } from '../decide/request.ts';
import type { Clock } from './clock.ts';
import { recentMs } from './requestors.ts';

export interface AgingOptions {
  readonly signers: readonly string[];
  /** How long whoever asks that signer waits, as the policy in force says; undefined: for ever, or not known yet. */
  readonly maxAgeSeconds: (signer: string) => number | undefined;
  readonly now: () => Date;
  readonly clock: Clock;
  /** Time to let go of what is past. */
  readonly sweep: () => void;
  /** The clock of `now` was set, so that ages are others than they were. @param byMs forwards, or backwards below 0 */
  readonly clockWasSet: (byMs: number) => void;
}

const sweepMs = 15_000;

/** That clock may drift from the monotonic one by so much between two sweeps: NTP slews, nobody sets it. */
const driftMs = 2_000;

/**
 * Knows which requests nobody waits for any more. There may be tens of thousands of them, for a day, until Kubernetes'
 * cleaner deletes them: they must cost nothing.
 */
export class Aging {
  readonly #options: AgingOptions;
  readonly #maxAges = new Map<string, number>();
  #offset = 0;
  #cancel: (() => void) | undefined;

  constructor(options: AgingOptions) {
    this.#options = options;
    this.grown();
  }

  start(): void {
    this.#offset = this.#offsetNow();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Past the wait of whoever made it. None is so before the `pending` fact has stopped counting it. */
  isPast({ signerName, createdAt }: CertificateRequest): boolean {
    const seconds = this.#options.maxAgeSeconds(signerName);
    if (seconds === undefined || createdAt === undefined) return false;
    return this.#options.now().getTime() - createdAt.getTime() > Math.max(seconds * 1000, recentMs);
  }

  /** Takes note of other policies. @returns whether requests that were past may be so no longer */
  grown(): boolean {
    let grown = false;
    for (const signer of this.#options.signers) {
      const age = this.#options.maxAgeSeconds(signer) ?? Infinity;
      grown ||= age > (this.#maxAges.get(signer) ?? Infinity);
      this.#maxAges.set(signer, age);
    }
    return grown;
  }

  #arm(): void {
    this.#cancel = this.#options.clock.after(sweepMs, () => {
      const offset = this.#offsetNow();
      const byMs = offset - this.#offset;
      this.#offset = offset;
      this.#arm();
      if (Math.abs(byMs) > driftMs) this.#options.clockWasSet(byMs);
      this.#options.sweep();
    });
  }

  #offsetNow(): number {
    return this.#options.now().getTime() - this.#options.clock.now();
  }
}
