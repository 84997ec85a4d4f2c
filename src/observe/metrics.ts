import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client';
import type { Reason, VerdictKind } from '../decide/verdict.ts';
import { DecisionLogMetrics } from './decision-log-metrics.ts';
import { ApiMetrics } from './api-metrics.ts';
import { HealthMetrics } from './health-metrics.ts';
import { QueueMetrics } from './queue-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import { StageMetrics } from './stage-metrics.ts';
import { WatchMetrics } from './watch-metrics.ts';

/** Those that are counted; a request that is left alone has no figure to watch. */
const shownVerdicts: readonly VerdictKind[] = ['approve', 'deny', 'wait', 'error', 'abstain'];

const prefix = 'csr_approver_';

/** Latencies from a millisecond to the 15 minutes that a kubelet waits. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** What a bundle's author may make of a label: so many codes of such a length, over all the bundles there ever were. */
const maxCodes = 500;
const maxCode = 128;

/**
 * Metrics of the program, by Prometheus's naming practice. No label's value comes from a request: reason codes that
 * no rule's METADATA declares count as `Other`.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #known: () => ReadonlySet<string>;
  /** Codes that have been a label: one is for good, whatever policy is in force later. */
  readonly #codes = new Set<string>();
  /** By bundle: the revision in force. */
  readonly #revisions = new Map<string, string>();

  readonly decisions = new Counter({
    name: `${prefix}decisions_total`,
    help: 'Decisions by verdict. A request that waits is decided more than once.',
    labelNames: ['signer', 'verdict'] as const,
    registers: [this.registry],
  });
  readonly reasons = new Counter({
    name: `${prefix}decision_reasons_total`,
    help: 'Reasons of decisions other than approve, by code.',
    labelNames: ['signer', 'verdict', 'code'] as const,
    registers: [this.registry],
  });
  readonly writes = new Counter({
    name: `${prefix}approval_writes_total`,
    help: 'Writes of a condition, by condition and result.',
    labelNames: ['condition', 'result'] as const,
    registers: [this.registry],
  });
  readonly decisionDuration = new Histogram({
    name: `${prefix}decision_duration_seconds`,
    help: 'Time from taking a request up to its verdict, facts included.',
    buckets: seconds,
    registers: [this.registry],
  });
  readonly approvalLatency = new Histogram({
    name: `${prefix}approval_latency_seconds`,
    help: "Time from a request's creation to its approval. The creation time has a resolution of one second.",
    buckets: seconds,
    registers: [this.registry],
  });
  readonly stages = new StageMetrics(this.registry);
  readonly requests = new RequestMetrics(this.registry);
  readonly queue = new QueueMetrics(this.registry);
  readonly watch = new WatchMetrics(this.registry);
  readonly decisionLog = new DecisionLogMetrics(this.registry);
  readonly api = new ApiMetrics(this.registry);
  readonly health = new HealthMetrics(this.registry);
  readonly eventErrors = new Counter({
    name: `${prefix}event_errors_total`,
    help: 'Events that could not be written.',
    registers: [this.registry],
  });
  readonly eventsSuppressed = new Counter({
    name: `${prefix}events_suppressed_total`,
    help: 'Events that were not written because there were too many: about one requestor, one Node, this Pod, or in all. The log has what they would have said.',
    registers: [this.registry],
  });
  readonly activations = new Counter({
    name: `${prefix}policy_activations_total`,
    help: 'Bundles that were offered, by result: activated, or refused, which leaves the old policy in force.',
    labelNames: ['bundle', 'result'] as const,
    registers: [this.registry],
  });
  readonly downloadErrors = new Counter({
    name: `${prefix}policy_download_errors_total`,
    help: 'Times that a bundle could not be fetched.',
    labelNames: ['bundle'] as const,
    registers: [this.registry],
  });
  readonly lastFetch = new Gauge({
    name: `${prefix}policy_last_successful_fetch_timestamp_seconds`,
    help: "When a bundle's source last answered, be it that there is nothing new; 0 before it has.",
    labelNames: ['bundle'] as const,
    registers: [this.registry],
  });
  readonly lastActivation = new Gauge({
    name: `${prefix}policy_last_activation_timestamp_seconds`,
    help: 'When the policy in force was activated.',
    labelNames: ['bundle'] as const,
    registers: [this.registry],
  });
  readonly policyInfo = new Gauge({
    name: `${prefix}policy_info`,
    help: 'Always 1; the revision in force is in the label, and no other one.',
    labelNames: ['bundle', 'revision'] as const,
    registers: [this.registry],
  });
  readonly policyStale = new Gauge({
    name: `${prefix}policy_stale`,
    help: '1 while the bundle that was offered last is refused; the one before it is in force, if there is one.',
    labelNames: ['bundle'] as const,
    registers: [this.registry],
  });
  readonly shadowDecisions = new Counter({
    name: `${prefix}shadow_decisions_total`,
    help: 'Comparisons of the policy in force (`active`) with a candidate, by verdicts. A request counts again when one of them changes.',
    labelNames: ['signer', 'active', 'candidate'] as const,
    registers: [this.registry],
  });
  readonly shadowDropped = new Counter({
    name: `${prefix}shadow_dropped_total`,
    help: 'Decisions that were not compared because too many waited for the candidate.',
    registers: [this.registry],
  });
  readonly shadowSkipped = new Counter({
    name: `${prefix}shadow_skipped_total`,
    help: 'Decisions that were not compared because facts for the policy in force could not be obtained.',
    registers: [this.registry],
  });

  readonly spans = new Counter({
    name: `${prefix}trace_spans_total`,
    help: 'Spans by what became of them: sent, failed (the receiver did not take them), dropped (for want of room). None without `tracing`.',
    labelNames: ['result'] as const,
    registers: [this.registry],
  });

  readonly leader = new Gauge({
    name: `${prefix}leader`,
    help: '1 while this process decides, 0 while it stands by.',
    registers: [this.registry],
  });
  readonly leaderTransitions = new Counter({
    name: `${prefix}leader_transitions_total`,
    help: 'Times that this process began to decide (`leader`) or ceased to (`standby`).',
    labelNames: ['to'] as const,
    registers: [this.registry],
  });
  readonly leaseErrors = new Counter({
    name: `${prefix}lease_errors_total`,
    help: 'Calls for the Lease of the leader election that failed.',
    registers: [this.registry],
  });

  /**
   * @param version shown by `csr_approver_build_info`
   * @param known reason codes that rules declare at present
   */
  constructor(version: string, known: () => ReadonlySet<string>) {
    this.#known = known;
    new Gauge({
      name: `${prefix}build_info`,
      help: 'Always 1; the version is in the label.',
      labelNames: ['version'] as const,
      registers: [this.registry],
    }).set({ version }, 1);
    collectDefaultMetrics({ register: this.registry });
    for (const to of ['leader', 'standby']) this.leaderTransitions.inc({ to }, 0);
    for (const condition of ['Approved', 'Denied']) this.writes.inc({ condition, result: 'ok' }, 0);
  }

  /** Shows what is counted of a bundle from the beginning: what is not there cannot be watched for a change. */
  expectBundle(bundle: string): void {
    for (const result of ['activated', 'refused']) this.activations.inc({ bundle, result }, 0);
    this.downloadErrors.inc({ bundle }, 0);
    this.policyStale.set({ bundle }, 0);
    this.lastFetch.set({ bundle }, 0);
  }

  /** The same of a signer. */
  expectSigner(signer: string): void {
    for (const verdict of shownVerdicts) this.decisions.inc({ signer, verdict }, 0);
    this.requests.expectSigner(signer);
  }

  leads(): void {
    this.leader.set(1);
    this.leaderTransitions.inc({ to: 'leader' });
  }

  follows(): void {
    this.leader.set(0);
    this.leaderTransitions.inc({ to: 'standby' });
  }

  fetched(bundle: string, at: Date): void {
    this.lastFetch.set({ bundle }, at.getTime() / 1000);
  }

  /** A bundle that was offered is in force. @param revision escaped: a bundle's author chose it */
  activated(bundle: string, revision: string, at: Date): void {
    this.activations.inc({ bundle, result: 'activated' });
    this.policyStale.set({ bundle }, 0);
    this.inForce(bundle, revision, at);
  }

  /** What is in force, be it offered or a part of the program. */
  inForce(bundle: string, revision: string, at: Date): void {
    this.lastActivation.set({ bundle }, at.getTime() / 1000);
    const before = this.#revisions.get(bundle);
    if (before !== undefined) this.policyInfo.remove({ bundle, revision: before });
    this.#revisions.set(bundle, revision);
    this.policyInfo.set({ bundle, revision }, 1);
  }

  refused(bundle: string): void {
    this.activations.inc({ bundle, result: 'refused' });
    this.policyStale.set({ bundle }, 1);
  }

  decided(signer: string, verdict: VerdictKind, reasons: readonly Reason[], durationSeconds: number): void {
    this.decisions.inc({ signer, verdict });
    const known = this.#known();
    for (const code of new Set(reasons.map((reason) => this.#labelOf(reason.code, known)))) {
      this.reasons.inc({ signer, verdict, code });
    }
    this.decisionDuration.observe(durationSeconds);
  }

  #labelOf(code: string, known: ReadonlySet<string>): string {
    if (!known.has(code) || code.length > maxCode) return 'Other';
    if (this.#codes.size < maxCodes) this.#codes.add(code);
    return this.#codes.has(code) ? code : 'Other';
  }
}
