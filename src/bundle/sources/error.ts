import { PolicyError } from '../error.ts';
import type { SourceErrorCode } from '../source-codes.ts';

export interface SourceErrorOptions extends ErrorOptions {
  /** What the server asked for with `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfterMs?: number | undefined;
}

/** A bundle that could not be fetched. The messages hold no credentials, and nothing of what a server wrote unescaped. */
export class SourceError extends PolicyError {
  readonly retryAfterMs: number | undefined;

  constructor(code: SourceErrorCode, message: string, options: SourceErrorOptions = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}
