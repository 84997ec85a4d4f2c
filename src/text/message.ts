/** The message of whatever was thrown. Libraries throw strings and plain objects as well as errors. */
export function messageOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  if (typeof cause === 'string') return cause;
  if (
    typeof cause === 'object' &&
    cause !== null &&
    'message' in cause &&
    typeof cause.message === 'string'
  ) {
    return cause.message;
  }
  return 'unknown failure';
}

/** Why a file cannot be read. @param check where its path is said, for one that is not there */
export function whyUnreadable(cause: unknown, check: string): string {
  return isMissing(cause)
    ? `there is no such file: check ${check}, and the mount`
    : `cannot be read: ${messageOf(cause)}`;
}

/** Whether a path leads nowhere. */
function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
