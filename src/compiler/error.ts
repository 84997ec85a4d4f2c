/** Why there is no bundle. Stable codes; the messages say what to do. */
export type BuildErrorCode =
  /** OPA's compiler refuses the policy: the message is opa's own. */
  | 'CompilationFailed'
  | 'CompilationTimeout'
  | 'CompilerCrashed'
  | 'CompilerMissing'
  | 'DirectoryTooLarge'
  | 'DirectoryUnreadable'
  | 'LinkRefused'
  | 'OptionUnreadable'
  | 'OutputInSource'
  | 'OutputUnwritable';

/** A bundle that could not be built. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code: BuildErrorCode;

  constructor(code: BuildErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
