export interface EvaluationErrorOptions {
  readonly cause?: unknown;
  readonly orderly?: boolean;
  readonly overdue?: boolean;
  readonly isUndefined?: boolean;
}

/** An evaluation that gave no usable value. Always the verdict `error`, never an approval. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  /** The module came to its end: only what it said is of no use. */
  readonly orderly: boolean;
  /** It took too long, and others had to wait for it. */
  readonly overdue: boolean;
  /** The rule is undefined for this input, which is no failure of its evaluation. */
  readonly isUndefined: boolean;

  constructor(message: string, options: EvaluationErrorOptions = {}) {
    const { cause, orderly = false, overdue = false, isUndefined = false } = options;
    super(message, { cause });
    this.orderly = orderly;
    this.overdue = overdue;
    this.isUndefined = isUndefined;
  }
}
