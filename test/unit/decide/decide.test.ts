import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { Gather } from '../../../src/decide/facts.ts';
import { EvaluationError } from '../../../src/policy/error.ts';
import { noFacts } from '../../../src/policy/needs.ts';
import { buildCSR } from '../../support/csr.ts';
import type { Says } from './stubs.ts';
import { allows, gathers, limits, now, passes, policiesThat, request } from './stubs.ts';

const options = { now, limits };
const throwing = (error: unknown) => () => {
  throw error;
};
const conditions = (type: string) => ({ conditions: [{ type, status: 'True' }] });
const outcome = async (says: Says) => {
  const { verdict } = await decide(request(), gathers(), policiesThat(says), options);
  return verdict;
};

test('approves when everything says so', async () => {
  const policies = policiesThat();
  const { verdict, input } = await decide(request(), gathers(), policies, options);
  expect(verdict).toEqual({ kind: 'approve', reasons: [], warnings: [] });
  expect(policies.asked.map(({ entrypoint }) => entrypoint)).toEqual(['form', 'facts', 'policy']);
  expect(input).toMatchObject({
    name: 'csr-7lh9z',
    age_seconds: 1,
    requestor: { username: 'system:node:n1' },
  });
});

const withoutValue: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ['an empty object', {}],
  ['a list', [allows]],
  ['a text', 'approve'],
  ['an EvaluationError', throwing(new EvaluationError('x is undefined for this input'))],
  ['any other error', throwing(new TypeError('oops'))],
  ['a thrown text', throwing('opa_abort')],
  ['a thrown nothing', throwing(undefined)],
];
const notFloor: [string, unknown][] = [
  ...withoutValue,
  ['pass as text', { ...passes, pass: 'true' }],
  ['pass as number', { ...passes, pass: 1 }],
  ['pass undefined', { deny: [], wait: [] }],
  ['deny as object', { ...passes, deny: {} }],
  ['deny undefined', { pass: true, wait: [] }],
  ['wait as text', { ...passes, wait: '' }],
  ['one key more', { ...passes, allow: true }],
  ['a reason without code', { ...passes, deny: [{ msg: 'x' }] }],
  ["a policy's value", allows],
  ['pass false without a reason', { ...passes, pass: false }],
];
const notPolicy: [string, unknown][] = [
  ...withoutValue,
  ['allow as text', { ...allows, allow: 'true' }],
  ['allow as number', { ...allows, allow: 1 }],
  ['allow as list', { ...allows, allow: [true] }],
  ['allow null', { ...allows, allow: null }],
  ['allow undefined', { ...allows, allow: undefined }],
  ['deny as object', { ...allows, deny: {} }],
  ['a number among the reasons', { ...allows, wait: [1] }],
  ['an empty code', { ...allows, deny: [{ code: '', msg: 'x' }] }],
  ['warn undefined', { ...allows, warn: undefined }],
  ['one key more', { ...allows, approve: true }],
  ["the floor's value", passes],
  ['config_errors', { ...allows, config_errors: ['no such knob'] }],
  ['a negative delay', { ...allows, wait: [{ code: 'A', msg: 'a', retry_after_seconds: -1 }] }],
];

describe('is an error, never an answer', () => {
  test.each(notFloor)("the floor's form: %s", async (_, form) => {
    expect(await outcome({ form })).toMatchObject({ kind: 'error', reasons: [{ code: 'FloorFailed' }] });
  });
  test.each(notFloor)("the floor's facts: %s", async (_, facts) => {
    expect(await outcome({ facts })).toMatchObject({ kind: 'error', reasons: [{ code: 'FloorFailed' }] });
  });
  test.each(notPolicy)('the policy: %s', async (_, policy) => {
    expect(await outcome({ policy })).toMatchObject({ kind: 'error', reasons: [{ code: 'PolicyFailed' }] });
  });
  test('a policy that was ended at its deadline, by a code of its own', async () => {
    const policy = throwing(new EvaluationError('took longer than 500 ms', { overdue: true }));
    const verdict = await outcome({ policy });
    expect(verdict).toMatchObject({ kind: 'error', reasons: [{ code: 'PolicyTimeout' }] });
  });
  test('a floor that passes a signer that it does not name', async () => {
    const policies = policiesThat();
    const floor = { ...policies.floor, needs: new Map() };
    const { verdict } = await decide(request(), gathers(), { ...policies, floor }, options);
    expect(verdict).toMatchObject({ kind: 'error', reasons: [{ code: 'FloorFailed' }] });
  });
  test('each fact that could not be had, by name, and nothing is evaluated without it', async () => {
    const failures = [{ fact: 'node', message: 'timeout', retryAfterSeconds: 3 }];
    const policies = policiesThat();
    const gather: Gather = () => Promise.resolve({ facts: {}, failures });
    const { verdict } = await decide(request(), gather, policies, options);
    expect(verdict).toMatchObject({
      kind: 'error',
      retryAfterSeconds: 3,
      reasons: [{ code: 'FactUnavailable', msg: 'node: timeout', source: 'facts' }],
    });
    expect(policies.asked.map(({ entrypoint }) => entrypoint)).toEqual(['form']);
  });
});

describe('facts', () => {
  test('are those that floor or policy ask for', async () => {
    let asked: unknown;
    const gather: Gather = (needs) => {
      asked = needs;
      return Promise.resolve({ facts: {}, failures: [] });
    };
    await decide(request(), gather, policiesThat(), options);
    expect(asked).toEqual({ ...noFacts, node: true, claims: false, cluster: true });
  });

  test('that the floor asks for with another signer are not', async () => {
    let asked: unknown;
    const gather: Gather = (needs) => {
      asked = needs;
      return Promise.resolve({ facts: {}, failures: [] });
    };
    const policies = policiesThat();
    const needs = new Map([...policies.floor.needs, ['example.com/x', { ...noFacts, claims: true }]]);
    await decide(request(), gather, { ...policies, floor: { ...policies.floor, needs } }, options);
    expect(asked).toEqual({ ...noFacts, node: true, cluster: true });
  });

  test.each([
    ['denies', { ...passes, pass: false, deny: [{ code: 'UsagesNotAllowed', msg: 'x' }] }, 'deny'],
    ['waits', { ...passes, wait: [{ code: 'Later', msg: 'x' }] }, 'wait'],
  ])('are not asked for when the form %s', async (_, form, kind) => {
    let gathered = 0;
    const gather: Gather = () => {
      gathered += 1;
      return Promise.resolve({ facts: {}, failures: [] });
    };
    const { verdict } = await decide(request(), gather, policiesThat({ form }), options);
    expect([verdict.kind, gathered]).toEqual([kind, 0]);
  });

  test('cannot replace what the request says', async () => {
    const policies = policiesThat();
    await decide(request(), gathers({ sar: {} }), policies, options);
    expect(policies.asked[1]?.input).toMatchObject({ name: 'csr-7lh9z', sar: {} });
  });
});

describe('is not decided at all', () => {
  const never = policiesThat({ form: throwing(new Error('evaluated')) });
  test.each([
    ['another signer', { signerName: 'kubernetes.io/kube-apiserver-client-kubelet' }, 'NotOurs'],
    ['a signer that differs in case', { signerName: 'kubernetes.io/Kubelet-serving' }, 'NotOurs'],
    ['LIFE-01 approved', conditions('Approved'), 'Finished'],
    ['LIFE-02 denied', conditions('Denied'), 'Finished'],
    ['LIFE-03 failed', conditions('Failed'), 'Finished'],
    ['LIFE-04 issued', { certificate: Uint8Array.of(1) }, 'Finished'],
    ['LIFE-16 a second over the limit', { creationTimestamp: '2026-11-22T05:45:00Z' }, 'RequestTooOld'],
    ['LIFE-17 a day old', { creationTimestamp: '2026-11-21T06:00:00Z' }, 'RequestTooOld'],
  ])('%s', async (_, spec, code) => {
    const { verdict, input } = await decide(request(spec), gathers(), never, options);
    expect(verdict).toMatchObject({ kind: 'ignore', reasons: [{ code, source: 'host' }] });
    expect(input).toBeUndefined();
  });

  test.each([
    ['exactly as old as the limit', { creationTimestamp: '2026-11-22T05:45:01Z' }],
    ['from a clock that runs ahead', { creationTimestamp: '2026-11-22T07:00:00Z' }],
    ['LIFE-05 with a foreign condition', conditions('Audited')],
    ['LIFE-31 with labels and annotations', { labels: { a: 'b' }, annotations: { c: 'd' } }],
  ])('but this is: %s', async (_, spec) => {
    expect((await decide(request(spec), gathers(), policiesThat(), options)).verdict.kind).toBe('approve');
  });
});

describe('the bytes', () => {
  const good = request();
  const garbage = Buffer.from(
    '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
  );
  test.each([
    ['no base64', '%%%', 'Base64NotCanonical'],
    ['base64url', '-_-_', 'Base64NotCanonical'],
    ['a newline inside', `${good.request.slice(0, 76)}\n${good.request.slice(76)}`, 'Base64NotCanonical'],
    ['a blank at the end', `${good.request} `, 'Base64NotCanonical'],
    ['padding left out', Buffer.from('ab').toString('base64').replaceAll('=', ''), 'Base64NotCanonical'],
    ['bits under the padding', 'YWJ=', 'Base64NotCanonical'],
    ['PEM that holds nothing', garbage.toString('base64'), undefined],
    ['nothing', '', undefined],
    ['too much', Buffer.from(buildCSR().pem.toString().padEnd(20_000)).toString('base64'), undefined],
  ])('that have no one reading are denied by the decoder: %s', async (_, text, code) => {
    const policies = policiesThat();
    const { verdict, input } = await decide({ ...good, request: text }, gathers(), policies, options);
    expect(verdict).toMatchObject({ kind: 'deny', reasons: [{ source: 'decoder', ...(code && { code }) }] });
    expect(input).toBeUndefined();
    expect(policies.asked).toEqual([]);
  });
});
