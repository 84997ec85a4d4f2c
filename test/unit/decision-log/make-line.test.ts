import { expect, test } from 'vitest';
import { decide, decideDocument } from '../../../src/decide/decide.ts';
import { inputSchema } from '../../../src/decide/input.ts';
import { decisionLineSchema } from '../../../src/decision-log/line.ts';
import { makeLine } from '../../../src/decision-log/make-line.ts';
import { requestIn } from '../../../src/decision-log/read-request.ts';
import { allows, gathers, limits, now, passes, policiesThat, request, type Says } from '../decide/stubs.ts';
import { lineOf, logged } from './decided.ts';

const reread = (line: unknown) => decisionLineSchema.parse(JSON.parse(JSON.stringify(line)));

test('an approval tells who asked, for what, by which rules, on which facts, and how long it took', async () => {
  const line = await lineOf();
  expect(line).toEqual({
    labels: { app: 'rego-csr-approver', id: 'pod-1', version: '1.0.0' },
    decision_id: '00000000-0000-4000-8000-000000000001',
    trace_id: '0000000000000000000000000000000a',
    span_id: '000000000000000b',
    bundles: { floor: { revision: 'f1' }, policy: { revision: 'r1' } },
    path: 'csr/test/decision',
    input: (await logged()).decision.input,
    result: allows,
    requested_by: 'system:node:n1',
    timestamp: '2026-11-22T06:00:01.000Z',
    metrics: {
      timer_decode_ns: 250_000,
      timer_floor_form_ns: 250_000,
      timer_facts_ns: 250_000,
      timer_evaluation_ns: 250_000,
      timer_total_ns: 1_000_000,
    },
    custom: {
      format: 1,
      csr: {
        name: request().name,
        uid: request().uid,
        signer_name: 'kubernetes.io/kubelet-serving',
        resource_version: request().resourceVersion,
        created_at: '2026-11-22T06:00:00.000Z',
      },
      verdict: { kind: 'approve', reasons: [], warnings: [] },
      enforcement: 'enforce',
      condition: 'Approved',
      floor: { form: passes, facts: passes },
    },
  });
  expect(inputSchema.safeParse(line.input).success).toBe(true);
});

const because = (code: string) => [{ code, msg: 'why', names: ['n2'] }];

const decisions: [string, Says][] = [
  ['an approval', {}],
  ['a denial by the form', { form: { pass: false, deny: because('FormBad'), wait: [] } }],
  ['a denial by the floor', { facts: { pass: false, deny: because('FloorBad'), wait: [] } }],
  ['a denial by the policy', { policy: { ...allows, allow: false, deny: because('PolicyBad') } }],
  [
    'a wait',
    { policy: { ...allows, allow: false, wait: [{ code: 'Later', msg: 'x', retry_after_seconds: 7 }] } },
  ],
  ['an abstention', { policy: { ...allows, allow: false, warn: ['a sentence'] } }],
  ['a policy that says something of another shape', { policy: { allow: 'yes' } }],
  ['a policy that fails', { policy: () => Promise.reject(new Error('trap')) }],
];

test.each(decisions)('%s comes out the same when its line is decided again', async (_, says) => {
  const line = reread(await lineOf({ says }));
  const { sar, node, claims, cluster, lookups, dns, pending, ...document } = inputSchema.parse(line.input);
  const facts = { sar, node, claims, cluster, lookups, dns, pending };
  const { verdict } = await decideDocument(document, gathers(facts), policiesThat(says));
  const { kind, reasons } = line.custom.verdict;
  expect([kind, reasons]).toEqual([verdict.kind, verdict.reasons]);
});

test('a value of another shape is told as it was, and is an error with a code', async () => {
  const line = await lineOf({ says: { policy: { allow: 'yes' } } });
  expect(line).toMatchObject({ result: { allow: 'yes' }, error: { code: 'PolicyFailed' } });
});

test('what was not evaluated has no result', async () => {
  const failing = await lineOf({ says: { policy: () => Promise.reject(new Error('trap')) } });
  const refused = await lineOf({ says: { form: { pass: false, deny: ['no'], wait: [] } } });
  expect([failing, refused].map((line) => 'result' in line)).toEqual([false, false]);
  expect(Object.keys(refused.custom.floor ?? {})).toEqual(['form']);
});

test('a request that the decoder refuses is there to be decoded again', async () => {
  const of = { ...request(), request: Buffer.from('no PEM').toString('base64') };
  const line = reread(await lineOf({ of }));
  expect('input' in line).toBe(false);
  const again = requestIn(line);
  if (again === undefined) throw new Error('not there');
  expect(again).toEqual({ ...of, conditions: [], issued: false });
  const { verdict } = await decide(again, gathers(), policiesThat(), { now, limits });
  expect(verdict.reasons).toEqual(line.custom.verdict.reasons);
});

test('one that is longer than any configuration lets pass is not, but its length', async () => {
  const longest = (64 * 1024 * 4) / 3;
  const sizes = [Math.ceil(longest / 4) * 4, Math.ceil(longest / 4) * 4 + 4];
  const lines = await Promise.all(
    sizes.map((size) => lineOf({ of: { ...request(), request: 'A'.repeat(size) } })),
  );
  expect(lines.map(({ custom }) => custom.request)).toMatchObject(
    sizes.map((request_characters) => ({ request_characters })),
  );
  expect(lines.map((line) => requestIn(line) !== undefined)).toEqual([true, false]);
});

test('facts that could not be had leave a document without them', async () => {
  const line = await lineOf({
    gather: async () => ({ facts: {}, failures: [{ fact: 'node', message: 'gone' }] }),
  });
  expect(line).toMatchObject({ error: { code: 'FactUnavailable', message: 'node: gone' } });
  expect(inputSchema.safeParse(line.input).success).toBe(true);
});

test('what a candidate says is told with its revision', async () => {
  const line = await lineOf({}, { shadow: { status: 'dropped', revision: 'c1' } });
  expect([line.bundles, line.custom.shadow]).toEqual([
    { floor: { revision: 'f1' }, policy: { revision: 'r1' }, shadow: { revision: 'c1' } },
    { status: 'dropped', revision: 'c1' },
  ]);
});

test('a request that is left alone has no line', async () => {
  expect(makeLine(await logged({ of: { ...request(), issued: true } }))).toBeUndefined();
});

const ruleOf = ({ code }: { code: string }, kind?: string) =>
  code === 'A' ? `csr.test: a.rego:1 ${String(kind)}` : undefined;

test('a reason has the rule that gave it, where that is known', async () => {
  const policy = { ...allows, allow: false, deny: because('A'), warn: because('B') };
  const one = await logged({ says: { policy } });
  const line = makeLine({ ...one, decision: { ...one.decision, ruleOf } });
  expect(line?.custom.verdict.reasons[0]).toMatchObject({ code: 'A', rule: 'csr.test: a.rego:1 deny' });
  expect(line?.custom.verdict.warnings[0]).not.toHaveProperty('rule');
});
