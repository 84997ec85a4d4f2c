/** So many in a row, and one more after each so many milliseconds. */
export interface Allowance {
  readonly burst: number;
  readonly refillMs: number;
}

/** A token bucket: what may be done, and how often. */
export class Budget {
  readonly #allowance: Allowance;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  /** @param now milliseconds */
  constructor(allowance: Allowance, now: () => number) {
    this.#allowance = allowance;
    this.#now = now;
    this.#left = allowance.burst;
    this.#filledAt = now();
  }

  /** Takes one, if there is one. */
  take(): boolean {
    this.#fill();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Nothing has been taken for so long that a new one would be no different. */
  get isFull(): boolean {
    this.#fill();
    return this.#left >= this.#allowance.burst;
  }

  #fill(): void {
    const now = this.#now();
    const { burst, refillMs } = this.#allowance;
    // A clock that was set back gives nothing.
    this.#left = Math.min(burst, this.#left + Math.max(0, now - this.#filledAt) / refillMs);
    this.#filledAt = now;
  }
}

/** A budget for each of many, of whom only the last few thousand are remembered. */
export class Budgets {
  readonly #make: () => Budget;
  readonly #most: number;
  readonly #byKey = new Map<string, Budget>();

  constructor(make: () => Budget, most = 4096) {
    this.#make = make;
    this.#most = most;
  }

  take(key: string): boolean {
    let found = this.#byKey.get(key);
    if (found === undefined) {
      if (this.#byKey.size >= this.#most) this.#makeRoom();
      found = this.#make();
      this.#byKey.set(key, found);
    }
    return found.take();
  }

  /** Those that are full are not missed; where there is none, the one that was made first goes. */
  #makeRoom(): void {
    for (const [key, budget] of this.#byKey) if (budget.isFull) this.#byKey.delete(key);
    if (this.#byKey.size < this.#most) return;
    for (const key of this.#byKey.keys()) {
      this.#byKey.delete(key);
      return;
    }
  }
}
