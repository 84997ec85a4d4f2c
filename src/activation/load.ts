import { fileURLToPath } from 'node:url';
import type { Config } from '../config/schema.ts';
import type { Policies } from '../decide/decide.ts';
import { probeFor } from '../decide/probe.ts';
import { parseBundle } from '../bundle/bundle.ts';
import type { BundleFiles } from '../bundle/files.ts';
import { readOverlays } from '../bundle/overlay-file.ts';
import type { Overlay } from '../bundle/overlay.ts';
import { verifySignature } from '../bundle/signature.ts';
import type { SourceConfig } from '../bundle/sources/open.ts';
import { openSource } from '../bundle/sources/open.ts';
import { Isolate, type IsolateOptions } from '../policy/isolate.ts';
import { loadFloor } from '../policy/floor.ts';
import { noFacts, readEntrypointCustom, unionOfNeeds } from '../policy/needs.ts';
import { loadPolicy } from '../policy/policy.ts';
import type { Loaded } from './activation.ts';
import { named } from './named.ts';
import { readVerification } from './verification.ts';

// Replaced when the program is built: there the default bundle lies beside the program.
declare const DEFAULT_BUNDLE: string | undefined;

/** Path of the default policy's bundle. */
function defaultBundle(): string {
  const relative = typeof DEFAULT_BUNDLE === 'string' ? DEFAULT_BUNDLE : '../../dist/default.tar.gz';
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** What the command line says beside the configuration. */
export interface PolicyOptions {
  /** In place of the configured bundle. */
  readonly bundle?: string;
  /** Data overlays beside the configured ones. */
  readonly data?: readonly string[];
}

/** The configuration with what the command line says of the policy. */
export function withOptions(config: Config, { bundle, data = [] }: PolicyOptions): Config {
  const { policy } = config;
  return {
    ...config,
    policy: { ...policy, bundle: bundle ?? policy.bundle, data: [...policy.data, ...data] },
  };
}

/** Where the bundle to use comes from: as configured, or the default one. */
export function sourceOf({ policy }: Config): SourceConfig {
  return { ...policy, bundle: policy.bundle ?? defaultBundle() };
}

/** Of the bundle to use, for messages; without credentials. */
const nameOf = (config: Config): string => openSource(sourceOf(config)).name;

/**
 * Holds a configured bundle to the configured keys, as their files are now. The default one is a part of the program:
 * who could change it could change this.
 * @throws PolicyError Key… | Signature…
 */
async function verified({ policy }: Config, files: BundleFiles): Promise<BundleFiles> {
  const verification = await readVerification(policy);
  return policy.bundle === undefined ? files : verifySignature(files, verification);
}

/** The files of the bundle to use, fetched once and held to the keys. */
export async function readBundle(config: Config): Promise<BundleFiles> {
  const source = openSource(sourceOf(config));
  return named(source.name, async () => {
    const fetched = await source.fetch(undefined, new AbortController().signal);
    if (fetched === undefined) throw new TypeError('a source gave nothing to one who knows nothing');
    return verified(config, fetched.files);
  });
}

/**
 * Reads the data overlays.
 * @throws PolicyError OverlayUnreadable
 */
export function configuredOverlays({ policy }: Config): Promise<Overlay[]> {
  return readOverlays(policy.data);
}

/**
 * Loads the floor and the configured policy; refuses both as a whole if anything is wrong with either. Their thread ends
 * with the process.
 */
export function loadPolicies(config: Config): Promise<Policies> {
  return loadInto(new Isolate(isolateOptions(config)), config);
}

/** The same for as long as somebody uses them, with their thread. */
export async function withPolicies<T>(config: Config, use: (policies: Policies) => T): Promise<Awaited<T>> {
  const isolate = new Isolate(isolateOptions(config));
  try {
    return await use(await loadInto(isolate, config));
  } finally {
    await isolate.close();
  }
}

async function loadInto(isolate: Isolate, config: Config): Promise<Policies> {
  const files = await readBundle(config);
  const overlays = await configuredOverlays(config);
  return named(nameOf(config), () => loadPoliciesFrom(config, files, isolate, overlays));
}

/**
 * Verifies, compiles and probes a bundle in an isolate of its own, beside whatever is in force.
 * @param files as they were fetched
 * @param signal ends the isolate, and so the load, however long a rule would take
 * @throws PolicyError with nothing left running
 */
export async function loadBundle(config: Config, files: BundleFiles, signal: AbortSignal): Promise<Loaded> {
  const isolate = new Isolate(isolateOptions(config));
  // Begins no thread before a bundle has rules for the decision log.
  const logIsolate = new Isolate({ ...isolateOptions(config), workers: 1 });
  const close = async () => void (await Promise.all([isolate.close(), logIsolate.close()]));
  const end = () => void close();
  signal.addEventListener('abort', end, { once: true });
  try {
    const overlays = await configuredOverlays(config);
    const policies = await named(nameOf(config), async () =>
      loadPoliciesFrom(config, await verified(config, files), isolate, overlays, logIsolate),
    );
    const [revision = ''] = [...policies.signers.values()].map((policy) => policy.revision);
    return { policies, revision, close };
  } catch (cause) {
    await close();
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

/** The same from the verified files of a bundle and overlays over its data, to be evaluated in that isolate. */
export async function loadPoliciesFrom(
  config: Config,
  files: BundleFiles,
  isolate: Isolate,
  overlays: readonly Overlay[] = [],
  logIsolate = isolate,
): Promise<Policies> {
  const floor = await loadFloor(probeFor, isolate);
  const choice = {
    signers: config.signers,
    entrypoints: config.policy.entrypoints,
    supported: [...floor.needs.keys()],
    probe: probeFor,
    overlays,
  };
  const signers = await loadPolicy(files, choice, isolate, logIsolate);
  // One name with two meanings is told now, and not of each request.
  for (const [signer, { needs }] of signers) unionOfNeeds(floor.needs.get(signer) ?? noFacts, needs);
  return { floor, signers };
}

/** Every signer that a bundle has an entrypoint for. */
export function signersOf(files: BundleFiles): string[] {
  const { entrypoints } = parseBundle(files);
  return [...new Set(entrypoints.map((entrypoint) => readEntrypointCustom(entrypoint).signer_name))].sort();
}
