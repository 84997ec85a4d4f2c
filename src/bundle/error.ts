import type { SourceErrorCode } from './sources/codes.ts';

/** Why a bundle cannot be used. Stable codes; the messages say what to do. */
export type PolicyErrorCode =
  | 'BundleNotFound'
  | 'BundleUnreadable'
  | 'BundleTooLarge'
  | 'BundlePathInvalid'
  | 'BundleEntryRefused'
  | 'BundleDelta'
  | 'ManifestMissing'
  | 'ManifestInvalid'
  | 'RootsInvalid'
  | 'DataInvalid'
  | 'WasmMissing'
  | 'WasmInvalid'
  | 'BuiltinUnsupported'
  | 'AnnotationsMissing'
  | 'AnnotationInvalid'
  | 'SignerNotSupported'
  | 'EntrypointMissing'
  | 'EntrypointAmbiguous'
  | 'FactsConflict'
  | 'LookupInvalid'
  | 'DecisionInvalid'
  | 'ConfigErrors'
  | SourceErrorCode;

/** A policy that cannot be loaded. Never raised by the content of a request. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
