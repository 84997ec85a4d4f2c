import type { SourceErrorCode } from './source-codes.ts';
import { printable } from '../text/json.ts';

/** Longest message: it names parts of a bundle, and whoever made that may be a stranger. */
const maxLength = 2048;

/** Why a bundle cannot be used. Stable codes; the messages say what to do. policies/README.md lists them all. */
export type PolicyErrorCode =
  | 'BundleNotFound'
  | 'BundleUnreadable'
  | 'BundleTooLarge'
  | 'BundlePathInvalid'
  | 'BundleEntryRefused'
  | 'BundleDelta'
  | 'ManifestMissing'
  | 'ManifestInvalid'
  | 'RegoVersionUnknown'
  | 'RootsInvalid'
  | 'DataInvalid'
  | 'WasmMissing'
  | 'WasmAmbiguous'
  | 'WasmInvalid'
  | 'AbiUnsupported'
  | 'BuiltinUnsupported'
  | 'AnnotationsMissing'
  | 'AnnotationInvalid'
  | 'SignerNotSupported'
  | 'EntrypointMissing'
  | 'EntrypointAmbiguous'
  | 'FactsConflict'
  | 'LookupInvalid'
  | 'DecisionInvalid'
  | 'MaskInvalid'
  | 'OverlayUnreadable'
  | 'OverlayPathUnknown'
  | 'OverlayTypeWrong'
  | 'OverlayConflict'
  | 'ConfigErrors'
  | 'KeyUnreadable'
  | 'KeyInvalid'
  | 'SignatureMissing'
  | 'SignatureUnverifiable'
  | 'SignatureMalformed'
  | 'SignatureKeyUnknown'
  | 'SignatureAlgorithm'
  | 'SignatureInvalid'
  | 'SignatureScope'
  | 'SignatureFiles'
  | 'SignatureHashWeak'
  | SourceErrorCode;

/** A policy that cannot be loaded. Never raised by the content of a request. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string, options?: ErrorOptions) {
    super(printable(message.slice(0, maxLength)), options);
    this.code = code;
  }
}
