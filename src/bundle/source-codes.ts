/** Why a bundle could not be had from where it comes from. */
export type SourceErrorCode =
  // what the configuration says
  | 'SourceUnsupported'
  | 'SourceInvalid'
  | 'SourceInsecure'
  | 'SourceCredentials'
  // the way there
  | 'SourceUnreachable'
  | 'SourceUntrusted'
  | 'SourceTimeout'
  | 'SourceRedirect'
  | 'SourceStopped'
  // what it answered
  | 'SourceUnauthorized'
  | 'SourceForbidden'
  | 'SourceNotFound'
  | 'SourceThrottled'
  | 'SourceUnavailable'
  | 'SourceStatus'
  | 'SourceTruncated'
  | 'SourceContent'
  | 'SourceManifest'
  | 'SourceDigest'
  | 'SourceChanging';
