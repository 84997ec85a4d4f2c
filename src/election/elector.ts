import { sleep, systemClock, type Clock } from '../controller/clock.ts';
import { isNotFound, isStatus, KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { Election } from './election.ts';
import { claimed, readLease, transitionsOf } from './lease.ts';
import type { CallOptions, ElectorOptions } from './options.ts';
import { release } from './release.ts';

/** As client-go's JitterFactor: those that stand by ask after 1 to 2.2 retry periods. */
const jitter = 1.2;

/** Takes the Lease when it is free, renews it, and says at any moment whether that holds. Runs until stopped. */
export class Elector {
  readonly #options: ElectorOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #election: Election;
  readonly #stopping = new AbortController();
  /** Our Lease as the API server last answered it; undefined when that may no longer be so. */
  #held: KubeObject | undefined;
  #retired = false;
  #term = 0;
  #hasRead = false;
  /** The Lease may be ours, even if we have never heard so. */
  #hasWritten = false;
  #followed: string | undefined;
  #failure: unknown;
  #problem: string | undefined;
  #running: Promise<void> | undefined;
  #cancelAlarm: () => void = () => undefined;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#election = new Election(options.identity, options.times);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Whether something may be begun now. Asked in the very turn in which it is. */
  mayAct(): boolean {
    this.#expire();
    return this.#election.leading;
  }

  /** How often it has begun to lead. */
  get term(): number {
    return this.#term;
  }

  /** How long the Lease is ours, at least: what is begun now must be over by then. */
  leftMs(): number {
    return Math.max(0, this.#election.heldUntil - this.#clock.now());
  }

  /** How long another one may act still, by what has been seen, be the Lease deleted or emptied since then. */
  othersForMs(): number {
    return Math.max(0, this.#election.othersUntil - this.#clock.now());
  }

  /** As it was read last, unescaped; empty: nobody, or it has not been read. */
  get holder(): string {
    return this.#election.holder;
  }

  /** The Lease has been read or written once. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  /** Why the last try failed; undefined when it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** What is wrong with what is in the Lease. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Goes on leading, if it does, and takes nothing any more. */
  retire(): void {
    this.#retired = true;
  }

  /**
   * Leads no longer. Resolves when the last call is over, in a few seconds.
   * @param handOver whether nothing that was begun is under way any more, so that another one may begin at once
   */
  async stop(handOver: boolean): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#end('it is stopping');
    this.#cancelAlarm();
    if (!handOver || !this.#hasWritten) return;
    try {
      await release(this.#options);
    } catch (cause) {
      this.#options.observer.failed(cause);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try at a time
        await this.#try();
        this.#failure = undefined;
      } catch (cause) {
        this.#held = undefined;
        if (signal.aborted) break;
        this.#failure = cause;
        this.#options.observer.failed(cause);
      }
      // oxlint-disable-next-line no-await-in-loop
      await sleep(this.#clock, this.#delayMs(), signal);
    }
  }

  /** Renews, or looks who leads, and takes the Lease if it is free. */
  async #try(): Promise<void> {
    const election = this.#election;
    if (this.mayAct() && this.#held !== undefined && (await this.#write(this.#held))) return;
    if (this.#retired && !election.leading) return;
    const lease = await this.#options.store.get(this.#call());
    const reading = lease && readLease(lease, this.#options.times);
    this.#hasRead = true;
    const led = election.leading;
    election.saw(reading, this.#clock.now());
    if (led && !election.leading) this.#ended('another one has taken the Lease');
    this.#problem = reading?.problem;
    this.#expire();
    if (election.wants(this.#clock.now()) && (election.leading || !this.#retired)) {
      if (await this.#write(lease)) return;
    }
    this.#follow();
  }

  /** @returns whether it is ours now; false when somebody else was faster */
  async #write(lease: KubeObject | undefined): Promise<boolean> {
    const { identity, times, store, now } = this.#options;
    this.#hasWritten = true;
    const beganAt = this.#clock.now();
    const body = claimed(lease, identity, times, now());
    let answer: KubeObject;
    try {
      answer = await (lease === undefined ? store.create(body, this.#call()) : store.put(body, this.#call()));
    } catch (cause) {
      this.#held = undefined;
      const isGone = lease !== undefined && isNotFound(cause);
      if (isGone || isStatus(cause, 409)) return false;
      throw cause;
    }
    const reading = readLease(answer, times);
    if (reading.holder !== identity) {
      throw new KubeError({
        kind: 'protocol',
        reason: 'NotOurLease',
        message: 'the answer to our write of the Lease names another holder',
        uncertain: true,
      });
    }
    this.#took(answer, beganAt);
    return true;
  }

  #took(lease: KubeObject, beganAt: number): void {
    // Of a process that stood still meanwhile it comes too late; the next try reads how things are.
    if (this.#clock.now() >= beganAt + this.#options.times.renewMs) return;
    const led = this.#election.leading;
    this.#election.took(readLease(lease, this.#options.times), beganAt);
    this.#held = lease;
    this.#hasRead = true;
    this.#problem = undefined;
    this.#followed = undefined;
    this.#setAlarm();
    if (led) return;
    this.#term += 1;
    this.#options.observer.began(transitionsOf(lease));
  }

  #follow(): void {
    const { holder } = this.#election;
    if (this.#election.leading || this.#followed === holder) return;
    this.#followed = holder;
    this.#options.observer.follows(holder);
  }

  /** Ends it when its time has come, also while a call hangs. */
  #setAlarm(): void {
    this.#cancelAlarm();
    const ms = this.#election.actsUntil - this.#clock.now();
    this.#cancelAlarm = this.#clock.after(ms, () => {
      this.#expire();
      if (this.#election.leading) this.#setAlarm();
    });
  }

  #expire(): void {
    const election = this.#election;
    if (!election.leading || election.mayAct(this.#clock.now())) return;
    this.#end(`the Lease was not renewed for ${String(this.#options.times.renewMs / 1000)} s`);
  }

  #end(why: string): void {
    if (!this.#election.leading) return;
    this.#election.stop();
    this.#ended(why);
  }

  #ended(why: string): void {
    this.#held = undefined;
    this.#cancelAlarm();
    this.#options.observer.ended(why);
  }

  /** Several tries fit into the time in which a leader must renew. */
  #call(): CallOptions {
    return { timeoutMs: this.#options.times.renewMs / 3, signal: this.#stopping.signal };
  }

  #delayMs(): number {
    const { retryMs, leaseMs } = this.#options.times;
    if (this.#election.leading) return retryMs;
    const asked = this.#failure instanceof KubeError ? (this.#failure.retryAfterSeconds ?? 0) * 1000 : 0;
    const full = Math.max(retryMs * (1 + jitter * this.#random()), Math.min(asked, leaseMs));
    // Others that stand by look then, too: not in the same moment.
    const until = this.#election.othersUntil - this.#clock.now() + (retryMs / 10) * this.#random();
    return until > 0 && until < full ? until : full;
  }
}
