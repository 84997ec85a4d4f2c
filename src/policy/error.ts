/** An evaluation that gave no usable value. Always the verdict `error`, never an approval. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
