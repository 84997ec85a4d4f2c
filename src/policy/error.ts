/** An evaluation that gave no usable value. Always the verdict `error`, never an approval. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  /** The module came to its end: only what it said is of no use. */
  readonly orderly: boolean;

  constructor(message: string, { cause, orderly = false }: { cause?: unknown; orderly?: boolean } = {}) {
    super(message, { cause });
    this.orderly = orderly;
  }
}
