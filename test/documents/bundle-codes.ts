import type { PolicyErrorCode } from '../../src/bundle/error.ts';
import type { SourceErrorCode } from '../../src/bundle/source-codes.ts';

/** What a code means, and what to do. */
type Row = readonly [meaning: string, remedy: string];

/** What data overlays and sources are refused by has tables of its own. */
export type BundleCode = Exclude<PolicyErrorCode, SourceErrorCode | `Overlay${string}`>;

/** Every code with which a bundle is refused. */
const codes: Readonly<Record<BundleCode, Row>> = {
  BundleNotFound: [
    'there is no such file or directory, or it cannot be read',
    'check `policy.bundle` or `--bundle`, and the mount',
  ],
  BundleUnreadable: [
    'no gzip-compressed tar archive, cut off, or with something behind its end; or a file that is not UTF-8',
    'take the archive as `opa build` wrote it',
  ],
  BundleTooLarge: [
    'more than 4096 members, 32 MiB in one or 64 MiB in all',
    'keep large data out of the bundle',
  ],
  BundlePathInvalid: [
    'a member whose path leads out of the bundle, or could be read in two ways',
    'name files plainly: no `..`, `.`, `//`, backslash or control character',
  ],
  BundleEntryRefused: [
    'a link, a device, a sparse file, or a file that is there twice',
    'pack files and directories, and nothing else',
  ],
  BundleDelta: ['a delta bundle', 'serve snapshots'],
  ManifestMissing: ['no `.manifest`', 'build with `opa build -b DIR -t wasm`'],
  ManifestInvalid: [
    'a manifest with a wrong field, a key twice, an entrypoint twice; or several manifests',
    'build again; have one `.manifest`',
  ],
  RegoVersionUnknown: ['a version of Rego that is neither 0 nor 1', 'build with OPA 1.x'],
  RootsInvalid: [
    'no roots, roots that overlap, or data, a package or an entrypoint outside of them',
    'name in `.manifest` what the bundle owns, and build with `-b`',
  ],
  DataInvalid: [
    'data that is no object, is set twice, has a key twice, or words and numbers that are not the same for every reader',
    'the message names file and path; put in quotes what is text',
  ],
  WasmMissing: ['no WebAssembly module', 'build with `-t wasm`, from a rule with `entrypoint: true`'],
  WasmAmbiguous: ['several modules', 'build one bundle of all sources'],
  WasmInvalid: ["the module is damaged, or none of OPA's", 'build again'],
  AbiUnsupported: ['a module of another interface between policy and host', 'build with OPA 1.x'],
  BuiltinUnsupported: [
    'a rule calls what WebAssembly has not; function, rule, file and line are named',
    'write it without; `opa build --capabilities` finds it sooner',
  ],
  AnnotationsMissing: ['no entrypoint has METADATA', 'annotate the rule, and build without `-O`'],
  AnnotationInvalid: ['METADATA with a field or a fact that is unknown', 'see [the contract](#the-contract)'],
  SignerNotSupported: ['a signer that no floor is for', 'use the signers of kubelets'],
  EntrypointMissing: [
    'a configured signer, or a configured entrypoint, that the bundle has not',
    'add the rule, or take it out of `signers` or `policy.entrypoints`',
  ],
  EntrypointAmbiguous: ['several entrypoints for one signer', 'name one in `policy.entrypoints`'],
  FactsConflict: [
    'two entrypoints, or a policy and the floor, mean different facts by one name',
    'rename one',
  ],
  LookupInvalid: ['a lookup in the data is malformed', 'the message names its path'],
  DecisionInvalid: [
    'the entrypoint is undefined, fails, or has the wrong shape, for a plain request',
    'evaluate it with `opa eval`',
  ],
  MaskInvalid: [
    '`data.system.log.mask` or `drop` is no entrypoint, or gives nothing usable for a plain line',
    'see [what is logged](#masks-of-the-decision-log)',
  ],
  ConfigErrors: ['the policy finds something wrong with its data', 'the message names the knob'],
  KeyUnreadable: ['the file of a key cannot be read', 'check `policy.keys` and the mount'],
  KeyInvalid: [
    'a key that does not fit its algorithm, a private key, RSA below 2048 bits, a short secret',
    'give the public key, and the algorithm that it is for',
  ],
  SignatureMissing: ['a key is configured, and the bundle is not signed', 'sign it: [Signing](#signing)'],
  SignatureUnverifiable: ['the bundle is signed, and no key is configured', 'name the key in `policy.keys`'],
  SignatureMalformed: ['`.signatures.json` is none, or holds not exactly one JWT', 'sign again'],
  SignatureKeyUnknown: [
    'signed by a key that is not configured, or by no named one of several',
    'name keys as whoever signs does',
  ],
  SignatureAlgorithm: [
    'signed by another algorithm than the key is configured for',
    'find out who signed; the configuration is what counts',
  ],
  SignatureInvalid: ['not signed by that key', 'find out who signed'],
  SignatureScope: ['signed for another scope', 'take the bundle of this environment, or set `policy.scope`'],
  SignatureFiles: ['a file was changed, added or removed after signing', 'find out by whom; sign again'],
  SignatureHashWeak: ['a file is signed by less than SHA-256', 'sign with `opa`'],
};

export function bundleCodesTable(): string {
  const rows = Object.entries(codes).map(
    ([code, [meaning, remedy]]) => `| \`${code}\` | ${meaning} | ${remedy} |`,
  );
  return ['| code | meaning | what to do |', '|---|---|---|', ...rows].join('\n');
}
