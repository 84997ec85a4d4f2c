import type { CertificateRequest } from '../decide/request.ts';
import { isNotFound, type KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { explainVerdict } from '../observe/event.ts';
import type { VerdictEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { NodeEvents } from '../observe/node-events.ts';
import { escapeText } from '../text/escape.ts';
import type { ForeignDecision } from './foreign.ts';
import type { Judged, ReconcileOptions } from './reconcile.ts';
import type { WrittenCondition } from './write.ts';

/** Longest text of a condition's message that is worth reading. */
export const maxMessage = 1024;

export interface ReportOptions extends ReconcileOptions {
  readonly metrics: Metrics;
  readonly events: Pick<VerdictEvents, 'report'>;
  /** Undefined: nothing is said on Nodes. */
  readonly nodeEvents?: Pick<NodeEvents, 'report'> | undefined;
  readonly log: Logger;
  readonly now: () => Date;
  /** The API server's address, for what is said of its refusals. */
  readonly server: () => string;
}

/** Tells metrics, Events and log what became of a request; decides nothing. */
export class Report {
  readonly #options: ReportOptions;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  decided(request: CertificateRequest, { verdict, input, revision }: Judged, durationMs: number): void {
    const { metrics, events, nodeEvents, log, enforcement } = this.#options;
    metrics.decided(request.signerName, verdict.kind, verdict.reasons, durationMs / 1000);
    const why = explainVerdict(verdict);
    if (verdict.kind === 'ignore') {
      log.debug({ ...identify(request), why }, 'left alone');
      return;
    }
    events.report(request, verdict, enforcement);
    nodeEvents?.report(request, verdict, enforcement, input?.node);
    const warnings = verdict.warnings.map(
      ({ code, msg }) => `${escapeText(code)}: ${escapeText(msg, maxMessage)}`,
    );
    log[verdict.kind === 'error' ? 'error' : 'info'](
      {
        ...identify(request),
        verdict: verdict.kind,
        why,
        warnings,
        revision: escapeText(revision),
        ...(enforcement === 'dryrun' && { enforcement }),
      },
      'decided',
    );
  }

  wrote(request: CertificateRequest, condition: WrittenCondition): void {
    const { metrics, log, now } = this.#options;
    metrics.writes.inc({ condition, result: 'ok' });
    if (condition === 'Approved' && request.createdAt !== undefined) {
      metrics.approvalLatency.observe((now().getTime() - request.createdAt.getTime()) / 1000);
    }
    log.info({ ...identify(request), condition }, 'wrote');
  }

  /** Somebody else decided it. Undefined: nobody did. */
  foreign(request: CertificateRequest, decision: ForeignDecision | undefined): void {
    if (decision === undefined) return;
    const { condition, reason } = decision;
    this.#options.metrics.requests.decidedByOthers(request.signerName, condition);
    this.#options.log.warn(
      { ...identify(request), signer: request.signerName, condition, reason: escapeText(reason) },
      'decided by somebody else: a person, or another approver',
    );
  }

  /** @returns what is wrong with writing itself; undefined when it is about this request alone */
  writeFailed(
    request: CertificateRequest,
    condition: WrittenCondition,
    cause: KubeError,
  ): string | undefined {
    const { metrics, log, server } = this.#options;
    const result = cause.status === undefined ? cause.kind : String(cause.status);
    metrics.writes.inc({ condition, result });
    const lost = isNotFound(cause) || cause.status === 409;
    // The stored request takes no such condition: that is about this one alone, but somebody must look at it.
    const invalid = cause.status === 422;
    const level = lost ? 'info' : invalid ? 'warn' : 'error';
    const why = explain(cause, server());
    log[level](
      { ...identify(request), condition, result },
      `could not write${invalid ? ', and is not tried again' : ''}: ${why}`,
    );
    return lost || invalid ? undefined : why;
  }
}

/** Names a request in the log. Names and users are chosen by others. */
export function identify(request: CertificateRequest) {
  return { csr: escapeText(request.name), uid: request.uid, user: escapeText(request.username) };
}
