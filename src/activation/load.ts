import { fileURLToPath } from 'node:url';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import { probeFor } from '../decide/probe.ts';
import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import { readBundleFiles } from '../bundle/files.ts';
import { Isolate } from '../policy/isolate.ts';
import { loadFloor } from '../policy/floor.ts';
import { readEntrypointCustom } from '../policy/needs.ts';
import { loadPolicy } from '../policy/policy.ts';
import type { Loaded } from './activation.ts';

// Replaced when the program is built: there the default bundle lies beside the program.
declare const DEFAULT_BUNDLE: string | undefined;

/** Path of the default policy's bundle. */
function defaultBundle(): string {
  const relative = typeof DEFAULT_BUNDLE === 'string' ? DEFAULT_BUNDLE : '../../dist/default.tar.gz';
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** The bundle to use: that of the command line, of the configuration, or the default one. */
export function bundlePath(config: Config, bundle: string | undefined): string {
  return bundle ?? config.policy.bundle ?? defaultBundle();
}

/** Loads the floor and the configured policy; refuses both as a whole if anything is wrong with either. */
export async function loadPolicies(config: Config, bundle: string | undefined): Promise<Policies> {
  const isolate = new Isolate({ deadlineMs: config.limits.evaluationMs });
  return loadPoliciesFrom(config, await readBundleFiles(bundlePath(config, bundle)), isolate);
}

/**
 * Verifies, compiles and probes a bundle in an isolate of its own, beside whatever is in force.
 * @param signal ends the isolate, and so the load, however long a rule would take
 * @throws PolicyError with nothing left running
 */
export async function loadBundle(config: Config, files: BundleFiles, signal: AbortSignal): Promise<Loaded> {
  const isolate = new Isolate({ deadlineMs: config.limits.evaluationMs });
  const end = () => void isolate.close();
  signal.addEventListener('abort', end, { once: true });
  try {
    const policies = await loadPoliciesFrom(config, files, isolate);
    const [revision = ''] = [...policies.signers.values()].map((policy) => policy.revision);
    return { policies, revision, close: () => isolate.close() };
  } catch (cause) {
    await isolate.close();
    throw cause;
  } finally {
    signal.removeEventListener('abort', end);
  }
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
