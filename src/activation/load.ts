import { fileURLToPath } from 'node:url';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import { probeFor } from '../decide/probe.ts';
import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import type { SourceConfig } from '../bundle/sources/open.ts';
import { openSource } from '../bundle/sources/open.ts';
import { Isolate } from '../policy/isolate.ts';
import { loadFloor } from '../policy/floor.ts';
import { readEntrypointCustom } from '../policy/needs.ts';
import { loadPolicy } from '../policy/policy.ts';

// Replaced when the program is built: there the default bundle lies beside the program.
declare const DEFAULT_BUNDLE: string | undefined;

/** Path of the default policy's bundle. */
function defaultBundle(): string {
  const relative = typeof DEFAULT_BUNDLE === 'string' ? DEFAULT_BUNDLE : '../../dist/default.tar.gz';
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Where the bundle comes from: that of the command line, of the configuration, or the default one. */
export function sourceOf(config: Config, bundle: string | undefined): SourceConfig {
  return { ...config.policy, bundle: bundle ?? config.policy.bundle ?? defaultBundle() };
}

/** The files of that bundle, fetched once. */
export async function fetchBundle(config: Config, bundle: string | undefined): Promise<BundleFiles> {
  const source = openSource(sourceOf(config, bundle));
  const fetched = await source.fetch(undefined, new AbortController().signal);
  if (fetched === undefined) throw new Error('a source gave nothing to one who knows nothing');
  return fetched.files;
}

/** Loads the floor and the configured policy; refuses both as a whole if anything is wrong with either. */
export async function loadPolicies(config: Config, bundle: string | undefined): Promise<Policies> {
  const isolate = new Isolate({ deadlineMs: config.limits.evaluationMs });
  return loadPoliciesFrom(config, await fetchBundle(config, bundle), isolate);
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
