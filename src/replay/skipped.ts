/**
 * Why a record of a log is not decided again, in the order in which they are told. `open` counts for the gate
 * `undecidable`: it was a decision of ours, or nobody can tell that it was not.
 */
export const skipReasons = {
  LineTooLong: { open: true, meaning: 'longer than 8 MiB: no decision is' },
  LineBroken: { open: true, meaning: 'begins as JSON and is none: cut off, or damaged' },
  FileBroken: { open: true, meaning: 'the rest of a compressed file is cut off, or damaged' },
  FormatNewer: {
    open: true,
    meaning: 'written by a newer version of the program: replay it with that version',
  },
  LineInvalid: { open: true, meaning: 'a field is not as the program writes it' },
  Masked: {
    open: true,
    meaning: 'a mask took or replaced a part of the input, or of the request in its place',
  },
  InputLeftOut: { open: true, meaning: 'the program left the input out, and said why' },
  InputInvalid: { open: true, meaning: 'the input is none of this version' },
  RequestLeftOut: {
    open: true,
    meaning: 'not decoded when it was decided, and the request is not there to be decoded now',
  },
  FactMissing: { open: true, meaning: 'the policy asks for a fact that was not gathered then' },
  Duplicate: { open: false, meaning: 'the same decision once more' },
  ForeignDecision: { open: false, meaning: 'a decision of another program' },
  OtherLine: { open: false, meaning: 'no decision: a line of another log' },
} as const;

export type SkipReason = keyof typeof skipReasons;

/** A record that is not decided again. */
export interface Skipped {
  readonly skipped: SkipReason;
  /** Which part of it: a few words of a bounded number, or somebody else's text. */
  readonly details: readonly string[];
}

export function skip(reason: SkipReason, ...details: readonly string[]): Skipped {
  return { skipped: reason, details };
}
