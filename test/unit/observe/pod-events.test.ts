import { beforeEach, describe, expect, test } from 'vitest';
import { PodEvents, ownPod } from '../../../src/observe/pod-events.ts';

const pod = { name: 'approver-1', namespace: 'rego-csr-approver', uid: '6d5a4b1e-0000' };
let created: Record<string, unknown>[];
let suppressed = 0;
let failures: unknown[];
let broken: Error | undefined;
let now: Date;
let events: PodEvents;
beforeEach(() => {
  created = [];
  failures = [];
  broken = undefined;
  now = new Date('2026-11-22T06:00:00.123Z');
  const sink = {
    createEvent: async (namespace: string, event: Readonly<Record<string, unknown>>) => {
      expect(namespace).toBe(pod.namespace);
      if (broken !== undefined) throw broken;
      created.push(event);
    },
    failed: (cause: unknown) => failures.push(cause),
    suppressed: () => (suppressed += 1),
  };
  events = new PodEvents(pod, sink, () => now);
});

test('is a whole events.k8s.io/v1 Event on the Pod', () => {
  events.report('PolicyRejected', 'ConfigErrors: no');
  expect(created).toEqual([
    {
      metadata: { name: expect.stringMatching(/^approver-1\.[0-9a-f]{16}$/), namespace: pod.namespace },
      eventTime: '2026-11-22T06:00:00.123000Z',
      reportingController: 'rego-csr-approver',
      reportingInstance: 'approver-1',
      action: 'ActivatePolicy',
      type: 'Warning',
      reason: 'PolicyRejected',
      note: 'ConfigErrors: no',
      regarding: { apiVersion: 'v1', kind: 'Pod', ...pod },
    },
  ]);
});

test('that it leads is another action', () => {
  events.report('LeadershipTaken', 'leads by Lease a/b');
  expect(created).toMatchObject([{ action: 'Lead', type: 'Normal', reason: 'LeadershipTaken' }]);
});

const said = (...notes: string[]) => {
  for (const note of notes) events.report('PolicyRejected', note);
  return created.length;
};

describe('is said again', () => {
  test('not when it is the same', () => expect(said('a', 'a', 'a')).toBe(1));
  test('when it is another', () => expect(said('a', 'b', 'a')).toBe(3));
  test('when another policy came between', () => {
    said('a');
    events.report('PolicyActivated', 'r2');
    expect(said('a')).toBe(3);
    expect(created.map(({ type }) => type)).toEqual(['Warning', 'Normal', 'Warning']);
  });
  test('when it could not be written', async () => {
    broken = new Error('forbidden');
    said('a');
    await Promise.resolve();
    expect(failures).toEqual([broken]);
    broken = undefined;
    expect(said('a')).toBe(1);
  });
  test('not without end: a bundle that changes all the time does not fill etcd', () => {
    said(...Array.from({ length: 1000 }, (_, index) => String(index)));
    expect(created).toHaveLength(20);
    expect(suppressed).toBe(980);
    now = new Date(now.getTime() + 2 * 60_000);
    said('x', 'y', 'z');
    expect(created).toHaveLength(22);
  });
});

test('a note is cut to what the API server takes', () => {
  events.report('PolicyRejected', 'x'.repeat(5000));
  expect(Buffer.byteLength(String(created[0]?.['note']))).toBe(1024);
});

test.each([
  [
    { POD_NAME: 'a', POD_NAMESPACE: 'b', POD_UID: 'c' },
    { name: 'a', namespace: 'b', uid: 'c' },
  ],
  [{ POD_NAME: 'a', POD_NAMESPACE: 'b' }, undefined],
  [{ POD_NAME: 'a', POD_NAMESPACE: '', POD_UID: 'c' }, undefined],
  [{}, undefined],
])('%j names %j', (env, expected) => expect(ownPod(env)).toEqual(expected));
