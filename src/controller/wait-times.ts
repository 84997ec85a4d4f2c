/** The first look comes soon, since most waits are races of a node's start; later ones cost the API server less. */
const firstMs = 1_000;
const longestMs = 60_000;

/** How long a waiting request rests before it is looked at again: what its rule asks for at first, then doubling. */
export class WaitTimes {
  readonly #looks = new Map<string, number>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** @param askedSeconds what a rule asks for: never looked at earlier */
  next(uid: string, askedSeconds: number | undefined): number {
    const looks = this.#looks.get(uid) ?? 0;
    this.#looks.set(uid, looks + 1);
    const first = askedSeconds === undefined ? firstMs : askedSeconds * 1000;
    const grown = Math.max(first, Math.min(longestMs, first * 2 ** Math.min(looks, 16)));
    // Spread, so that a cluster's requests do not come back all at once.
    return grown * (1 + this.#random() / 4);
  }

  forget(uid: string): void {
    this.#looks.delete(uid);
  }

  /** Every request is looked at as if for the first time: other rules ask now. */
  clear(): void {
    this.#looks.clear();
  }
}
