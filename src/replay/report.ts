import type { Explanation } from '../decide/explain.ts';
import type { VerdictKind } from '../decide/verdict.ts';
import type { Gate } from './gate.ts';
import type { SkipReason } from './skipped.ts';

/** A code with its sentence, cut to what is shown. */
export interface ShownReason {
  readonly code: string;
  readonly source: string;
  readonly msg: string;
}

/** One decision of a group. */
export interface Example {
  readonly decision_id: string;
  readonly csr: string;
  readonly username: string;
  readonly timestamp: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly was: readonly ShownReason[];
  readonly now: readonly ShownReason[];
  readonly explain: readonly Explanation[];
}

/** Decisions that came out otherwise than they were logged, all in the same way. */
export interface Change {
  readonly was: VerdictKind;
  readonly now: VerdictKind;
  /** Sorted, each once; undefined in the group of all that are too many to be told apart. */
  readonly codes: { readonly was: readonly string[]; readonly now: readonly string[] } | undefined;
  readonly count: number;
  /** The first ones. */
  readonly examples: readonly Example[];
}

export interface GateResult {
  readonly gate: Gate;
  /** How many decisions it forbids. */
  readonly count: number;
}

export interface SkippedCount {
  readonly reason: SkipReason;
  readonly count: number;
  /** What it was about, as far as that was told, by number and name. */
  readonly details: readonly { readonly detail: string; readonly count: number }[];
}

/** What came of a replay. Does not depend on how many threads decided. */
export interface ReplayReport {
  readonly files: readonly string[];
  /** Which policy decided, and the revisions of the bundles. */
  readonly policy: string;
  readonly revisions: Readonly<Record<string, string>>;
  /** Decided again. */
  readonly decided: number;
  /** Of these: another verdict; the same verdict for other reasons. */
  readonly flipped: number;
  readonly reworded: number;
  readonly changes: readonly Change[];
  readonly skipped: readonly SkippedCount[];
  readonly gates: readonly GateResult[];
}

/** Whether a decision has another verdict, and not only other reasons for the same one. */
export const isFlip = ({ was, now }: Pick<Change, 'was' | 'now'>): boolean => was !== now;
