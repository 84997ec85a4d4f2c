/** What a user can do something about: its message is shown as it is, without a stack, and the exit code is 2. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}
