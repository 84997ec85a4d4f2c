import { gistOf } from '../decide/shadow.ts';
import type { Shown } from '../decide/shown.ts';
import { showVerdict } from '../decide/shown.ts';
import { escapeText } from '../text/escape.ts';
import type { Comparison } from './shadow.ts';

/** One request of which the candidate thinks otherwise. */
export interface Difference {
  readonly csr: string;
  readonly uid: string;
  readonly requestor: string;
  readonly at: string;
  readonly active: Shown;
  readonly candidate: Shown;
}

export interface ShadowStatus {
  /** When the counts began: with the last activation of either policy. */
  readonly since: string;
  readonly compared: number;
  /** Of these, the ones with one verdict, but other reason codes. */
  readonly other_reasons: number;
  readonly skipped: number;
  readonly dropped: number;
  /** By `active->candidate`. */
  readonly drift: Readonly<Record<string, number>>;
  /** Newest first; the last difference of each request. */
  readonly differing: readonly Difference[];
}

/** Most differences that are listed. */
const maxListed = 100;

/** How far two verdicts are from each other. */
export function distanceOf({
  active,
  candidate,
}: Pick<Comparison, 'active' | 'candidate'>): 'none' | 'reasons' | 'verdict' {
  if (active.kind !== candidate.kind) return 'verdict';
  return gistOf(active) === gistOf(candidate) ? 'none' : 'reasons';
}

/** Keeps account of what a candidate would decide otherwise. */
export class ShadowRecord {
  #since: Date;
  #counts = { compared: 0, other_reasons: 0, skipped: 0, dropped: 0 };
  readonly #drift = new Map<string, number>();
  /** By uid, oldest first. */
  readonly #differing = new Map<string, Difference>();

  /** @param now when it begins */
  constructor(now: Date) {
    this.#since = now;
  }

  /** Other policies are compared: what was found of the ones before says nothing of them. */
  restart(now: Date): void {
    this.#since = now;
    this.#counts = { compared: 0, other_reasons: 0, skipped: 0, dropped: 0 };
    this.#drift.clear();
    this.#differing.clear();
  }

  compared(comparison: Comparison): void {
    this.#counts.compared += 1;
    const distance = distanceOf(comparison);
    if (distance === 'reasons') this.#counts.other_reasons += 1;
    if (distance === 'verdict') this.#differs(comparison);
  }

  skipped(): void {
    this.#counts.skipped += 1;
  }

  dropped(): void {
    this.#counts.dropped += 1;
  }

  get status(): ShadowStatus {
    return {
      since: this.#since.toISOString(),
      ...this.#counts,
      drift: Object.fromEntries([...this.#drift].sort(([a], [b]) => (a < b ? -1 : 1))),
      differing: [...this.#differing.values()].toReversed(),
    };
  }

  #differs({ request, at, active, candidate }: Comparison): void {
    const drift = `${active.kind}->${candidate.kind}`;
    this.#drift.set(drift, (this.#drift.get(drift) ?? 0) + 1);
    this.#differing.delete(request.uid);
    this.#differing.set(request.uid, {
      csr: escapeText(request.name),
      uid: escapeText(request.uid),
      requestor: escapeText(request.username),
      at: at.toISOString(),
      active: showVerdict(active),
      candidate: showVerdict(candidate),
    });
    const [oldest] = this.#differing.keys();
    if (this.#differing.size > maxListed && oldest !== undefined) this.#differing.delete(oldest);
  }
}
