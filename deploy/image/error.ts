export type ImageErrorCode =
  | 'UsageInvalid'
  | 'ToolsMissing'
  | 'CommandFailed'
  | 'ListInvalid'
  | 'PackageUnavailable'
  | 'PackageChanged'
  | 'FileMissing'
  | 'VersionInvalid'
  | 'VersionTaken';

/** Why no image can be made or pushed. Shown without a stack: the message says what to do. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
