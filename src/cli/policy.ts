import type { ActivationListener } from '../activation/activation.ts';
import { Activation } from '../activation/activation.ts';
import { PolicyFeed } from '../activation/feed.ts';
import { loadBundle, sourceOf } from '../activation/load.ts';
import { BundleRecord, problemOf } from '../activation/status.ts';
import { BundleCache } from '../bundle/sources/cache.ts';
import { delaysOf, openSource } from '../bundle/sources/open.ts';
import { parseReference } from '../bundle/sources/reference.ts';
import type { Fetched } from '../bundle/sources/source.ts';
import type { Config } from '../config/schema.ts';
import { refusals } from '../csr/refusals.ts';
import type { Policies } from '../decide/decide.ts';
import { hostReasons } from '../decide/host-reasons.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import type { ProgramStatus } from '../status/status.ts';
import { escapeText } from '../text/escape.ts';
import { type Candidate, candidateOf } from './shadow.ts';
import { version } from './version.ts';

/** The policies in force, what brings new ones, and what is known of it all. */
export interface PolicyRuntime {
  readonly activation: Activation<Fetched>;
  readonly feed: PolicyFeed;
  readonly metrics: Metrics;
  readonly candidate: Candidate | undefined;
  /**
   * Loads the first policy, if it comes from a file. What is wrong with it is thrown, and told by nobody else. One from a
   * server is awaited while the program runs.
   * @throws PolicyError
   */
  readonly first: (signal: AbortSignal) => Promise<void>;
  /** Tells what is in force, and goes on looking for another one. */
  readonly start: () => void;
  readonly ready: readonly HealthCheck[];
  /** In the shape of OPA's status API. */
  readonly status: () => Pick<ProgramStatus, 'labels' | 'bundles' | 'shadow'>;
}

/** @param id names this process in the status */
export function policyRuntime(
  config: Config,
  log: Logger,
  { id, now }: { readonly id: string; readonly now: () => Date },
): PolicyRuntime {
  const codes = knownCodes();
  const metrics = new Metrics(version, () => codes(activation.policies));
  const policy = new BundleRecord('policy', now);
  const floor = new BundleRecord('floor', now);
  metrics.expectBundle('policy');
  for (const signer of config.signers) metrics.expectSigner(signer);
  const activation = new Activation<Fetched>({
    load: ({ files }, signal) => loadBundle(config, files, signal),
  });
  const from = sourceOf(config);
  const source = openSource(from, { userAgent: `rego-csr-approver/${version}` });
  const candidate = candidateOf(config, { log, metrics, now });
  // A server may come right by itself, and its bundle is kept; a file is there, or somebody has to mend it.
  const isFile = parseReference(from.bundle).kind === 'file';
  const { cacheDirectory } = config.policy;
  const feed = new PolicyFeed({
    source,
    delays: delaysOf(from),
    activation,
    record: policy,
    files: [...config.policy.data, ...Object.values(config.policy.keys).map(({ file }) => file)],
    answered: () => metrics.fetched('policy', now()),
    failed: (cause, failures) => {
      const problem = problemOf(cause);
      policy.unanswered(problem);
      metrics.downloadErrors.inc({ bundle: 'policy' });
      log.warn({ code: problem.code, failures }, `fetching the policy: ${problem.message}`);
    },
    lastGood:
      isFile || cacheDirectory === undefined
        ? undefined
        : new BundleCache(cacheDirectory, source.name, (message) => log.warn(message)),
  });
  const reporter: ActivationListener = {
    activated: ({ policies, revision }) => {
      const name = escapeText(revision);
      policy.activated(name);
      metrics.activated('policy', name, now());
      floor.activated(policies.floor.revision);
      metrics.inForce('floor', policies.floor.revision, now());
      log.info({ revision: name }, 'the policy is in force');
    },
    refused: (cause, inForce) => {
      const { code, message } = problemOf(cause);
      policy.refused({ code, message });
      metrics.refused('policy');
      const stays = inForce ? 'the policy in force stays' : 'no policy is in force';
      log.error({ code, source: source.name }, `a policy is refused, ${stays}: ${message}`);
    },
  };
  return {
    activation,
    feed,
    metrics,
    candidate,
    first: async (signal) => {
      if (isFile) await unlessStopped(signal, activation, () => feed.first(signal));
    },
    start: () => {
      activation.listen(reporter);
      feed.start();
      candidate?.start();
    },
    ready: [{ name: 'policy', problem: () => whyNone(activation, policy) }],
    status: () => ({
      labels: { id, version },
      bundles: {
        floor: floor.status,
        policy: policy.status,
        ...(candidate && { shadow: candidate.bundle() }),
      },
      ...(candidate && { shadow: candidate.status() }),
    }),
  };
}

/** A stop ends what is being loaded, however long it would take; what fails then says nothing. */
async function unlessStopped(
  signal: AbortSignal,
  activation: Activation<Fetched>,
  run: () => Promise<void>,
): Promise<void> {
  if (signal.aborted) return;
  const end = () => void activation.close();
  signal.addEventListener('abort', end, { once: true });
  try {
    await run();
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** One bad bundle does not make the program unready: the policy before it decides. */
function whyNone(activation: Activation<Fetched>, { problem }: BundleRecord): string | undefined {
  if (activation.policies !== undefined) return undefined;
  return `none is in force${problem === undefined ? '' : `: ${problem.code}: ${problem.message}`}`;
}

/** Every reason code that is declared anywhere: what a metric's label may say. Made once for each activation. */
function knownCodes(): (policies: Policies | undefined) => ReadonlySet<string> {
  const ours = [...Object.keys(refusals), ...Object.keys(hostReasons)];
  let last: { readonly policies: Policies | undefined; readonly codes: ReadonlySet<string> } | undefined;
  return (policies) => {
    if (last === undefined || last.policies !== policies) {
      const sides = policies === undefined ? [] : [policies.floor, ...policies.signers.values()];
      last = { policies, codes: new Set([...ours, ...sides.flatMap(({ codes }) => [...codes.keys()])]) };
    }
    return last.codes;
  };
}
