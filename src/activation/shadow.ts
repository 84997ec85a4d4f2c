import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gather } from '../decide/facts.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { Decided, ShadowOutcome } from '../decide/shadow.ts';
import { decideCandidate, gistOf, isComparable } from '../decide/shadow.ts';
import type { Verdict } from '../decide/verdict.ts';
import type { Activation } from './activation.ts';
import type { TimeShare } from './shadow-share.ts';

/** What both policies say of one request. */
export interface Comparison {
  readonly request: CertificateRequest;
  readonly at: Date;
  readonly active: Verdict;
  readonly candidate: Verdict;
}

/** Told of every comparison that is news. Must not throw. */
export interface ShadowObserver {
  readonly compared: (comparison: Comparison) => void;
  /** Too many waited already. */
  readonly dropped: () => void;
  /** The policies in force had not had their facts. */
  readonly skipped: () => void;
}

/** A decision, while it is to be compared. */
export interface ToCompare extends Decided {
  /** Whether the policies that made it are in force still; else it is made again, and compared then. */
  readonly stands: () => boolean;
  /** Told once what became of it, sooner or later. Must not throw. */
  readonly settled?: ((outcome: ShadowOutcome) => void) | undefined;
}

export interface ShadowOptions<Candidate> {
  /** Of the candidate; nothing is compared while there is none. */
  readonly activation: Activation<Candidate>;
  /** For the facts that the candidate alone asks for. */
  readonly gather: Gather;
  readonly observer: ShadowObserver;
  readonly now: () => Date;
  /** Of how much time the candidate may take. */
  readonly share: Pick<TimeShare, 'spent'>;
  /** Milliseconds; never goes back. */
  readonly clock: () => number;
  readonly limits?: ShadowLimits;
}

interface ShadowLimits {
  readonly waiting: number;
  /** Of all that wait, in characters of JSON: lookups may be large, and so may what a policy says. */
  readonly characters: number;
  /** Requests of which the last comparison is known. */
  readonly known: number;
}

const defaults: ShadowLimits = { waiting: 256, characters: 16 * 1024 * 1024, known: 10_000 };

interface Job {
  readonly work: ToCompare;
  readonly characters: number;
  /** Its request is gone: whatever is found out now is told, and not kept. */
  forgotten: boolean;
}

/**
 * Asks a candidate about what the policies in force have decided: afterwards, one request at a time, and nobody waits for
 * it or acts on it. When more is decided than the candidate keeps up with, the rest is not compared.
 */
export class Shadow<Candidate> {
  readonly #options: ShadowOptions<Candidate>;
  readonly #limits: ShadowLimits;
  /** By uid; the newest decision of each request, the first that came first. */
  readonly #waiting = new Map<string, Job>();
  #characters = 0;
  #running: Job | undefined;
  #working = false;
  /** By uid: what was told last, so that a request that is decided again and again is told once. */
  readonly #told = new Map<string, string>();
  readonly #stopping = new AbortController();

  constructor(options: ShadowOptions<Candidate>) {
    this.#options = options;
    this.#limits = options.limits ?? defaults;
  }

  /** Takes a decision and returns at once. */
  compare(work: ToCompare): void {
    const { activation, observer } = this.#options;
    if (this.#stopping.signal.aborted || activation.policies === undefined) {
      work.settled?.({ status: 'skipped' });
      return;
    }
    if (!isComparable(work.decision)) {
      observer.skipped();
      work.settled?.({ status: 'skipped' });
      return;
    }
    const { uid } = work.request;
    const isFull = this.#waiting.size >= this.#limits.waiting && !this.#waiting.has(uid);
    // What there is no room for anyway is not worth the time that it takes to be measured.
    const characters = isFull ? Infinity : sizeOf(work);
    const before = this.#waiting.get(uid);
    const more = characters - (before?.characters ?? 0);
    if (this.#characters + more > this.#limits.characters) {
      observer.dropped();
      work.settled?.({ status: 'dropped' });
      return;
    }
    before?.work.settled?.({ status: 'superseded' });
    this.#characters += more;
    this.#waiting.set(uid, { work, characters, forgotten: false });
    if (!this.#working) void this.#work();
  }

  /** A request is gone: nothing about it is kept. A comparison that is due is still made, above all of one just approved. */
  forget(uid: string): void {
    this.#told.delete(uid);
    const waiting = this.#waiting.get(uid);
    if (waiting !== undefined) waiting.forgotten = true;
    if (this.#running?.work.request.uid === uid) this.#running.forgotten = true;
  }

  /** Other policies are compared from now on: whatever is found is news again, and what the last ones decided is not waited for. */
  restart(): void {
    this.#told.clear();
    for (const [uid, { work, characters }] of this.#waiting) {
      // It would keep the policies that made it, with their modules and data, for as long as the candidate rests.
      if (work.stands()) continue;
      this.#waiting.delete(uid);
      this.#characters -= characters;
      work.settled?.({ status: 'superseded' });
    }
  }

  /** For good. What is under way ends with the candidate's isolate, and is told to nobody. */
  stop(): void {
    this.#stopping.abort();
    for (const { work } of this.#waiting.values()) work.settled?.({ status: 'superseded' });
    this.#waiting.clear();
    this.#characters = 0;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let job = this.#take(); job !== undefined; job = this.#take()) {
      this.#running = job;
      // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
      const tookMs = await this.#ask(job);
      const restMs = this.#options.share.spent(tookMs);
      // oxlint-disable-next-line no-await-in-loop
      if (restMs > 0) await this.#rest(restMs);
    }
    this.#running = undefined;
    this.#working = false;
  }

  #take(): Job | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [uid, job] = first;
    this.#waiting.delete(uid);
    this.#characters -= job.characters;
    return job;
  }

  /**
   * Has a job compared, unless there is nothing to compare any more.
   * @returns how long that took, in milliseconds: with the facts, since what a list brings is read by the main thread
   */
  async #ask(job: Job): Promise<number> {
    const { activation, gather, clock } = this.#options;
    const { work } = job;
    const begin = clock();
    while (work.stands() && !this.#stopping.signal.aborted && activation.policies !== undefined) {
      // oxlint-disable-next-line no-await-in-loop -- again only when another candidate has come meanwhile
      const made = await activation.use((candidate) => decideCandidate(work, gather, candidate));
      if (!made.stands() || !work.stands() || this.#stopping.signal.aborted) continue;
      // At once: in a later turn it might be told of policies that are compared no more.
      this.#tell(job, made.value);
      const { revision = '' } = made.policies.signers.get(work.request.signerName) ?? {};
      work.settled?.({ status: 'compared', revision, verdict: made.value });
      return clock() - begin;
    }
    work.settled?.({ status: 'superseded' });
    return clock() - begin;
  }

  #tell({ work, forgotten }: Job, candidate: Verdict): void {
    const { request, decision } = work;
    const active = decision.verdict;
    const found = createHash('sha256')
      .update(`${gistOf(active)}\n${gistOf(candidate)}`)
      .digest('base64');
    if (this.#told.get(request.uid) === found) return;
    if (!forgotten) {
      this.#told.delete(request.uid);
      this.#told.set(request.uid, found);
      const [oldest] = this.#told.keys();
      if (this.#told.size > this.#limits.known && oldest !== undefined) this.#told.delete(oldest);
    }
    this.#options.observer.compared({ request, at: this.#options.now(), active, candidate });
  }

  async #rest(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    // Rejects only when it is stopped.
    await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** In characters of JSON; without end for what has no JSON, such as facts that are nested too deeply. */
function sizeOf({ request, decision }: ToCompare): number {
  try {
    return JSON.stringify(decision).length + request.request.length;
  } catch {
    return Infinity;
  }
}
