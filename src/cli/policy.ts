import type { ActivationListener } from '../activation/activation.ts';
import { Activation } from '../activation/activation.ts';
import { PolicyFeed } from '../activation/feed.ts';
import { loadBundle, sourceOf } from '../activation/load.ts';
import { BundleRecord, problemOf } from '../activation/status.ts';
import { openSource } from '../bundle/sources/open.ts';
import type { Fetched } from '../bundle/sources/source.ts';
import type { Config } from '../config/schema.ts';
import { refusals } from '../csr/refusals.ts';
import type { Policies } from '../decide/decide.ts';
import { hostReasons } from '../decide/host-reasons.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { escapeText } from '../text/escape.ts';
import { type Candidate, candidateOf } from './shadow.ts';
import { version } from './version.ts';

/** How often a file is looked at, and what has failed is tried again. */
const fileDelays = { minMs: 1_000, maxMs: 1_500, retryBaseMs: 500, retryCapMs: 5_000 };

/** The policies in force, what brings new ones, and what is known of it all. */
export interface PolicyRuntime {
  readonly activation: Activation<Fetched>;
  readonly feed: PolicyFeed;
  readonly metrics: Metrics;
  readonly candidate: Candidate | undefined;
  /**
   * Loads the first policy from a file. What is wrong with it is thrown, and told by nobody else.
   * @throws PolicyError
   */
  readonly first: (signal: AbortSignal) => Promise<void>;
  readonly ready: readonly HealthCheck[];
  /** In the shape of OPA's status API. */
  readonly status: () => object;
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
  const activation = new Activation<Fetched>({
    load: ({ files }, signal) => loadBundle(config, files, signal),
  });
  const source = openSource(sourceOf(config));
  const candidate = candidateOf(config, { log, metrics, now });
  const feed = new PolicyFeed({
    source,
    delays: fileDelays,
    activation,
    record: policy,
    files: config.policy.data,
    failed: (cause, failures) => {
      const problem = problemOf(cause);
      policy.unanswered(problem);
      metrics.downloadErrors.inc({ bundle: 'policy' });
      log.warn({ code: problem.code, failures }, `fetching the policy: ${problem.message}`);
    },
    lastGoodFailed: (cause) => log.warn(`the last good policy: ${problemOf(cause).message}`),
  });
  const reporter: ActivationListener = {
    activated: ({ policies, revision }) => {
      const name = escapeText(revision);
      policy.activated(name);
      metrics.activated('policy', name, now());
      floor.activated(policies.floor.revision);
      metrics.activated('floor', policies.floor.revision, now());
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
      await feed.first(signal);
      activation.listen(reporter);
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
