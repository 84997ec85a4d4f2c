import type { Decision } from '../decide/decide.ts';
import type { RuleOf } from '../decide/explain.ts';
import type { HostReasonCode } from '../decide/host-reasons.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { ShadowOutcome } from '../decide/shadow.ts';
import type { VerdictKind } from '../decide/verdict.ts';
import { KubeError, isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { DecisionId } from '../observe/decision-id.ts';
import type { Pending } from './pending.ts';
import { pending, writable } from './pending.ts';
import type { Outcome } from './queue.ts';
import type { WrittenCondition } from './write.ts';
import { withCondition } from './write.ts';

export interface ReconcileOptions {
  readonly enforcement: 'enforce' | 'dryrun';
  readonly onDeny: 'leavePending' | 'deny';
}

/** A decision, and the policies that it rests on. */
export interface Judged extends Decision {
  /** A decision that is made again has another one. */
  readonly id: DecisionId;
  /** Whether these are in force still. */
  readonly stands: () => boolean;
  /** Of the policy that decided, as its author wrote it. */
  readonly revision: string;
  /** The rule of that policy, as a path with slashes; empty where no policy decides for the signer. */
  readonly entrypoint: string;
  /** What a candidate policy says of it, once that is known; undefined where there is none. */
  readonly shadow?: Promise<ShadowOutcome> | undefined;
  /** Of the floor that judged beside it. */
  readonly floorRevision: string;
  /** Names the rule that gave a reason, by the policies that decided. */
  readonly ruleOf?: RuleOf | undefined;
  /** Says in an Approved condition by which rules: by those that decided, whatever is in force when it is written. */
  readonly approvedBy: string;
}

/** What reconciling one request may do to the world, and tell it. */
export interface ReconcileActions {
  /** Whether this process is the one that acts, at this moment, and has been so since this request was taken up. */
  readonly mayAct: () => boolean;
  readonly decide: (request: CertificateRequest) => Promise<Judged>;
  /**
   * PUT /approval with the object's uid and resourceVersion.
   * @param wanted asked when it is about to be sent; if not, it is an `aborted` of which nothing was sent
   */
  readonly put: (object: KubeObject, wanted: () => boolean) => Promise<unknown>;
  /** Reads the request anew; undefined when it is gone. */
  readonly read: (name: string) => Promise<KubeObject | undefined>;
  readonly message: (decision: Judged) => string;
  readonly decided: (request: CertificateRequest, decision: Judged) => void;
  readonly wrote: (request: CertificateRequest, condition: WrittenCondition, decision: Judged) => void;
  readonly writeFailed: (
    request: CertificateRequest,
    condition: WrittenCondition,
    cause: KubeError,
    decision: Judged,
  ) => void;
  /** Delay before a waiting request is looked at again. */
  readonly waitMs: (request: CertificateRequest, askedSeconds: number | undefined) => number;
}

/** A write that lost against others this often goes to the back of the queue. */
const maxConflicts = 3;

/** Policies that change faster than a request is decided do so only for a while. */
const maxOvertaken = 5;

/** While one request has the policy spin, others wait for the thread that evaluates. */
const timeoutCode: HostReasonCode = 'PolicyTimeout';

/** A missing permission does not come back in a second; a person has to grant it. */
const forbiddenRetryMs = 60_000;

/**
 * What is past is soon let go. Where it is not, the clock that said so was wrong for a moment, which nobody may have
 * noticed; another look costs next to nothing.
 */
const ignoredMs = 60_000;

/**
 * Brings one pending request as far as it can be brought: decides it, and writes what the verdict and the
 * configuration say. A request that stays undecided is not touched.
 *
 * A decision of policies that are no longer in force is not written but made again; that is looked at last in the very turn
 * in which the write is sent, after any wait for credentials. A write that is under way when policies change stands, as if they had changed after it.
 *
 * A process that may no longer act says nothing of what it decided, and keeps the request for when it may again.
 */
export async function reconcile(
  start: Pending,
  options: ReconcileOptions,
  actions: ReconcileActions,
): Promise<Outcome> {
  let current: Pending | undefined = start;
  let conflicts = 0;
  let overtaken = 0;
  while (conflicts <= maxConflicts && overtaken <= maxOvertaken) {
    const { request, object }: Pending = current;
    // oxlint-disable-next-line no-await-in-loop -- each turn decides what the last one found changed
    const decision = await actions.decide(request);
    if (!actions.mayAct()) return standby;
    if (!decision.stands()) {
      overtaken += 1;
      continue;
    }
    actions.decided(request, decision);
    const condition = conditionFor(decision.verdict.kind, options);
    if (condition === undefined) return rest(request, decision, actions);
    try {
      // oxlint-disable-next-line no-await-in-loop
      const whole = object ?? (await readWhole(request, actions));
      const wanted = (): boolean => actions.mayAct() && decision.stands();
      // oxlint-disable-next-line no-await-in-loop
      await actions.put(withCondition(whole, condition, actions.message(decision)), wanted);
      actions.wrote(request, condition, decision);
      return done;
    } catch (cause) {
      if (!(cause instanceof KubeError)) throw cause;
      if (cause.kind === 'aborted' && !cause.uncertain) {
        if (!actions.mayAct()) return standby;
        overtaken += 1;
        continue;
      }
      actions.writeFailed(request, condition, cause, decision);
      const outcome = afterFailedWrite(cause);
      if (outcome !== 'read again') return outcome;
      // oxlint-disable-next-line no-await-in-loop
      current = await readAgain(request, actions);
      if (current === undefined) return done;
      // After an uncertain write nothing but the server can say whether it was applied.
      if (cause.status !== 409) return retryAfter(cause);
      conflicts += 1;
    }
  }
  return { kind: 'failed' };
}

const done: Outcome = { kind: 'done' };

/** Nothing is taken up before this process may act again; then at once. */
const standby: Outcome = { kind: 'again', afterMs: 0 };

/** Which condition a verdict leads to. Whatever is not a clear case of one writes none. */
export function conditionFor(verdict: VerdictKind, options: ReconcileOptions): WrittenCondition | undefined {
  if (options.enforcement !== 'enforce') return undefined;
  switch (verdict) {
    case 'approve':
      return 'Approved';
    case 'deny':
      return options.onDeny === 'deny' ? 'Denied' : undefined;
    case 'wait':
    case 'abstain':
    case 'error':
    case 'ignore':
      return undefined;
  }
}

/** What to do with a request that is left pending. */
function rest(request: CertificateRequest, { verdict }: Decision, actions: ReconcileActions): Outcome {
  switch (verdict.kind) {
    case 'wait':
      return { kind: 'again', afterMs: actions.waitMs(request, verdict.retryAfterSeconds) };
    case 'error':
      return {
        kind: 'failed',
        atLeastMs: (verdict.retryAfterSeconds ?? 0) * 1000,
        costly: verdict.reasons.some(({ code }) => code === timeoutCode),
      };
    case 'ignore':
      return { kind: 'again', afterMs: ignoredMs };
    case 'approve':
    case 'deny':
    case 'abstain':
      return done;
  }
}

/** The next step after a write that did not succeed. */
function afterFailedWrite(cause: KubeError): Outcome | 'read again' {
  if (isNotFound(cause)) return done;
  // Somebody else changed it, decided it, or replaced it under the same name.
  if (cause.status === 409) return 'read again';
  // Approved and Denied exclude each other, or the stored request no longer validates: no try can succeed.
  if (cause.status === 422) return done;
  if (cause.status === 403) return { kind: 'failed', atLeastMs: forbiddenRetryMs };
  return cause.uncertain ? 'read again' : retryAfter(cause);
}

/** Backoff, and not before the API server asks for it. */
export function retryAfter(cause: KubeError): Outcome {
  return { kind: 'failed', atLeastMs: (cause.retryAfterSeconds ?? 0) * 1000 };
}

/** The object of a request that was too large to be kept, if it is still the one that was decided. */
async function readWhole(request: CertificateRequest, actions: ReconcileActions): Promise<KubeObject> {
  const object = await actions.read(request.name);
  const { uid, resourceVersion } = object?.metadata ?? {};
  if (object !== undefined && uid === request.uid && resourceVersion === request.resourceVersion) {
    return writable(object);
  }
  throw new KubeError({
    kind: 'status',
    status: 409,
    message: 'the request has changed since it was decided',
  });
}

/** The request as it stands now, unless it is gone, replaced or decided. */
async function readAgain(
  request: CertificateRequest,
  actions: ReconcileActions,
): Promise<Pending | undefined> {
  const object = await actions.read(request.name);
  if (object === undefined || object.metadata.uid !== request.uid) return undefined;
  return pending(object, request.signerName);
}
