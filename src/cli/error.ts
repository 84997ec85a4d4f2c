/** A command that could not do what it was asked to: exit code 2. The message says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What every command ends with. */
export const exitCode = {
  /** Yes: approved, decoded, stopped in good order. */
  yes: 0,
  /** No: at least one request would not be approved, or has no single reading. */
  no: 1,
  /** Could not be done. */
  failed: 2,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
