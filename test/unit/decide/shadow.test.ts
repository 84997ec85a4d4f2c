import { beforeEach, describe, expect, test } from 'vitest';
import type { Policies } from '../../../src/decide/decide.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { FactNeeds, Gather } from '../../../src/decide/facts.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import type { CertificateRequest } from '../../../src/decide/request.ts';
import { decideCandidate, gistOf, isComparable } from '../../../src/decide/shadow.ts';
import type { Verdict, VerdictKind } from '../../../src/decide/verdict.ts';
import { EvaluationError } from '../../../src/policy/error.ts';
import { noFacts } from '../../../src/policy/needs.ts';
import type { SignerPolicy } from '../../../src/policy/policy.ts';
import type { Says } from './stubs.ts';
import { allows, limits, now, passes, policiesThat, request } from './stubs.ts';

const signer = 'kubernetes.io/kubelet-serving';
const { node, cluster, pending } = probeDocument;
const facts = { node, cluster, pending };

/** Who asked for which facts. */
let asked: { by: 'active' | 'candidate'; needs: FactNeeds }[];
beforeEach(() => {
  asked = [];
});
const gather =
  (by: 'active' | 'candidate', failing: readonly string[] = []): Gather =>
  async (needs) => {
    asked.push({ by, needs });
    const obtained = Object.entries(facts).filter(([name]) => needs[name as keyof typeof facts]);
    return {
      facts: Object.fromEntries(obtained.filter(([name]) => !failing.includes(name))),
      failures: failing
        .filter((name) => needs[name as keyof typeof facts])
        .map((fact) => ({ fact, message: 'gone' })),
    };
  };

function policies(says: Says = {}, change: Partial<SignerPolicy> = {}) {
  const made = policiesThat(says);
  const policy = made.signers.get(signer);
  if (policy === undefined) throw new Error('no policy');
  return { ...made, signers: new Map([[signer, { ...policy, ...change }]]) };
}

interface Sides {
  readonly active?: Policies;
  readonly candidate?: Policies;
  readonly of?: CertificateRequest;
  readonly at?: Date;
  /** Facts that can be had no more when the candidate asks for them. */
  readonly gone?: readonly string[];
}

async function both({ active = policies(), candidate = policies(), of = request(), at = now, gone }: Sides) {
  const options = { now: at, limits };
  const decision = await decide(of, gather('active'), active, options);
  const verdict = await decideCandidate(
    { request: of, decision, policies: active, options },
    gather('candidate', gone),
    candidate,
  );
  return { active: decision.verdict, candidate: verdict, comparable: isComparable(decision) };
}

const reason = (code: string) => [{ code, msg: `because of ${code}` }];
/** What makes a policy end in each verdict that a policy can have a part in. */
const endings: readonly [VerdictKind, Says, Partial<SignerPolicy>][] = [
  ['approve', {}, {}],
  ['deny', { policy: { ...allows, deny: reason('No') } }, {}],
  ['wait', { policy: { ...allows, wait: reason('Later') } }, {}],
  ['abstain', { policy: { ...allows, allow: false } }, {}],
  ['error', { policy: () => Promise.reject(new EvaluationError('undefined')) }, {}],
  ['ignore', {}, { maxAgeSeconds: 0.5 }],
];
const pairs = endings.flatMap((active) => endings.map((candidate) => ({ active, candidate })));

test.each(pairs)(
  '$active.0 of the one in force, $candidate.0 of the candidate',
  async ({ active, candidate }) => {
    const made = await both({
      active: policies(active[1], active[2]),
      candidate: policies(candidate[1], candidate[2]),
    });
    expect([made.active.kind, made.candidate.kind]).toEqual([active[0], candidate[0]]);
    expect(made.comparable).toBe(true);
  },
);

describe('ends early', () => {
  test('a finished request is left alone by both', async () => {
    const of = request({ conditions: [{ type: 'Approved', status: 'True' }] });
    const { active, candidate } = await both({ of });
    expect(candidate).toEqual(active);
    expect(candidate.reasons).toMatchObject([{ code: 'Finished' }]);
    expect(asked).toEqual([]);
  });

  test('what the decoder refuses both deny, and nobody evaluates', async () => {
    const candidate = policiesThat();
    const made = await both({ of: request({ request: Buffer.from('none') }), candidate });
    expect(made.active.kind).toBe('deny');
    expect(made.candidate).toEqual(made.active);
    expect(candidate.asked).toEqual([]);
  });

  test('what the decoder refuses the candidate leaves alone when it is too old for it', async () => {
    const made = await both({
      of: request({ request: Buffer.from('none') }),
      candidate: policies({}, { maxAgeSeconds: 0.5 }),
    });
    expect([made.active.kind, made.candidate.kind]).toEqual(['deny', 'ignore']);
  });

  test('what is too old for the one in force alone is decided as a whole', async () => {
    const made = await both({
      active: policies({}, { maxAgeSeconds: 0.5 }),
      candidate: policies({}, { maxAgeSeconds: undefined }),
    });
    expect([made.active.kind, made.candidate.kind]).toEqual(['ignore', 'approve']);
    expect(asked).toEqual([{ by: 'candidate', needs: { ...noFacts, node: true, cluster: true } }]);
  });

  test('and it may be one that the decoder refuses', async () => {
    const made = await both({
      of: request({ request: Buffer.from('none') }),
      active: policies({}, { maxAgeSeconds: 0.5 }),
    });
    expect([made.active.kind, made.candidate.kind]).toEqual(['ignore', 'deny']);
    expect(made.candidate.reasons).toMatchObject([{ source: 'decoder' }]);
  });

  test("the floor's form ends both, without any fact", async () => {
    const form = { ...passes, pass: false, deny: reason('FloorSays') };
    const made = await both({ active: policies({ form }), candidate: policies({ form }) });
    expect(made.candidate).toEqual(made.active);
    expect(made.candidate.reasons).toMatchObject([{ code: 'FloorSays', source: 'floor' }]);
    expect(asked).toEqual([]);
  });
});

describe('is asked with', () => {
  test('the same document and the same facts, to the second', async () => {
    const [active, candidate] = [policiesThat(), policiesThat()];
    await both({ active, candidate, at: new Date('2026-11-22T06:03:00Z') });
    expect(candidate.asked).toEqual(active.asked);
    expect(asked.map(({ by }) => by)).toEqual(['active']);
  });

  test('a fact more, which is gathered on its own', async () => {
    const candidate = policiesThat();
    const seen: object[] = [];
    const more = {
      needs: { ...noFacts, pending: true },
      evaluate: async (input: object) => {
        seen.push(input);
        return allows;
      },
    };
    const made = await both({ candidate: policies({}, more) });
    expect(made.candidate.kind).toBe('approve');
    expect(asked.at(-1)).toEqual({ by: 'candidate', needs: { ...noFacts, pending: true } });
    expect(seen).toEqual([expect.objectContaining({ node, pending })]);
    // The other asks for that one, and this one does not.
    expect(seen[0]).not.toHaveProperty('cluster');
    expect(candidate.asked).toEqual([]);
  });

  test('none that cannot be had: an error of its own', async () => {
    const made = await both({
      candidate: policies({}, { needs: { ...noFacts, pending: true } }),
      gone: ['pending'],
    });
    expect(made.active.kind).toBe('approve');
    expect(made.candidate).toMatchObject({
      kind: 'error',
      reasons: [{ code: 'FactUnavailable', msg: 'pending: gone' }],
    });
  });

  test('needs that contradict those of the floor: an error of its own', async () => {
    const attributes = { group: '', resource: 'pods', subresource: '', name: '', namespace: '' };
    const sar = (verb: string) => ({ ...noFacts, sar: { own: { ...attributes, verb } } });
    const made = policies({}, { needs: sar('list') });
    const floor = { ...made.floor, needs: new Map([[signer, sar('get')]]) };
    const { candidate } = await both({ candidate: { ...made, floor } });
    expect(candidate).toMatchObject({ kind: 'error', reasons: [{ code: 'PolicyFailed' }] });
  });
});

test('is not asked when the facts of the one in force were missing', async () => {
  const options = { now, limits };
  const decision = await decide(request(), gather('active', ['node']), policies(), options);
  expect(decision.verdict.kind).toBe('error');
  expect(isComparable(decision)).toBe(false);
});

const verdict = (kind: 'deny' | 'abstain', ...codes: string[]): Verdict => ({
  kind,
  reasons: codes.map((code) => ({ code, msg: String(Math.random()), source: 'policy' })),
  warnings: [],
});

test('verdicts are the same but for what they say in words', () => {
  expect(gistOf(verdict('deny', 'A', 'B'))).toBe(gistOf(verdict('deny', 'A', 'A', 'B')));
  expect(gistOf(verdict('deny', 'A'))).not.toBe(gistOf(verdict('deny', 'A', 'B')));
  expect(gistOf(verdict('deny', 'A'))).not.toBe(gistOf(verdict('abstain', 'A')));
});
