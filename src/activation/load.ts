import { fileURLToPath } from 'node:url';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import { probeFor } from '../decide/probe.ts';
import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import { readBundleFiles } from '../bundle/files.ts';
import { verifySignature } from '../bundle/signature.ts';
import { Isolate } from '../policy/isolate.ts';
import { loadFloor } from '../policy/floor.ts';
import { readEntrypointCustom } from '../policy/needs.ts';
import { loadPolicy } from '../policy/policy.ts';
import { readVerification } from './verification.ts';

// Replaced when the program is built: there the default bundle lies beside the program.
declare const DEFAULT_BUNDLE: string | undefined;

/** Path of the default policy's bundle. */
function defaultBundle(): string {
  const relative = typeof DEFAULT_BUNDLE === 'string' ? DEFAULT_BUNDLE : '../../dist/default.tar.gz';
  return fileURLToPath(new URL(relative, import.meta.url));
}

/**
 * The files of the bundle to use: that of the command line, or of the configuration, held to the keys of the
 * configuration. Without either it is the default one, a part of the program: who could change it could change this.
 */
export async function readBundle(config: Config, bundle: string | undefined): Promise<BundleFiles> {
  const verification = await readVerification(config.policy);
  const path = bundle ?? config.policy.bundle;
  if (path === undefined) return readBundleFiles(defaultBundle());
  return verifySignature(await readBundleFiles(path), verification);
}

/** Loads the floor and the configured policy; refuses both as a whole if anything is wrong with either. */
export async function loadPolicies(config: Config, bundle: string | undefined): Promise<Policies> {
  const isolate = new Isolate({ deadlineMs: config.limits.evaluationMs });
  return loadPoliciesFrom(config, await readBundle(config, bundle), isolate);
}

/** The same from the files of a bundle, to be evaluated in that isolate. */
export async function loadPoliciesFrom(
  config: Config,
  files: BundleFiles,
  isolate: Isolate,
): Promise<Policies> {
  const floor = await loadFloor(probeFor, isolate);
  const choice = {
    signers: config.signers,
    entrypoints: config.policy.entrypoints,
    supported: [...floor.needs.keys()],
    probe: probeFor,
  };
  const signers = await loadPolicy(files, choice, isolate);
  return { floor, signers };
}

/** Every signer that a bundle has an entrypoint for. */
export function signersOf(files: BundleFiles): string[] {
  const { entrypoints } = parseBundle(files);
  return [...new Set(entrypoints.map((entrypoint) => readEntrypointCustom(entrypoint).signer_name))].sort();
}
