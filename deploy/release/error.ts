export type ReleaseErrorCode =
  | 'UsageInvalid'
  | 'VersionInvalid'
  | 'VersionNotNewer'
  | 'VersionTaken'
  | 'VersionUnstated'
  | 'TagUnfit'
  | 'TreeDirty'
  | 'BranchWrong'
  | 'BranchBehind'
  | 'RemoteUnreachable'
  | 'ChangelogInvalid'
  | 'ChangelogEmpty'
  | 'ChangelogLeftover'
  | 'TestsFailed'
  | 'BuildFailed'
  | 'DigestDiffers'
  | 'PushRejected';

/** Why there is no release, or not all of it. Shown without a stack: the message says what to do. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly code: ReleaseErrorCode;

  constructor(code: ReleaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
