import type { CertificateRequest } from '../decide/request.ts';
import { isNotFound, type KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { explainVerdict } from '../observe/event.ts';
import type { VerdictEvents } from '../observe/events.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { escapeText } from '../text/escape.ts';
import type { ForeignDecision } from './foreign.ts';
import type { Judged, ReconcileOptions } from './reconcile.ts';
import type { WrittenCondition } from './write.ts';

/** Longest text of a condition's message that is worth reading. */
export const maxMessage = 1024;

/**
 * Hears what becomes of requests: in the turn in which it does, before a condition is written. Whoever has more to do than
 * to take note does it later, and nobody waits for it.
 */
export interface Observer {
  /** @param durationMs from when the request was taken up */
  readonly decided?: (request: CertificateRequest, decision: Judged, durationMs: number) => void;
  readonly wrote?: (request: CertificateRequest, decision: Judged, condition: WrittenCondition) => void;
  /** @param result status of the answer, or what kind of failure there was in place of one */
  readonly writeFailed?: (
    request: CertificateRequest,
    decision: Judged,
    condition: WrittenCondition,
    result: string,
  ) => void;
}

export interface ReportOptions extends ReconcileOptions {
  readonly metrics: Metrics;
  readonly events: VerdictEvents;
  readonly log: Logger;
  readonly now: () => Date;
  /** The API server's address, for what is said of its refusals. */
  readonly server: () => string;
  /** Whoever else wants to hear of it. */
  readonly observers?: readonly Observer[];
}

/** Tells metrics, Events, log and whoever else listens what became of a request; decides nothing. */
export class Report {
  readonly #options: ReportOptions;
  readonly #observers: readonly Observer[];

  constructor(options: ReportOptions) {
    this.#options = options;
    const { observers = [] } = options;
    this.#observers = [metricsOf(options), eventsOf(options), logOf(options), ...observers];
  }

  decided(request: CertificateRequest, decision: Judged, durationMs: number): void {
    this.#tell((observer) => observer.decided?.(request, decision, durationMs));
  }

  wrote(request: CertificateRequest, condition: WrittenCondition, decision: Judged): void {
    this.#tell((observer) => observer.wrote?.(request, decision, condition));
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
    decision: Judged,
  ): string | undefined {
    const { log, server } = this.#options;
    const result = cause.status === undefined ? cause.kind : String(cause.status);
    this.#tell((observer) => observer.writeFailed?.(request, decision, condition, result));
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

  /** A fault of an observer's is no reason to leave a request undecided, nor to tell the others nothing. */
  #tell(hear: (observer: Observer) => void): void {
    for (const observer of this.#observers) {
      try {
        hear(observer);
      } catch (cause) {
        this.#options.log.error({ err: cause }, 'telling of a decision failed: report it, it is a fault');
      }
    }
  }
}

function metricsOf({ metrics, now }: ReportOptions): Observer {
  return {
    decided: ({ signerName }, { verdict, timings }, durationMs) => {
      metrics.decided(signerName, verdict.kind, verdict.reasons, durationMs / 1000);
      metrics.stages.decided(timings);
    },
    wrote: ({ createdAt }, _, condition) => {
      metrics.writes.inc({ condition, result: 'ok' });
      if (condition === 'Approved' && createdAt !== undefined) {
        metrics.approvalLatency.observe((now().getTime() - createdAt.getTime()) / 1000);
      }
    },
    writeFailed: (_request, _decision, condition, result) => metrics.writes.inc({ condition, result }),
  };
}

function eventsOf({ events, enforcement }: ReportOptions): Observer {
  return { decided: (request, { verdict }) => events.report(request, verdict, enforcement) };
}

function logOf({ log, enforcement }: ReportOptions): Observer {
  return {
    decided: (request, { verdict, revision, id }) => {
      const why = explainVerdict(verdict);
      if (verdict.kind === 'ignore') {
        log.debug({ ...identify(request), why }, 'left alone');
        return;
      }
      const warnings = verdict.warnings.map(
        ({ code, msg }) => `${escapeText(code)}: ${escapeText(msg, maxMessage)}`,
      );
      log[verdict.kind === 'error' ? 'error' : 'info'](
        {
          ...identify(request),
          decision_id: id.decision,
          verdict: verdict.kind,
          why,
          warnings,
          revision: escapeText(revision),
          ...(enforcement === 'dryrun' && { enforcement }),
        },
        'decided',
      );
    },
    wrote: (request, { id }, condition) =>
      log.info({ ...identify(request), decision_id: id.decision, condition }, 'wrote'),
  };
}

/** Names a request in the log. Names and users are chosen by others. */
export function identify(request: CertificateRequest) {
  return { csr: escapeText(request.name), uid: request.uid, user: escapeText(request.username) };
}
