import { decodeRequest } from '../csr/decode.ts';
import type { DecodeLimits } from '../csr/decoded.ts';
import { DecodeRefusal } from '../csr/refusal.ts';
import type { FloorDecision, PolicyDecision } from '../policy/decision.ts';
import { decisionShape, floorShape, shapeProblem } from '../policy/decision.ts';
import { EvaluationError } from '../policy/error.ts';
import type { Floor } from '../policy/floor.ts';
import { unionOfNeeds } from '../policy/needs.ts';
import type { SignerPolicy } from '../policy/policy.ts';
import type { z } from 'zod';
import { requestDocument } from './document.ts';
import type { HostReasonCode } from './host-reasons.ts';
import type { Gather } from './facts.ts';
import type { InputDocument, RequestInput } from './input.ts';
import type { CertificateRequest } from './request.ts';
import { isFinished } from './request.ts';
import type { MonotonicClock, Timings } from './stopwatch.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Evaluated, Reason, Verdict } from './verdict.ts';
import { judge, judgeWithoutFacts } from './verdict.ts';

/** What a request is decided by. */
export interface Policies {
  readonly floor: Floor;
  /** By signer name; a signer that is not here is not ours. */
  readonly signers: ReadonlyMap<string, SignerPolicy>;
}

export interface Decision {
  readonly verdict: Verdict;
  /** What was evaluated, as far as it got; undefined when the request was not decoded. */
  readonly input: InputDocument | undefined;
  readonly said: Said;
  readonly timings: Timings;
}

/** What floor and policy said of a request; absent where they were not asked. */
export interface Said {
  /** The floor, of the bare request. */
  readonly form?: Evaluated<FloorDecision>;
  /** The floor, of the request with its facts. */
  readonly floor?: Evaluated<FloorDecision>;
  readonly policy?: Evaluated<PolicyDecision>;
}

export interface DecideOptions {
  readonly now: Date;
  readonly limits: DecodeLimits;
  /** Times the stages; without one no timings are told. */
  readonly clock?: MonotonicClock;
}

/**
 * Decides one request: decode, the floor on the bare request, facts, floor and policy, verdict.
 *
 * The one way from a request to a verdict, for the controller and for every offline command. Never throws for
 * anything that a request, a fact or a policy can do.
 */
export async function decide(
  request: CertificateRequest,
  gather: Gather,
  policies: Policies,
  options: DecideOptions,
): Promise<Decision> {
  const left = leftAlone(request, policies, options.now);
  if (left !== undefined) return left;
  const watch = new Stopwatch(options.clock);
  const document = decodeDocument(request, options);
  watch.lap('decode');
  if ('reason' in document) {
    const verdict = { kind: 'deny', reasons: [document.reason], warnings: [] } as const;
    return { verdict, input: undefined, said: {}, timings: watch.timings };
  }
  return decideDecoded(document, gather, policies, watch);
}

/** The decision on a request that is not even looked at; undefined for every other. */
export function leftAlone(request: CertificateRequest, policies: Policies, now: Date): Decision | undefined {
  const policy = policies.signers.get(request.signerName);
  if (policy === undefined) return notOurs;
  if (isFinished(request)) return ignored('Finished', 'already approved, denied, failed or issued');
  const age = request.createdAt === undefined ? 0 : now.getTime() - request.createdAt.getTime();
  return tooOld(policy, age / 1000);
}

/**
 * Decides what a document says of a request: everything that `decide` does but decoding. Whether the request can be
 * decoded, and says what the document says, is for whoever made the document to know.
 */
export async function decideDocument(
  document: RequestInput,
  gather: Gather,
  policies: Policies,
): Promise<Decision> {
  const policy = policies.signers.get(document.signer_name);
  if (policy === undefined) return notOurs;
  return tooOld(policy, document.age_seconds) ?? (await decideDecoded(document, gather, policies));
}

/**
 * Decides from the floor's form on: what is left once a request is decoded and nothing speaks against looking at it. A
 * document of a signer that is not ours gets no further than the form.
 */
export async function decideDecoded(
  document: RequestInput,
  gather: Gather,
  policies: Policies,
  watch = new Stopwatch(),
): Promise<Decision> {
  const { timings } = watch;
  const form = await evaluateFloor(policies.floor.form, document);
  watch.lap('form');
  // Only a form that passes is worth any fact. Whatever else it says ends here, and never approves.
  if (!form.ok || !form.value.pass || form.value.deny.length > 0 || form.value.wait.length > 0) {
    return { verdict: judge(form, { ok: true, value: silent }), input: document, said: { form }, timings };
  }
  const policy = policies.signers.get(document.signer_name);
  if (policy === undefined) return notOurs;
  const demanded = policies.floor.needs.get(policy.signerName);
  if (demanded === undefined) {
    // Cannot be: no policy is loaded for such a signer, and the floor passes none of its requests.
    const problem = `the floor passes signer ${policy.signerName}, but does not name it`;
    const verdict = judge({ ok: false, problem }, { ok: true, value: silent });
    return { verdict, input: document, said: { form }, timings };
  }
  const { facts, failures } = await gather(unionOfNeeds(demanded, policy.needs), document);
  watch.lap('facts');
  const input: InputDocument = { ...document, ...facts };
  if (failures.length > 0) return { verdict: judgeWithoutFacts(failures), input, said: { form }, timings };
  const [floorSays, policySays] = await Promise.all([
    evaluateFloor(policies.floor.facts, input),
    evaluated(decisionShape, policy.entrypoint, () => policy.evaluate(input)),
  ]);
  watch.lap('evaluation');
  const said = { form, floor: floorSays, policy: policySays };
  return { verdict: judge(floorSays, policySays), input, said, timings };
}

function tooOld({ maxAgeSeconds }: SignerPolicy, seconds: number): Decision | undefined {
  if (maxAgeSeconds === undefined || seconds <= maxAgeSeconds) return undefined;
  return ignored('RequestTooOld', `the kubelet stops waiting after ${String(maxAgeSeconds)} seconds`);
}

const silent = { allow: false, deny: [], wait: [], warn: [], config_errors: [] };

function ignored(code: HostReasonCode, msg: string): Decision {
  return {
    verdict: { kind: 'ignore', reasons: [{ code, msg, source: 'host' }], warnings: [] },
    input: undefined,
    said: {},
    timings: {},
  };
}

const notOurs = ignored('NotOurs', 'the signer is not one of the configured ones');

/** Decodes a request and makes its document, or says why it has no single reading. */
export function decodeDocument(
  request: CertificateRequest,
  options: DecideOptions,
): RequestInput | { readonly reason: Reason } {
  const pem = Buffer.from(request.request, 'base64');
  // The API server writes canonical base64 (RFC 4648 section 4); a file may hold anything.
  if (pem.toString('base64') !== request.request) {
    const msg = 'spec.request is not canonical base64: copy the object as the API server shows it';
    return { reason: { code: 'Base64NotCanonical', msg, source: 'decoder' } };
  }
  try {
    const decoded = decodeRequest(pem, options.limits);
    return requestDocument(request, decoded, options.now);
  } catch (cause) {
    if (!(cause instanceof DecodeRefusal)) throw cause;
    return {
      reason: { code: cause.code, msg: cause.message, source: 'decoder', details: { clause: cause.clause } },
    };
  }
}

function evaluateFloor(entrypoint: (input: object) => Promise<unknown>, input: object) {
  return evaluated(floorShape, 'the floor', () => entrypoint(input));
}

/** Runs one evaluation; whatever is not a value of the expected shape is a problem, never an answer. */
async function evaluated<T>(
  shape: z.ZodType<T>,
  name: string,
  evaluate: () => Promise<unknown>,
): Promise<Evaluated<T>> {
  let value: unknown;
  try {
    value = await evaluate();
  } catch (cause) {
    if (cause instanceof EvaluationError)
      return { ok: false, problem: cause.message, overdue: cause.overdue };
    return { ok: false, problem: `${name}: ${cause instanceof Error ? cause.message : 'unknown failure'}` };
  }
  const result = shape.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const problem = `${name} gave no usable decision: ${shapeProblem(result.error)}`;
  return { ok: false, problem, unusable: value };
}
