import { beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../../src/decide/verdict.ts';
import { EventLimits } from '../../../src/observe/event-limits.ts';
import { NodeEvents } from '../../../src/observe/node-events.ts';
import { request as requestOf } from '../decide/stubs.ts';

type Created = {
  metadata: { name: string; namespace: string };
  note: string;
  reason: string;
  regarding: Record<string, string>;
  related: Record<string, string>;
};

let created: Created[];
let suppressed: number;
let broken: Error | undefined;
let now: Date;
let events: NodeEvents;
beforeEach(() => {
  created = [];
  suppressed = 0;
  broken = undefined;
  now = new Date('2026-11-22T06:00:00.123Z');
  const sink = {
    createEvent: async (namespace: string, event: object) => {
      expect(namespace).toBe('default');
      if (broken !== undefined) throw broken;
      // oxlint-disable-next-line no-unsafe-type-assertion -- the tests below look at each field
      created.push(event as Created);
    },
    failed: () => undefined,
    suppressed: () => (suppressed += 1),
  };
  events = new NodeEvents(sink, {
    instance: 'host-1',
    now: () => now,
    limits: new EventLimits(() => now.getTime()),
    remedy: (signer) => () => `Mend it (${signer}).`,
  });
});

const verdict = (kind: 'approve' | 'deny' | 'abstain' | 'ignore', ...codes: string[]): Verdict => ({
  kind,
  reasons: codes.map((code) => ({ code, msg: `msg of ${code}`, source: 'policy' })),
  warnings: [],
});
const n1 = { found: true, name: 'n1', uid: 'uid-of-n1' };
const request = requestOf();
const report = (given: Verdict, changed: object = {}, node: typeof n1 | undefined = n1) =>
  events.report({ ...request, ...changed }, given, 'enforce', node);

test('is a whole events.k8s.io/v1 Event on the Node that asked', () => {
  report(verdict('deny', 'A'), { name: 'a\u202Eb' });
  expect(created).toMatchObject([
    {
      metadata: { namespace: 'default', name: expect.stringMatching(/^6d5a4b1e-[-0-9a-f]+\.[0-9a-f]{16}$/) },
      eventTime: '2026-11-22T06:00:00.123000Z',
      reportingController: 'rego-csr-approver',
      reportingInstance: 'host-1',
      action: 'Decide',
      type: 'Warning',
      reason: 'PolicyDenied',
      note: 'certificate request a\\u{202e}b: A: msg of A. To do: Mend it (kubernetes.io/kubelet-serving).',
      regarding: { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'uid-of-n1' },
      related: { kind: 'CertificateSigningRequest', name: 'a\u202Eb' },
    },
  ]);
});

describe('whose Node it is about', () => {
  test.each<[string, string, typeof n1 | undefined, string | undefined]>([
    ['the requestor itself', 'system:node:n1', n1, 'uid-of-n1'],
    [
      'the requestor, refused before its Node was read: as the kubelet does',
      'system:node:n1',
      undefined,
      'n1',
    ],
    ['a Node that is not there', 'system:node:n1', { ...n1, found: false }, undefined],
    ["another's Node", 'system:node:n2', n1, undefined],
    ['what a bootstrap token asks for', 'system:bootstrap:abcdef', n1, undefined],
    ['what a person asks for', 'jane', undefined, undefined],
    ['a user whose name is no Node', 'system:node:../x', undefined, undefined],
    ['nobody', 'system:node:', undefined, undefined],
  ])('%s', (_, username, node, uid) => {
    events.report({ ...request, username }, verdict('deny', 'A'), 'enforce', node);
    expect(created.map(({ regarding }) => regarding['uid'])).toEqual(uid === undefined ? [] : [uid]);
  });
});

const again = (minutes: number, given = verdict('deny', 'A')) => {
  now = new Date(now.getTime() + minutes * 60_000);
  report(given, { uid: `u${String(now.getTime())}` });
  return created.length;
};

describe('is said again', () => {
  test('of another request not at once, but as long as it lasts', () => {
    again(0);
    expect([again(1), again(8)]).toEqual([1, 1]);
    expect([again(2), again(5), again(10)]).toEqual([2, 2, 3]);
  });
  test('when the reasons change', () => {
    again(0);
    expect([again(0, verdict('deny', 'B')), again(0, verdict('abstain', 'B'))]).toEqual([2, 3]);
  });
  test('when a certificate was approved in between', () => {
    again(0);
    expect([again(0, verdict('approve')), again(0)]).toEqual([1, 2]);
  });
  test('when it could not be written', async () => {
    broken = new Error('forbidden');
    again(0);
    await Promise.resolve();
    await Promise.resolve();
    broken = undefined;
    expect(again(0)).toBe(1);
  });
  test('not for what is left alone', () => expect(again(0, verdict('ignore', 'A'))).toBe(0));
});

test('reasons that change all the time do not fill etcd', () => {
  for (let index = 0; index < 100; index += 1) report(verdict('deny', `C${String(index)}`));
  expect([created.length, suppressed]).toEqual([5, 95]);
});
