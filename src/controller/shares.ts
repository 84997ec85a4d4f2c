import type { Clock } from './clock.ts';

export interface SharesOptions {
  /** Where a group that may not begin is paused. */
  readonly order: { pause(group: string): void; resume(group: string): void };
  /** Keys of one group worked on at once. */
  readonly atOnce: (group: string) => number;
  /** How long a group waits that has been costly so many times. */
  readonly delayMs: (costs: number) => number;
  readonly clock: Clock;
  /** A group may begin again, by itself. */
  readonly freed: () => void;
}

/** What one group takes. */
interface Share {
  working: number;
  /** How many of its keys were costly, one soon after the other. */
  costs: number;
  /** End of the last wait for that. */
  heldUntil: number;
  /** While it waits for that. */
  cancel: (() => void) | undefined;
}

/** A group that was not costly for so long is like any other. */
const forgiveMs = 600_000;

/**
 * How much of the workers each group gets: so many keys at once, and after a costly one none for a while, then one at a
 * time. Taking turns alone does not do it: who finds all workers busy with one group waits for every one of its keys.
 */
export class Shares {
  readonly #options: SharesOptions;
  readonly #groups = new Map<string, Share>();
  #sweepAt = 1024;

  constructor(options: SharesOptions) {
    this.#options = options;
  }

  begin(group: string): void {
    const share = this.#groups.get(group) ?? { working: 0, costs: 0, heldUntil: 0, cancel: undefined };
    this.#groups.set(group, share);
    share.working += 1;
    this.#apply(group, share);
    if (this.#groups.size > this.#sweepAt) this.#sweep();
  }

  end(group: string, costly: boolean): void {
    const share = this.#groups.get(group);
    if (share === undefined) return;
    share.working -= 1;
    if (costly) this.#hold(group, share);
    this.#apply(group, share);
    if (share.working === 0 && share.costs === 0) this.#groups.delete(group);
  }

  /** Lets every group go that is held. */
  release(): void {
    for (const [group, share] of this.#groups) this.#free(group, share);
  }

  /** What was costly is so no longer: every group is like any other. */
  forgive(): void {
    for (const [group, share] of this.#groups) {
      Object.assign(share, { costs: 0, heldUntil: 0 });
      this.#free(group, share);
      if (share.working === 0) this.#groups.delete(group);
    }
  }

  #hold(group: string, share: Share): void {
    const { clock, delayMs, freed } = this.#options;
    share.cancel?.();
    share.costs = this.#isForgiven(share) ? 1 : share.costs + 1;
    const ms = delayMs(share.costs);
    share.heldUntil = clock.now() + ms;
    share.cancel = clock.after(ms, () => {
      this.#free(group, share);
      freed();
    });
  }

  #free(group: string, share: Share): void {
    share.cancel?.();
    share.cancel = undefined;
    this.#apply(group, share);
  }

  #apply(group: string, share: Share): void {
    const { order, atOnce } = this.#options;
    const most = this.#isForgiven(share) ? atOnce(group) : 1;
    if (share.cancel === undefined && share.working < most) order.resume(group);
    else order.pause(group);
  }

  #isForgiven({ costs, heldUntil }: Share): boolean {
    return costs === 0 || this.#options.clock.now() > heldUntil + forgiveMs;
  }

  #sweep(): void {
    for (const [group, share] of this.#groups) {
      if (share.working === 0 && share.cancel === undefined && this.#isForgiven(share)) {
        this.#groups.delete(group);
      }
    }
    this.#sweepAt = Math.max(1024, 2 * this.#groups.size);
  }
}
