export interface EvaluationErrorOptions {
  readonly cause?: unknown;
  readonly orderly?: boolean;
  readonly overdue?: boolean;
}

/** An evaluation that gave no usable value. Always the verdict `error`, never an approval. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  /** The module came to its end: only what it said is of no use. */
  readonly orderly: boolean;
  /** It took too long, and others had to wait for it. */
  readonly overdue: boolean;

  constructor(message: string, { cause, orderly = false, overdue = false }: EvaluationErrorOptions = {}) {
    super(message, { cause });
    this.orderly = orderly;
    this.overdue = overdue;
  }
}
