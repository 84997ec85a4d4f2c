import { fileURLToPath } from 'node:url';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import { probeFor } from '../decide/probe.ts';
import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import type { SourceConfig } from '../bundle/sources/open.ts';
import { openSource } from '../bundle/sources/open.ts';
import { readOverlays } from '../bundle/overlay-file.ts';
import type { Overlay } from '../bundle/overlay.ts';
import { Isolate, type IsolateOptions } from '../policy/isolate.ts';
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

/**
 * Reads the data overlays of the configuration, and those of the command line beside them.
 * @throws PolicyError OverlayUnreadable
 */
export function configuredOverlays(config: Config, data: readonly string[] = []): Promise<Overlay[]> {
  return readOverlays([...config.policy.data, ...data]);
}

/** Loads the floor and the configured policy; refuses both as a whole if anything is wrong with either. */
export async function loadPolicies(
  config: Config,
  bundle: string | undefined,
  data: readonly string[] = [],
): Promise<Policies> {
  const isolate = new Isolate(isolateOptions(config));
  const files = await fetchBundle(config, bundle);
  return loadPoliciesFrom(config, files, isolate, await configuredOverlays(config, data));
}

/**
 * Verifies, compiles and probes a bundle in an isolate of its own, beside whatever is in force.
 * @param data overlays beside the configured ones; read anew, like these
 * @param signal ends the isolate, and so the load, however long a rule would take
 * @throws PolicyError with nothing left running
 */
export async function loadBundle(
  config: Config,
  files: BundleFiles,
  data: readonly string[],
  signal: AbortSignal,
): Promise<Loaded> {
  const isolate = new Isolate(isolateOptions(config));
  const end = () => void isolate.close();
  signal.addEventListener('abort', end, { once: true });
  try {
    const overlays = await configuredOverlays(config, data);
    const policies = await loadPoliciesFrom(config, files, isolate, overlays);
    const [revision = ''] = [...policies.signers.values()].map((policy) => policy.revision);
    return { policies, revision, close: () => isolate.close() };
  } catch (cause) {
    await isolate.close();
    throw cause;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** What the configuration says of the threads that evaluate. */
function isolateOptions({ limits }: Config): IsolateOptions {
  const { evaluationMs: deadlineMs, evaluationMemoryMiB: maxMiB, workers } = limits;
  return { deadlineMs, maxMiB, workers };
}

/** The same from the files of a bundle and overlays over its data, to be evaluated in that isolate. */
export async function loadPoliciesFrom(
  config: Config,
  files: BundleFiles,
  isolate: Isolate,
  overlays: readonly Overlay[] = [],
): Promise<Policies> {
  const floor = await loadFloor(probeFor, isolate);
  const choice = {
    signers: config.signers,
    entrypoints: config.policy.entrypoints,
    supported: [...floor.needs.keys()],
    probe: probeFor,
    overlays,
  };
  const signers = await loadPolicy(files, choice, isolate);
  return { floor, signers };
}

/** Every signer that a bundle has an entrypoint for. */
export function signersOf(files: BundleFiles): string[] {
  const { entrypoints } = parseBundle(files);
  return [...new Set(entrypoints.map((entrypoint) => readEntrypointCustom(entrypoint).signer_name))].sort();
}
