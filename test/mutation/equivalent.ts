/** A mutant that no test can kill, because it does what the original does; and why that is so. */
export interface Equivalent {
  readonly file: string;
  /** The line, and what becomes of it, in single blanks. */
  readonly original: string;
  readonly mutated: string;
  readonly reason: string;
}

export const equivalents: readonly Equivalent[] = [];
