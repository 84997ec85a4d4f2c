import { Activation } from '../activation/activation.ts';
import { PolicyFeed } from '../activation/feed.ts';
import { loadBundle, sourceOf } from '../activation/load.ts';
import { Shadow, type ShadowObserver } from '../activation/shadow.ts';
import { TimeShare } from '../activation/shadow-share.ts';
import { distanceOf, ShadowRecord, type ShadowStatus } from '../activation/shadow-record.ts';
import type { BundleStatus } from '../activation/status.ts';
import { BundleRecord, problemOf } from '../activation/status.ts';
import { delaysOf, openSource } from '../bundle/sources/open.ts';
import type { Fetched } from '../bundle/sources/source.ts';
import type { Config } from '../config/schema.ts';
import type { Gather } from '../decide/facts.ts';
import { showVerdict } from '../decide/shown.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { escapeText } from '../text/escape.ts';
import { version } from './version.ts';

const clock = () => performance.now();

/** Of a CPU, for the candidate's thread. */
const share = 0.1;

/** The candidate policy: whatever becomes of it, the program goes on as if there were none. */
export interface Candidate {
  /** Begins to load it, and tries again for as long as it takes. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
  /** @param inForce tells when other policies come in force, which makes all comparisons new */
  readonly shadow: (gather: Gather, inForce: Activation<Fetched>) => Shadow<Fetched>;
  readonly bundle: () => BundleStatus;
  readonly status: () => ShadowStatus;
}

export interface CandidateDeps {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/** Undefined when none is configured. */
export function candidateOf(config: Config, { log, metrics, now }: CandidateDeps): Candidate | undefined {
  const policy = config.policy.shadow;
  if (policy === undefined) return undefined;
  // One thread: only one request is compared at a time.
  const own: Config = { ...config, policy, limits: { ...config.limits, workers: 1 } };
  metrics.expectBundle('shadow');
  const bundle = new BundleRecord('shadow', now);
  const record = new ShadowRecord(now());
  const activation = new Activation<Fetched>({
    load: ({ files }, signal) => loadBundle(own, files, signal),
  });
  activation.listen({
    activated: ({ revision }) => {
      const name = escapeText(revision);
      bundle.activated(name);
      metrics.activated('shadow', name, now());
      log.info({ revision: name }, 'the candidate policy is compared');
    },
    refused: (cause, isThere) => {
      const { code, message } = problemOf(cause);
      bundle.refused({ code, message });
      metrics.refused('shadow');
      const stays = isThere ? 'the one before it is still compared' : 'nothing is compared';
      log.error({ code }, `a candidate policy is refused, ${stays}: ${message}`);
    },
  });
  const feed = feedOf(own, { activation, bundle, log, metrics, now });
  return {
    start: () => {
      if (policy.bundle === undefined && config.policy.bundle !== undefined) {
        log.warn('policy.shadow has no bundle: the default policy is compared, not the bundle in force');
      }
      feed?.start();
    },
    stop: async () => {
      await feed?.stop();
      await activation.close();
    },
    shadow: (gather, active) => {
      const observer = observerOf(record, { log, metrics });
      // So much at once that all who wait for a usual policy are compared without a rest.
      const time = new TimeShare(share, config.limits.evaluationMs, clock);
      const shadow = new Shadow({ activation, gather, observer, now, clock, share: time });
      const restart = () => {
        record.restart(now());
        shadow.restart();
      };
      for (const one of [activation, active]) one.listen({ activated: restart, refused: () => undefined });
      return shadow;
    },
    bundle: () => bundle.status,
    status: () => record.status,
  };
}

interface FeedDeps extends CandidateDeps {
  readonly activation: Activation<Fetched>;
  readonly bundle: BundleRecord;
}

/** Undefined when the configuration names nothing that could be fetched, which is told. */
function feedOf(own: Config, { activation, bundle, log, metrics, now }: FeedDeps): PolicyFeed | undefined {
  const from = sourceOf(own);
  const { data, keys } = own.policy;
  try {
    return new PolicyFeed({
      source: openSource(from, { userAgent: `rego-csr-approver/${version} (shadow)` }),
      delays: delaysOf(from),
      activation,
      record: bundle,
      files: [...data, ...Object.values(keys).map(({ file }) => file)],
      answered: () => metrics.fetched('shadow', now()),
      failed: (cause, failures) => {
        const problem = problemOf(cause);
        bundle.unanswered(problem);
        metrics.downloadErrors.inc({ bundle: 'shadow' });
        log.warn({ code: problem.code, failures }, `fetching the candidate policy: ${problem.message}`);
      },
    });
  } catch (cause) {
    activation.refuse(cause);
    return undefined;
  }
}

function observerOf(record: ShadowRecord, { log, metrics }: Omit<CandidateDeps, 'now'>): ShadowObserver {
  return {
    compared: (comparison) => {
      const { request, active, candidate } = comparison;
      metrics.shadowDecisions.inc({
        signer: request.signerName,
        active: active.kind,
        candidate: candidate.kind,
      });
      record.compared(comparison);
      const distance = distanceOf(comparison);
      if (distance === 'none') return;
      const level = distance === 'verdict' ? 'info' : 'debug';
      log[level](
        {
          csr: escapeText(request.name),
          uid: request.uid,
          user: escapeText(request.username),
          active: showVerdict(active),
          candidate: showVerdict(candidate),
        },
        distance === 'verdict' ? 'shadow differs' : 'shadow differs in its reasons',
      );
    },
    dropped: () => {
      metrics.shadowDropped.inc();
      record.dropped();
    },
    skipped: () => {
      metrics.shadowSkipped.inc();
      record.skipped();
    },
  };
}
