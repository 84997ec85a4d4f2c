import { beforeEach, describe, expect, test } from 'vitest';
import { pending, type Pending } from '../../../src/controller/pending.ts';
import type { ReconcileActions, ReconcileOptions } from '../../../src/controller/reconcile.ts';
import { reconcile } from '../../../src/controller/reconcile.ts';
import type { Verdict } from '../../../src/decide/verdict.ts';
import { KubeError, type KubeErrorInit } from '../../../src/kube/errors.ts';
import { asObject, type KubeObject } from '../../../src/kube/objects.ts';
import { csrObject, type CSRObjectSpec } from '../../support/csr-object.ts';
import { judged } from './judged.ts';

const SIGNER = 'kubernetes.io/kubelet-serving';
const enforce: ReconcileOptions = { enforcement: 'enforce', onDeny: 'leavePending' };

const none = { reasons: [], warnings: [] };
const approve: Verdict = { kind: 'approve', ...none };
const deny: Verdict = { kind: 'deny', ...none };
const wait = (retryAfterSeconds?: number): Verdict => ({ kind: 'wait', ...none, retryAfterSeconds });
const overdue: Verdict = {
  kind: 'error',
  reasons: [{ code: 'PolicyTimeout', msg: 'x took longer than 500 ms', source: 'policy' }],
  warnings: [],
  retryAfterSeconds: undefined,
};
const error = (retryAfterSeconds?: number): Verdict => ({ kind: 'error', ...none, retryAfterSeconds });

const object = (spec: CSRObjectSpec = {}): KubeObject => asObject(csrObject(spec));
const start = (spec: CSRObjectSpec = {}): Pending => {
  const found = pending(object(spec), SIGNER);
  if (found === undefined) throw new Error('not pending');
  return found;
};
const failure = (init: Partial<KubeErrorInit>) => new KubeError({ kind: 'status', message: 'x', ...init });
const condition = (type: string) => ({ type, status: 'True' });

/** What the world does, in order; what it was asked is in `log`. */
let log: string[];
let written: KubeObject[];
let told: string[];
beforeEach(() => {
  log = [];
  told = [];
  written = [];
});

function world(given: {
  verdicts?: Verdict[];
  puts?: (KubeError | 'ok')[];
  reads?: (KubeObject | undefined | KubeError)[];
  /** Whether the policies that decided are in force still, each time that is asked. */
  stands?: boolean[];
  /** Whether this process is the one that acts, each time that is asked. */
  acts?: boolean[];
}): ReconcileActions {
  const acting = [...(given.acts ?? [])];
  const standing = [...(given.stands ?? [])];
  const verdicts = [...(given.verdicts ?? [approve])];
  const puts = [...(given.puts ?? ['ok'])];
  const reads = [...(given.reads ?? [])];
  let last = verdicts[0] ?? approve;
  return {
    mayAct: () => acting.shift() ?? true,
    decide: async ({ resourceVersion }) => {
      last = verdicts.shift() ?? last;
      log.push(`decide ${resourceVersion}: ${last.kind}`);
      return judged(last, { stands: () => standing.shift() ?? true });
    },
    put: async (body, wanted) => {
      if (!wanted()) throw new KubeError({ kind: 'aborted', message: 'x' });
      const answer = puts.shift() ?? 'ok';
      log.push(`put ${body.metadata.resourceVersion}`);
      if (answer instanceof KubeError) throw answer;
      written.push(body);
    },
    read: async () => {
      log.push('read');
      const answer = reads.shift();
      if (answer instanceof KubeError) throw answer;
      return answer;
    },
    message: ({ verdict }) => `because ${verdict.kind}`,
    decided: (_, { verdict }) => told.push(verdict.kind),
    wrote: (_, type) => log.push(`wrote ${type}`),
    writeFailed: (_, type, cause) => log.push(`failed ${type} ${String(cause.status ?? cause.kind)}`),
    waitMs: (_, asked) => (asked ?? 1) * 1000,
  };
}

describe('a verdict', () => {
  test.each<[string, Verdict, Partial<ReconcileOptions>, string | undefined, object]>([
    ['approve', approve, {}, 'Approved', { kind: 'done' }],
    ['approve', approve, { enforcement: 'dryrun' }, undefined, { kind: 'done' }],
    ['deny', deny, {}, undefined, { kind: 'done' }],
    ['deny', deny, { onDeny: 'deny' }, 'Denied', { kind: 'done' }],
    ['deny', deny, { onDeny: 'deny', enforcement: 'dryrun' }, undefined, { kind: 'done' }],
    ['wait', wait(), { onDeny: 'deny' }, undefined, { kind: 'again', afterMs: 1000 }],
    ['wait 60 s', wait(60), {}, undefined, { kind: 'again', afterMs: 60_000 }],
    ['error', error(), { onDeny: 'deny' }, undefined, { kind: 'failed', atLeastMs: 0, costly: false }],
    ['error, after 7 s', error(7), {}, undefined, { kind: 'failed', atLeastMs: 7000, costly: false }],
    ['error of a policy that spins', overdue, {}, undefined, { kind: 'failed', atLeastMs: 0, costly: true }],
    ['abstain', { kind: 'abstain', ...none }, { onDeny: 'deny' }, undefined, { kind: 'done' }],
    [
      'ignore',
      { kind: 'ignore', ...none },
      { onDeny: 'deny' },
      undefined,
      { kind: 'again', afterMs: 60_000 },
    ],
  ])('%s with %3$j writes %4$s', async (_, verdict, options, type, outcome) => {
    expect(await reconcile(start(), { ...enforce, ...options }, world({ verdicts: [verdict] }))).toEqual(
      outcome,
    );
    expect(written.map(({ status }) => status)).toEqual(
      type === undefined ? [] : [{ conditions: [expect.objectContaining({ type, status: 'True' })] }],
    );
  });
});

describe('what is written', () => {
  test('names the object that was decided, and changes nothing but the conditions', async () => {
    const given = { labels: { a: 'b' }, annotations: { c: 'd' } };
    await reconcile(start(given), enforce, world({}));
    expect(written).toEqual([
      {
        ...object(given),
        status: {
          conditions: [
            { type: 'Approved', status: 'True', reason: 'PolicyAllowed', message: 'because approve' },
          ],
        },
      },
    ]);
  });

  test('LIFE-05: keeps the conditions of others, in their order', async () => {
    const conditions = [{ ...condition('Audited'), reason: 'Seen', message: 'm' }, condition('Z')];
    await reconcile(start({ conditions }), enforce, world({}));
    expect(written[0]?.['status']).toEqual({
      conditions: [...conditions, expect.objectContaining({ type: 'Approved' })],
    });
  });
});

describe('a request that was too large to be kept', () => {
  const annotations = { a: 'x'.repeat(1 << 17) };

  test('is read for the write', async () => {
    const read = object({ annotations });
    expect(await reconcile(start({ annotations }), enforce, world({ reads: [read] }))).toEqual({
      kind: 'done',
    });
    expect(log).toEqual(['decide 1000: approve', 'read', 'put 1000', 'wrote Approved']);
    expect(written).toMatchObject([{ metadata: { annotations }, spec: read['spec'] }]);
  });

  test('is not read when nothing is written', async () => {
    await reconcile(start({ annotations }), enforce, world({ verdicts: [deny] }));
    expect(log).toEqual(['decide 1000: deny']);
  });

  test('is decided again when it has changed meanwhile', async () => {
    const reads = [object({ annotations, resourceVersion: '1001' }), changed];
    expect(await reconcile(start({ annotations }), enforce, world({ reads }))).toEqual({ kind: 'done' });
    expect(log.slice(1)).toEqual([
      'read',
      'failed Approved 409',
      'read',
      'decide 1001: approve',
      'put 1001',
      'wrote Approved',
    ]);
  });

  test.each([
    ['gone', undefined],
    ['replaced', object({ annotations, uid: 'another' })],
  ])('is left alone when it is %s', async (_, read) => {
    const outcome = await reconcile(start({ annotations }), enforce, world({ reads: [read, read] }));
    expect([outcome, written]).toEqual([{ kind: 'done' }, []]);
  });
});

const conflict = failure({ status: 409, reason: 'Conflict' });
const changed = object({ resourceVersion: '1001', labels: { a: 'b' } });

describe('a conflict', () => {
  test('LIFE-06: is read again, decided again and written again', async () => {
    const outcome = await reconcile(start(), enforce, world({ puts: [conflict, 'ok'], reads: [changed] }));
    expect(outcome).toEqual({ kind: 'done' });
    expect(log).toEqual([
      'decide 1000: approve',
      'put 1000',
      'failed Approved 409',
      'read',
      'decide 1001: approve',
      'put 1001',
      'wrote Approved',
    ]);
    expect(written).toMatchObject([{ metadata: { resourceVersion: '1001', labels: { a: 'b' } } }]);
  });

  test('is decided again, perhaps otherwise', async () => {
    const outcome = await reconcile(
      start(),
      enforce,
      world({ verdicts: [approve, wait(5)], puts: [conflict], reads: [changed] }),
    );
    expect(outcome).toEqual({ kind: 'again', afterMs: 5000 });
    expect(written).toEqual([]);
  });

  test.each<[string, KubeObject | undefined]>([
    ['LIFE-07: denied by another', object({ conditions: [condition('Denied')] })],
    ['LIFE-29: approved by another', object({ conditions: [condition('Approved')] })],
    ['failed', object({ conditions: [condition('Failed')] })],
    ['issued', object({ certificate: Uint8Array.of(1) })],
    ['gone', undefined],
    ['LIFE-09: replaced under the same name', object({ uid: 'another' })],
    ['of another signer now', object({ signerName: 'example.com/x' })],
  ])('ends when the request is %s', async (_, found) => {
    const outcome = await reconcile(start(), enforce, world({ puts: [conflict], reads: [found] }));
    expect(outcome).toEqual({ kind: 'done' });
    expect(log).toEqual(['decide 1000: approve', 'put 1000', 'failed Approved 409', 'read']);
  });

  test('that never ends goes to the back of the queue', async () => {
    const outcome = await reconcile(
      start(),
      enforce,
      world({
        puts: Array.from({ length: 9 }, () => conflict),
        reads: Array.from({ length: 9 }, () => changed),
      }),
    );
    expect(outcome).toEqual({ kind: 'failed' });
    expect(log.filter((line) => line.startsWith('put'))).toHaveLength(4);
  });
});

const failed = (atLeastMs = 0) => ({ kind: 'failed', atLeastMs });

describe('a write that fails', () => {
  test.each<[string, Partial<KubeErrorInit>, object]>([
    ['LIFE-08: 404', { status: 404, reason: 'NotFound' }, { kind: 'done' }],
    ["a proxy's 404", { status: 404 }, failed()],
    ['LIFE-10: 403', { status: 403, reason: 'Forbidden' }, failed(60_000)],
    ['LIFE-11: 422', { status: 422, reason: 'Invalid' }, { kind: 'done' }],
    ['401', { status: 401 }, failed()],
    ['429 with Retry-After', { status: 429, retryAfterSeconds: 9 }, failed(9000)],
    ['a connection refused', { kind: 'network' }, failed()],
    ['credentials that cannot be read', { kind: 'credentials' }, failed()],
  ])('is not repeated here: %s', async (_, init, outcome) => {
    expect(await reconcile(start(), enforce, world({ puts: [failure(init)] }))).toEqual(outcome);
    expect(log.filter((line) => line.startsWith('put') || line === 'read')).toEqual(['put 1000']);
  });

  describe('LIFE-12: but may have been applied is read first', () => {
    test.each<[string, Partial<KubeErrorInit>]>([
      ['500', { status: 500, uncertain: true }],
      ['503 with Retry-After', { status: 503, retryAfterSeconds: 3, uncertain: true }],
      ['timeout', { kind: 'timeout', uncertain: true }],
      ['connection lost', { kind: 'network', uncertain: true }],
      ['an answer that is not JSON', { kind: 'protocol', uncertain: true }],
    ])('%s', async (_, init) => {
      const done = object({ conditions: [condition('Approved')] });
      expect(await reconcile(start(), enforce, world({ puts: [failure(init)], reads: [done] }))).toEqual({
        kind: 'done',
      });
      const again = await reconcile(start(), enforce, world({ puts: [failure(init)], reads: [object()] }));
      expect(again).toEqual(failed((init.retryAfterSeconds ?? 0) * 1000));
      expect(log.filter((line) => line === 'read')).toHaveLength(2);
      expect(written).toEqual([]);
    });
  });

  test('and cannot be read either is for the queue to retry', async () => {
    const actions = world({ puts: [conflict], reads: [failure({ status: 503 })] });
    await expect(reconcile(start(), enforce, actions)).rejects.toThrow(KubeError);
  });

  test('for a reason of our own is not hidden', async () => {
    const actions = { ...world({}), put: () => Promise.reject(new TypeError('uid is missing')) };
    await expect(reconcile(start(), enforce, actions)).rejects.toThrow(TypeError);
  });
});

describe('a decision of policies that are no longer in force', () => {
  test('is made again, and is neither told nor written', async () => {
    const outcome = await reconcile(
      start(),
      enforce,
      world({ verdicts: [approve, wait(5)], stands: [false] }),
    );
    expect(outcome).toEqual({ kind: 'again', afterMs: 5000 });
    expect(log).toEqual(['decide 1000: approve', 'decide 1000: wait']);
    expect([told, written]).toEqual([['wait'], []]);
  });

  test('is made again when they changed while the request was read for the write', async () => {
    const annotations = { a: 'x'.repeat(1 << 17) };
    const reads = [object({ annotations })];
    const actions = world({ verdicts: [approve, deny], stands: [true, false, true], reads });
    expect(await reconcile(start({ annotations }), enforce, actions)).toEqual({ kind: 'done' });
    expect(log).toEqual(['decide 1000: approve', 'read', 'decide 1000: deny']);
    expect(written).toEqual([]);
  });

  test('is left to the queue when they change again and again', async () => {
    const stands = Array.from({ length: 100 }, () => false);
    expect(await reconcile(start(), enforce, world({ stands }))).toEqual({ kind: 'failed' });
    expect(log).toHaveLength(6);
    expect([told, written]).toEqual([[], []]);
  });

  test('after a conflict is made again too', async () => {
    const actions = world({
      verdicts: [approve, approve, wait(5)],
      stands: [true, true, false],
      puts: [conflict],
      reads: [changed],
    });
    expect(await reconcile(start(), enforce, actions)).toEqual({ kind: 'again', afterMs: 5000 });
    expect(written).toEqual([]);
  });
});

describe('a process that may no longer act', () => {
  const kept = { kind: 'again', afterMs: 0 };

  test('neither tells nor writes what it decided meanwhile', async () => {
    expect(await reconcile(start(), enforce, world({ acts: [false] }))).toEqual(kept);
    expect([log, told, written]).toEqual([['decide 1000: approve'], [], []]);
  });

  test('does not write when that is so when the write could be sent', async () => {
    expect(await reconcile(start(), enforce, world({ acts: [true, false, false] }))).toEqual(kept);
    expect(log).toEqual(['decide 1000: approve']);
    expect(written).toEqual([]);
  });

  test('does not write after a conflict either', async () => {
    const actions = world({ acts: [true, true, false], puts: [conflict], reads: [changed] });
    expect(await reconcile(start(), enforce, actions)).toEqual(kept);
    expect(written).toEqual([]);
  });
});
