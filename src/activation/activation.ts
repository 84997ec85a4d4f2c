import type { Policies } from '../decide/decide.ts';

/** Policies that are proven to run, and how to end what they run in. */
export interface Loaded {
  readonly policies: Policies;
  /** Of the configured bundle. */
  readonly revision: string;
  readonly close: () => Promise<void>;
}

/** What became of an offer. `superseded`: a newer one came before its turn, or the program stops. */
export type OfferResult =
  | { readonly kind: 'activated' | 'superseded' }
  | { readonly kind: 'refused'; readonly cause: unknown };

export interface ActivationOptions<Candidate> {
  /**
   * Verifies, compiles and probes a candidate in an isolate of its own.
   * @throws whatever is wrong with it, with nothing left running
   * @param signal aborted when the program stops: what has been started must end
   */
  readonly load: (candidate: Candidate, signal: AbortSignal) => Promise<Loaded>;
}

/** Told of every activation, in the very turn of the swap, and of every refusal. */
export interface ActivationListener {
  readonly activated: (loaded: Loaded) => void;
  /** @param inForce whether others are in force still */
  readonly refused: (cause: unknown, inForce: boolean) => void;
}

/** What was made by the policies that were in force when it was begun. */
export interface Made<T> {
  readonly value: T;
  readonly policies: Policies;
  /** Whether they are in force now: what others have replaced must not be acted on. */
  readonly stands: () => boolean;
}

/** One set of policies, and how much of what is under way needs it. */
interface Held {
  readonly loaded: Loaded;
  uses: number;
  retired: boolean;
  closed: boolean;
}

/**
 * So many sets that are no longer in force go on beside the one that is; each has threads of its own, some 20 MB of memory
 * and more. What is under way by an older one is cut short: it would only be made again.
 */
const maxRetired = 1;

/**
 * The policies in force. A candidate is proven before it replaces them, in one step; a bad one changes nothing. What is
 * under way goes on with the policies that it was begun with, which are closed when nothing needs them any more, or when
 * others have been replaced since.
 */
export class Activation<Candidate> {
  readonly #load: ActivationOptions<Candidate>['load'];
  readonly #listeners: ActivationListener[] = [];
  readonly #stopping = new AbortController();
  #active: Held | undefined;
  /** In use still, but no longer in force; oldest first. */
  #retired: Held[] = [];
  #running: Promise<unknown> | undefined;
  /** The one that is next: of several that come while one is loaded, the newest. */
  #next: { readonly candidate: Candidate; readonly settle: (result: OfferResult) => void } | undefined;

  constructor({ load }: ActivationOptions<Candidate>) {
    this.#load = load;
  }

  /** Undefined until a first candidate was good: then nothing may be decided. */
  get policies(): Policies | undefined {
    return this.#active?.loaded.policies;
  }

  get revision(): string | undefined {
    return this.#active?.loaded.revision;
  }

  /** What is in force already is told at once. */
  listen(listener: ActivationListener): void {
    this.#listeners.push(listener);
    if (this.#active !== undefined) listener.activated(this.#active.loaded);
  }

  /** Resolves when there is a policy. */
  whenActive(): Promise<void> {
    return new Promise((resolve) => {
      this.listen({ activated: () => resolve(), refused: () => undefined });
    });
  }

  /** Loads a candidate, never two at once, and puts it in force if it is good. Never throws: listeners hear why not. */
  offer(candidate: Candidate): Promise<OfferResult> {
    this.#next?.settle(superseded);
    return new Promise((settle) => {
      this.#next = { candidate, settle };
      this.#running ??= this.#work();
    });
  }

  /** Tells of a candidate that is so bad that it cannot even be offered. */
  refuse(cause: unknown): void {
    for (const { refused } of this.#listeners) refused(cause, this.#active !== undefined);
  }

  /**
   * Does something by the policies in force, which stay usable until it is done.
   * @throws TypeError when there are none
   */
  async use<T>(make: (policies: Policies) => Promise<T>): Promise<Made<T>> {
    const held = this.#active;
    if (held === undefined) throw new TypeError('no policy is in force');
    held.uses += 1;
    try {
      const value = await make(held.loaded.policies);
      return { value, policies: held.loaded.policies, stands: () => this.#active === held };
    } finally {
      held.uses -= 1;
      closeUnused(held);
    }
  }

  /** Ends whatever is being loaded, then the policies in force; offers are refused from now on. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const held = this.#active;
    this.#active = undefined;
    await held?.loaded.close();
  }

  async #work(): Promise<void> {
    for (let offer = this.#next; offer !== undefined; offer = this.#next) {
      this.#next = undefined;
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      offer.settle(await this.#try(offer.candidate));
    }
    this.#running = undefined;
  }

  async #try(candidate: Candidate): Promise<OfferResult> {
    const { signal } = this.#stopping;
    if (signal.aborted) return superseded;
    let loaded: Loaded;
    try {
      loaded = await this.#load(candidate, signal);
    } catch (cause) {
      // What a stop has cut short says nothing of the candidate.
      if (signal.aborted) return superseded;
      this.refuse(cause);
      return { kind: 'refused', cause };
    }
    if (signal.aborted) {
      await loaded.close();
      return superseded;
    }
    const before = this.#active;
    this.#active = { loaded, uses: 0, retired: false, closed: false };
    for (const { activated } of this.#listeners) activated(loaded);
    if (before !== undefined) this.#retire(before);
    return { kind: 'activated' };
  }

  #retire(before: Held): void {
    before.retired = true;
    closeUnused(before);
    const used = [...this.#retired, before].filter(({ closed }) => !closed);
    this.#retired = used.slice(-maxRetired);
    for (const held of used.slice(0, -maxRetired)) close(held);
  }
}

const superseded = { kind: 'superseded' } as const;

function closeUnused(held: Held): void {
  if (held.retired && held.uses === 0) close(held);
}

/** Nothing waits for the end of a thread, and its failing to end is nothing that anybody could mend. */
function close(held: Held): void {
  if (held.closed) return;
  held.closed = true;
  held.loaded.close().catch(() => undefined);
}
