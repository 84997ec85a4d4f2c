import { hardLimits } from '../csr/limits.ts';
import type { Decision } from '../decide/decide.ts';
import { kindOf, type RuleOf } from '../decide/explain.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { Timings } from '../decide/stopwatch.ts';
import type { Evaluated, Reason, Verdict } from '../decide/verdict.ts';
import type { DecisionId } from '../observe/decision-id.ts';
import { currentFormat, type DecisionLine, type ShadowOfLine } from './line.ts';

/** A decision that was told, with all that a line says of it. */
export interface Logged {
  readonly request: CertificateRequest;
  readonly decision: Pick<Decision, 'verdict' | 'input' | 'said' | 'timings'> & {
    readonly id: DecisionId;
    readonly revision: string;
    readonly entrypoint: string;
    readonly floorRevision: string;
    readonly ruleOf?: RuleOf | undefined;
  };
  /** By the API server's clock. */
  readonly at: Date;
  readonly enforcement: 'enforce' | 'dryrun';
  /** What is about to be written. */
  readonly condition: 'Approved' | 'Denied' | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly shadow?: ShadowOfLine | undefined;
}

/** What no configuration lets pass is not worth its place: the decoder refuses it unread. base64 has 4 characters for 3 bytes. */
const maxRequest = Math.ceil(hardLimits.maxRequestBytes / 3) * 4;

/** The line of a decision; undefined of a request that was left alone. Shares the decision's objects: nobody may change it. */
export function makeLine(logged: Logged): DecisionLine | undefined {
  const { request, decision, at, labels, enforcement, condition, shadow } = logged;
  const { verdict, input, said, timings, id } = decision;
  const shown = verdictOf(verdict, decision.ruleOf);
  if (shown === undefined) return undefined;
  const result = said.policy === undefined ? undefined : valueOf(said.policy);
  return {
    labels,
    decision_id: id.decision,
    trace_id: id.trace,
    span_id: id.span,
    bundles: {
      floor: { revision: decision.floorRevision },
      policy: { revision: decision.revision },
      ...(shadow?.revision !== undefined && { shadow: { revision: shadow.revision } }),
    },
    path: decision.entrypoint,
    ...(input !== undefined && { input }),
    ...(result !== undefined && { result }),
    ...(verdict.kind === 'error' && { error: errorOf(verdict.reasons) }),
    requested_by: request.username,
    timestamp: at.toISOString(),
    metrics: metricsOf(timings),
    custom: {
      format: currentFormat,
      csr: {
        name: request.name,
        uid: request.uid,
        signer_name: request.signerName,
        resource_version: request.resourceVersion,
        ...(request.createdAt !== undefined && { created_at: request.createdAt.toISOString() }),
      },
      verdict: shown,
      enforcement,
      ...(condition !== undefined && { condition }),
      ...(said.form !== undefined && {
        floor: {
          form: sideOf(said.form),
          ...(said.floor !== undefined && { facts: sideOf(said.floor) }),
        },
      }),
      ...(shadow !== undefined && { shadow }),
      ...(input === undefined && { request: requestOf(request) }),
    },
  };
}

/** A verdict as a line shows it; undefined of a request that is left alone. */
function verdictOf(verdict: Verdict, ruleOf?: RuleOf): DecisionLine['custom']['verdict'] | undefined {
  return verdict.kind === 'ignore' ? undefined : { ...partsOf(verdict, ruleOf), kind: verdict.kind };
}

/** The same of a candidate, which may leave alone what the policy in force does not. */
export function candidateVerdictOf(verdict: Verdict): NonNullable<ShadowOfLine['verdict']> {
  return { ...partsOf(verdict), kind: verdict.kind };
}

function partsOf(verdict: Verdict, ruleOf?: RuleOf) {
  const retry = 'retryAfterSeconds' in verdict ? verdict.retryAfterSeconds : undefined;
  return {
    reasons: verdict.reasons.map((reason) => reasonOf(reason, ruleOf?.(reason, kindOf(verdict)))),
    warnings: verdict.warnings.map((reason) => reasonOf(reason, ruleOf?.(reason, 'warn'))),
    ...(retry !== undefined && { retry_after_seconds: retry }),
  };
}

function reasonOf({ code, msg, source, details }: Reason, rule: string | undefined) {
  return {
    code,
    msg,
    source,
    ...(rule !== undefined && { rule }),
    ...(details !== undefined && { details }),
  };
}

/** The value of an evaluation, of whatever shape; undefined where there was none. */
function valueOf(evaluated: Evaluated<unknown>): unknown {
  return evaluated.ok ? evaluated.value : evaluated.unusable;
}

function sideOf(evaluated: Evaluated<object>): object {
  return evaluated.ok ? evaluated.value : { problem: evaluated.problem };
}

function errorOf(reasons: readonly Reason[]): { readonly code: string; readonly message: string } {
  const [first] = reasons;
  return { code: first?.code ?? 'Unspecified', message: reasons.map(({ msg }) => msg).join('; ') };
}

const timers = [
  ['decode', 'timer_decode_ns'],
  ['form', 'timer_floor_form_ns'],
  ['facts', 'timer_facts_ns'],
  ['evaluation', 'timer_evaluation_ns'],
  ['total', 'timer_total_ns'],
] as const;

function metricsOf(timings: Timings): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const [stage, name] of timers) {
    const ms = timings[stage];
    if (ms !== undefined) metrics[name] = Math.round(ms * 1e6);
  }
  return metrics;
}

function requestOf(request: CertificateRequest): object {
  const { request: pem, username, userUid, groups, extra, usages, expirationSeconds } = request;
  return {
    ...(pem.length <= maxRequest && { request: pem }),
    request_characters: pem.length,
    username,
    user_uid: userUid,
    groups,
    extra,
    usages,
    expiration_seconds: expirationSeconds,
  };
}
