import type { Judged } from '../controller/reconcile.ts';
import type { Policies } from '../decide/decide.ts';
import type { LiveSources } from '../facts/live.ts';
import type { Follow } from '../kube/call.ts';
import { newDecisionId, type DecisionId } from '../observe/decision-id.ts';
import type { Tracing } from '../observe/tracing.ts';
import { escapeText } from '../text/escape.ts';

/** What a trace takes part in of one decision. */
export interface Seen {
  readonly id: DecisionId;
  /** The same policies; in a trace, each evaluation is a span. */
  readonly policies: (inForce: Policies) => Policies;
}

/** Makes a decision, in a span of its own where there is a trace. */
export async function seeing(
  tracing: Tracing | undefined,
  judge: (seen: Seen) => Promise<Judged>,
): Promise<Judged> {
  if (tracing === undefined) return judge({ id: newDecisionId(), policies: (inForce) => inForce });
  return tracing.within('csr.decide', {}, async (span) => {
    const id = { ...newDecisionId(), trace: span.trace, span: span.span };
    let beganMs = 0;
    const decision = await judge({
      id,
      policies: (inForce) => {
        beganMs = performance.now();
        return tracedPolicies(inForce, tracing);
      },
    });
    const { verdict, revision, timings } = decision;
    // The decoder is not asked for spans: it has no clock, and nothing to wait for.
    if (timings.decode !== undefined) span.part('csr.decode', beganMs, beganMs + timings.decode);
    const codes = verdict.reasons.slice(0, maxCodes).map(({ code }) => escapeText(code));
    span.set({
      'csr.decision_id': id.decision,
      'csr.verdict': verdict.kind,
      'csr.reason_codes': codes,
      'csr.policy.revision': escapeText(revision),
    });
    if (verdict.kind === 'error') span.fail(codes[0] ?? 'error');
    return decision;
  });
}

/** Most codes that an attribute holds. */
const maxCodes = 16;

function tracedPolicies(policies: Policies, { within }: Tracing): Policies {
  const { floor, signers } = policies;
  return {
    floor: {
      ...floor,
      form: (input) => within('csr.floor.form', {}, () => floor.form(input)),
      facts: (input) => within('csr.floor', {}, () => floor.facts(input)),
    },
    signers: new Map(
      [...signers].map(([name, policy]) => [
        name,
        { ...policy, evaluate: (input: object) => within('csr.policy', {}, () => policy.evaluate(input)) },
      ]),
    ),
  };
}

/** The same sources; in a trace, each fact is a span. */
export function tracedSources(sources: LiveSources, tracing: Tracing | undefined): LiveSources {
  if (tracing === undefined) return sources;
  const { within } = tracing;
  return {
    ...sources,
    getNode: (name) => within('csr.fact.node', {}, () => sources.getNode(name)),
    reviewAccess: (spec) => within('csr.fact.sar', {}, () => sources.reviewAccess(spec)),
    cluster: { get: () => within('csr.fact.cluster', {}, () => sources.cluster.get()) },
    claims: {
      caughtUp: (version) => within('csr.fact.claims', {}, () => sources.claims.caughtUp(version)),
      claimsOf: (sans) => sources.claims.claimsOf(sans),
    },
    findObjects: (query, request) => within('csr.fact.lookup', {}, () => sources.findObjects(query, request)),
    resolveNames: (names) => within('csr.fact.dns', {}, () => sources.resolveNames(names)),
    countPending: (request) => within('csr.fact.pending', {}, () => sources.countPending(request)),
  };
}

/** Makes each call to the API server that belongs to a decision a span, by the semantic conventions for HTTP clients. */
export function followIn(tracing: Tracing): Follow {
  return ({ method, resource, url }) => {
    const { hostname, port, protocol } = new URL(url);
    const span = tracing.call(`${method} ${resource}`, {
      'http.request.method': method,
      'server.address': hostname,
      'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
      'url.full': escapeText(url, maxUrl),
    });
    if (span === undefined) return undefined;
    return {
      headers: span.headers,
      ended: (code) => {
        const status = /^\d{3}$/.test(code) ? Number(code) : undefined;
        const isProblem = status === undefined || status >= 400;
        span.end(
          status === undefined ? {} : { 'http.response.status_code': status },
          isProblem ? code : undefined,
        );
      },
    };
  };
}

/** Longest URL that is shown, in characters; a path has a name of at most 253. */
const maxUrl = 512;
