import { createHash } from 'node:crypto';
import { safeJson } from '../text/json.ts';
import { fileHashes } from './algorithms.ts';
import { canonicalHash } from './canonical-json.ts';
import { PolicyError } from './error.ts';
import type { BundleFiles } from './files.ts';
import { baseName, isStructured, readLiteral } from './structured.ts';
import { type SignedFile, verifiedPayload } from './signature-token.ts';
import type { Verification } from './verification-key.ts';

const signatureFile = '.signatures.json';

const changedSince = 'sign it again, or find out who changed it';

/**
 * Verifies what `opa sign` and `opa build --signing-key` write: one JWT over the names and hashes of exactly the files
 * that are there. The files are those of the archive, before anything was read out of them.
 * @returns the signed files, without the signature
 * @throws PolicyError Signature… | Key…
 */
export async function verifySignature(files: BundleFiles, verification: Verification): Promise<BundleFiles> {
  const signatures = [...files.keys()].filter((path) => baseName(path) === signatureFile);
  const { keys } = verification;
  if (signatures.length === 0 && keys.length === 0) return files;
  if (keys.length === 0) {
    // As opa does. A signature that nobody verifies looks like one that somebody did.
    throw new PolicyError(
      'SignatureUnverifiable',
      'the bundle is signed, and no key is configured: name the key under policy.keys of the configuration',
    );
  }
  const content = files.get(signatureFile);
  if (content === undefined) {
    throw new PolicyError(
      'SignatureMissing',
      `keys are configured, and the bundle has no ${signatureFile}: sign it with \`opa build --signing-key\` or \`opa sign\``,
    );
  }
  if (signatures.length > 1) {
    throw new PolicyError('SignatureMalformed', `there are several signatures: ${list(signatures)}`);
  }
  const { files: signed } = await verifiedPayload(content, verification);
  const rest = new Map([...files].filter(([path]) => path !== signatureFile));
  checkSet(rest, signed);
  for (const file of signed) checkFile(file, rest.get(file.name) ?? new Uint8Array());
  return rest;
}

/** No file may be missing, none may be there in addition, and none may be signed twice. */
function checkSet(files: BundleFiles, signed: readonly SignedFile[]): void {
  const names = new Set<string>();
  const twice = new Set<string>();
  for (const { name } of signed) (names.has(name) ? twice : names).add(name);
  const problems: readonly (readonly [string, readonly string[]])[] = [
    ['not signed', [...files.keys()].filter((path) => !names.has(path))],
    ['signed, and not in the bundle', [...names].filter((name) => !files.has(name))],
    ['signed twice', [...twice]],
  ];
  const said = problems.filter(([, paths]) => paths.length > 0);
  if (said.length === 0) return;
  throw new PolicyError(
    'SignatureFiles',
    `the signature is for other files than the bundle's: ${said.map(([what, paths]) => `${what}: ${list(paths)}`).join('; ')}; ${changedSince}`,
  );
}

/** Structured files are hashed as the values that will be read out of them, all others as bytes. */
function checkFile({ name, hash, algorithm }: SignedFile, bytes: Uint8Array): void {
  const digest = fileHashes.get(algorithm);
  if (digest === undefined) {
    throw new PolicyError(
      'SignatureHashWeak',
      `${safeJson(name)} is signed by hash ${safeJson(algorithm)}: expected is one of ${[...fileHashes.keys()].join(', ')}`,
    );
  }
  const found = isStructured(name)
    ? canonicalHash(
        readLiteral(bytes, name, baseName(name) === '.manifest' ? 'ManifestInvalid' : 'DataInvalid'),
        digest,
      )
    : createHash(digest).update(bytes).digest('hex');
  if (found !== hash.toLowerCase()) {
    throw new PolicyError('SignatureFiles', `${safeJson(name)} is not what was signed; ${changedSince}`);
  }
}

function list(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).map((path) => safeJson(path.slice(0, 256)));
  return [...shown, ...(paths.length > 5 ? [`and ${String(paths.length - 5)} more`] : [])].join(', ');
}
