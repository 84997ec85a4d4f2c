import type { FactFailure } from './facts.ts';
import type { FloorDecision, PolicyDecision, WrittenReason } from '../policy/decision.ts';

/** Who gave a reason. */
export type ReasonSource = 'decoder' | 'floor' | 'policy' | 'facts' | 'host';

export interface Reason {
  /** Stable and documented in policies/README.md. */
  readonly code: string;
  /** For people. May hold text from the request: escape it wherever it leaves the program. */
  readonly msg: string;
  readonly source: ReasonSource;
  /** Whatever else the rule attached. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * What becomes of a request.
 *
 * - `approve`: floor passed and the policy's `allow` is exactly true
 * - `deny`: a definite violation; what that does is the operator's choice
 * - `wait`: not now, but it may come right; asked again
 * - `abstain`: the policy has nothing against it, and nothing for it: left to people
 * - `error`: could not be decided; asked again, alarmed, never written as Denied
 * - `ignore`: not ours, finished, or too old: no write, no Event
 */
export type Verdict = Because &
  (
    | { readonly kind: 'approve' | 'deny' | 'abstain' | 'ignore' }
    | { readonly kind: 'wait' | 'error'; readonly retryAfterSeconds: number | undefined }
  );

interface Because {
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

export type VerdictKind = Verdict['kind'];

/** What evaluating one side gave: its decision, or why there is none. */
export type Evaluated<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly problem: string;
      readonly overdue?: boolean;
      /** What it gave, where that has another shape than is expected. */
      readonly unusable?: unknown;
    };

/**
 * Makes the verdict of what floor and policy say, once every fact is there. The order of the checks is the
 * order of precedence, and there is one line that approves.
 */
export function judge(floor: Evaluated<FloorDecision>, policy: Evaluated<PolicyDecision>): Verdict {
  const warnings = policy.ok ? reasonsOf(policy.value.warn, 'policy') : [];
  // A definite violation of the floor stands, even if the policy could not be evaluated.
  if (floor.ok && floor.value.deny.length > 0) {
    const more = policy.ok ? reasonsOf(policy.value.deny, 'policy') : [];
    return { kind: 'deny', reasons: unique([...reasonsOf(floor.value.deny, 'floor'), ...more]), warnings };
  }
  if (!floor.ok || !policy.ok) return failed(floor, policy, warnings);
  const problems = problemsOf(floor.value, policy.value);
  if (problems.length > 0)
    return { kind: 'error', reasons: problems, warnings, retryAfterSeconds: undefined };
  if (policy.value.deny.length > 0) {
    return { kind: 'deny', reasons: unique(reasonsOf(policy.value.deny, 'policy')), warnings };
  }
  const wait = [...reasonsOf(floor.value.wait, 'floor'), ...reasonsOf(policy.value.wait, 'policy')];
  if (wait.length > 0) {
    const retryAfterSeconds = shortestRetry([...floor.value.wait, ...policy.value.wait]);
    return { kind: 'wait', reasons: unique(wait), warnings, retryAfterSeconds };
  }
  if (policy.value.allow && floor.value.pass) return { kind: 'approve', reasons: [], warnings };
  return { kind: 'abstain', reasons: [notAllowed], warnings };
}

const notAllowed: Reason = {
  code: 'NotAllowed',
  msg: 'the policy gives no reason against this request, but does not allow it either',
  source: 'policy',
};

/** The verdict when a needed fact could not be obtained: nothing is evaluated without it. */
export function judgeWithoutFacts(failures: readonly FactFailure[]): Verdict {
  const reasons = failures.map(({ fact, message }): Reason => ({
    code: 'FactUnavailable',
    msg: `${fact}: ${message}`,
    source: 'facts',
  }));
  const asked = failures.flatMap((failure) => failure.retryAfterSeconds ?? []);
  const retryAfterSeconds = asked.length === 0 ? undefined : Math.max(...asked);
  return { kind: 'error', reasons: unique(reasons), warnings: [], retryAfterSeconds };
}

function failed(floor: Evaluated<unknown>, policy: Evaluated<unknown>, warnings: readonly Reason[]): Verdict {
  const reasons: Reason[] = [];
  if (!floor.ok) reasons.push({ code: 'FloorFailed', msg: floor.problem, source: 'floor' });
  if (!policy.ok) {
    const code = policy.overdue === true ? 'PolicyTimeout' : 'PolicyFailed';
    reasons.push({ code, msg: policy.problem, source: 'policy' });
  }
  return { kind: 'error', reasons, warnings, retryAfterSeconds: undefined };
}

/** Decisions of the right shape that still decide nothing. */
function problemsOf(floor: FloorDecision, policy: PolicyDecision): Reason[] {
  const problems: Reason[] = [];
  if (!floor.pass && floor.wait.length === 0) {
    problems.push({ code: 'FloorFailed', msg: 'the floor did not pass and gave no reason', source: 'floor' });
  }
  if (policy.config_errors.length > 0) {
    const lines = policy.config_errors.map((problem) =>
      typeof problem === 'string' ? problem : problem.msg,
    );
    problems.push({
      code: 'PolicyFailed',
      msg: `configuration errors: ${lines.sort().join('; ')}`,
      source: 'policy',
    });
  }
  return problems;
}

/** Rules may give a bare sentence; it has no code of its own. */
export function reasonsOf(written: readonly WrittenReason[], source: ReasonSource): Reason[] {
  return written.map((reason) => {
    if (typeof reason === 'string') return { code: 'Unspecified', msg: reason, source };
    const { code, msg, ...details } = reason;
    return Object.keys(details).length === 0 ? { code, msg, source } : { code, msg, source, details };
  });
}

/** Sorted, and without what floor and policy both say: output must not depend on the order of sets. */
function unique(reasons: readonly Reason[]): Reason[] {
  const seen = new Map<string, Reason>();
  for (const reason of reasons) {
    const key = `${reason.code}\0${reason.msg}`;
    if (!seen.has(key)) seen.set(key, reason);
  }
  return [...seen.values()].sort((a, b) => compare(a.code, b.code) || compare(a.msg, b.msg));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function shortestRetry(reasons: readonly WrittenReason[]): number | undefined {
  const asked = reasons.flatMap((reason) =>
    typeof reason === 'string' || reason.retry_after_seconds === undefined
      ? []
      : [reason.retry_after_seconds],
  );
  return asked.length === 0 ? undefined : Math.min(...asked);
}
