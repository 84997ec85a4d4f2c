import { describe, expect, test } from 'vitest';
import { noFacts } from '../../../src/policy/needs.ts';
import type { FactNeeds, LookupQuery } from '../../../src/decide/facts.ts';
import { type ClusterFact, factsSchema, type LookupFact, requestSchema } from '../../../src/decide/input.ts';
import { probeDocument } from '../../../src/decide/probe.ts';
import { ClaimsIndex, nodeClaims } from '../../../src/facts/claims.ts';
import { LiveClaims } from '../../../src/facts/live-claims.ts';
import type { LiveSources } from '../../../src/facts/live.ts';
import { liveGather } from '../../../src/facts/live.ts';
import { capturedGather, offlineGather } from '../../../src/facts/offline.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { cap, node } from './nodes.ts';

const { cluster: probeCluster } = probeDocument;
if (probeCluster === undefined) throw new Error('the probe has a cluster');
const cluster: ClusterFact = probeCluster;
/** Of node self-test, for 192.0.2.1 and self-test. */
const request = requestSchema.strip().parse(probeDocument);
const self = node('self-test', ['InternalIP 192.0.2.1', 'Hostname self-test']);

const review = {
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
  subresource: 'selfnodeserver',
  verb: 'create',
  name: '',
  namespace: '',
};
const query: LookupQuery = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta1',
  resource: 'machines',
  namespace: '',
  name: '',
  labels: {},
  match: { 'status.nodeRef.name': '{node_name}' },
};
const machine: LookupFact = { found: true, objects: [{ metadata: { name: 'm' } }], more: false };
const all: FactNeeds = {
  ...noFacts,
  sar: { selfnodeserver: review },
  node: true,
  claims: true,
  cluster: true,
  lookups: { machine: query },
  dns: true,
  pending: true,
};
const none = noFacts;
const allowed = { allowed: true, denied: false, reason: 'RBAC', evaluationError: '' };
const status = (code: number, retryAfterSeconds?: number) =>
  new KubeError({ kind: 'status', status: code, message: `answered ${String(code)}`, retryAfterSeconds });
const timeout = new KubeError({ kind: 'timeout', message: 'no answer in 5000 ms' });
const failing = (error: Error) => async () => {
  throw error;
};

function sources(replaced: Partial<LiveSources> = {}, claimants = [self]): LiveSources {
  const index = new ClaimsIndex();
  for (const one of claimants) index.upsert(nodeClaims(one, cap));
  const watch = { hasSynced: true, progressAgeMs: () => 0, hasSeen: (version: string) => version === '7' };
  return {
    getNode: () => Promise.resolve(self),
    reviewAccess: () => Promise.resolve(allowed),
    cluster: { get: () => Promise.resolve(cluster) },
    claims: new LiveClaims(index, watch, { maxAgeMs: 1000, catchUpMs: 10 }),
    findObjects: () => Promise.resolve(machine),
    resolveNames: (names) =>
      Promise.resolve(names.map((name) => ({ name, found: true, addresses: ['192.0.2.1'] }))),
    countPending: () => Promise.resolve({ requestor: 1, cluster: 2, newer: false }),
    cap,
    ...replaced,
  };
}

describe('live', () => {
  test('every fact that is asked for', async () => {
    const { facts, failures } = await liveGather(sources())(all, request);
    expect(failures).toEqual([]);
    expect(facts).toMatchObject({
      sar: { selfnodeserver: { allowed: true, denied: false, reason: 'RBAC' } },
      node: { found: true, name: 'self-test' },
      claims: [
        { address: 'self-test', nodes: ['self-test'] },
        { address: '192.0.2.1', nodes: ['self-test'] },
      ],
      cluster,
      lookups: { machine },
      dns: [{ name: 'self-test', found: true, addresses: ['192.0.2.1'] }],
      pending: { requestor: 1, cluster: 2, newer: false },
    });
  });

  test('nothing is asked of anybody for no facts', async () => {
    const untouchable = failing(new Error('asked'));
    const silent = sources({
      getNode: untouchable,
      reviewAccess: untouchable,
      cluster: { get: untouchable },
      findObjects: untouchable,
      resolveNames: untouchable,
      countPending: untouchable,
    });
    expect(await liveGather(silent)(none, request)).toEqual({ facts: {}, failures: [] });
  });

  test('claims alone read the Node, but do not show it', async () => {
    const { facts } = await liveGather(sources())({ ...none, claims: true }, request);
    expect(Object.keys(facts)).toEqual(['claims']);
  });

  test('the review is of the requestor, with all that is known of him', async () => {
    let asked: unknown;
    const gather = liveGather(
      sources({
        reviewAccess: (spec) => {
          asked = spec;
          return Promise.resolve(allowed);
        },
      }),
    );
    const extra = { 'authentication.kubernetes.io/credential-id': ['X509SHA256=0'] };
    const requestor = { ...request.requestor, uid: 'u-1', extra };
    await gather({ ...none, sar: { selfnodeserver: review } }, { ...request, requestor });
    expect(asked).toEqual({
      user: 'system:node:self-test',
      uid: 'u-1',
      groups: ['system:authenticated', 'system:nodes'],
      extra,
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        subresource: 'selfnodeserver',
        verb: 'create',
      },
    });
  });

  test.each([
    ['no Node', sources({ getNode: () => Promise.resolve(undefined) })],
    ['a requestor that is no node', sources({ getNode: failing(new Error('asked')) })],
  ])('%s is a fact, no failure', async (name, given) => {
    const username = name === 'no Node' ? request.requestor.username : 'system:node:../x';
    const asked = { ...request, requestor: { ...request.requestor, username } };
    const { facts, failures } = await liveGather(given)(all, asked);
    expect([facts.node?.found, failures]).toEqual([false, []]);
  });

  test.each([
    ['an access review that says no', { ...allowed, allowed: false, reason: '' }, { allowed: false }],
    ['an explicit denial', { ...allowed, allowed: false, denied: true }, { allowed: false, denied: true }],
    ['a yes beside a failed authorizer', { ...allowed, evaluationError: 'webhook' }, { allowed: true }],
  ])('%s is an answer', async (_, answer, expected) => {
    const given = sources({ reviewAccess: () => Promise.resolve(answer) });
    expect((await liveGather(given)(all, request)).facts.sar?.['selfnodeserver']).toMatchObject(expected);
  });

  const noAnswer = { ...allowed, allowed: false, evaluationError: 'webhook timed out' };
  test.each<[string, Partial<LiveSources>, string[], RegExp]>([
    [
      'a review that could not be evaluated',
      { reviewAccess: () => Promise.resolve(noAnswer) },
      ['sar.selfnodeserver'],
      /webhook timed out/,
    ],
    ['a forbidden review', { reviewAccess: failing(status(403)) }, ['sar.selfnodeserver'], /RBAC/],
    ['a Node that may not be read', { getNode: failing(status(403)) }, ['node'], /forbids/],
    ['a Node that is not answered', { getNode: failing(timeout) }, ['node'], /in time/],
    ['a cluster that is not known', { cluster: { get: failing(status(500)) } }, ['cluster'], /500/],
    [
      'a cluster without endpoints',
      { cluster: { get: failing(new Error('no endpoints')) } },
      ['cluster'],
      /no endpoints/,
    ],
    [
      'an index that lags',
      { getNode: () => Promise.resolve(node('self-test', [], { resourceVersion: '99' })) },
      ['claims'],
      /lags/,
    ],
    [
      'a lookup that is forbidden',
      { findObjects: failing(status(403)) },
      ['lookups.machine'],
      /forbids.*RBAC/,
    ],
    [
      'a DNS server that hangs',
      { resolveNames: failing(new Error('self-test: no answer in 2000 ms')) },
      ['dns'],
      /self-test: no answer/,
    ],
    [
      'requests that nobody watches',
      { countPending: failing(new Error('no watch of requests')) },
      ['pending'],
      /no watch/,
    ],
    [
      'a Node with a megabyte of labels',
      { getNode: () => Promise.resolve(node('self-test', [], { labels: { a: 'x'.repeat(1_000_000) } })) },
      ['node'],
      /Node self-test has 1000001 bytes of labels/,
    ],
    [
      'everything down',
      {
        getNode: failing(timeout),
        reviewAccess: failing(timeout),
        cluster: { get: failing(timeout) },
        findObjects: failing(timeout),
        resolveNames: failing(timeout),
        countPending: failing(timeout),
      },
      ['cluster', 'dns', 'lookups.machine', 'node', 'pending', 'sar.selfnodeserver'],
      /in time/,
    ],
  ])('%s is a failure of that fact, and of no other', async (_, replaced, expected, message) => {
    const { facts, failures } = await liveGather(sources(replaced))(all, request);
    expect(failures.map(({ fact }) => fact)).toEqual(expected);
    expect(failures[0]?.message).toMatch(message);
    const has = new Set(Object.keys(facts));
    for (const fact of expected) expect(has.has(fact)).toBe(false);
    expect(facts.lookups?.['machine'] === undefined).toBe(expected.includes('lookups.machine'));
    expect(facts.sar?.['selfnodeserver'] === undefined).toBe(expected.includes('sar.selfnodeserver'));
  });

  test('a failure carries how long the server asked to be left alone', async () => {
    const { failures } = await liveGather(sources({ getNode: failing(status(429, 7)) }))(all, request);
    expect(failures).toEqual([expect.objectContaining({ fact: 'node', retryAfterSeconds: 7 })]);
  });
});

describe('the Node that is read', () => {
  const bootstrap = { ...request.requestor, username: 'system:bootstrap:abcdef' };
  test.each([
    ['of a node is its own', request, 'self-test'],
    ['of a bootstrap user is that of the common name', { ...request, requestor: bootstrap }, 'self-test'],
    [
      'of a node is its own, whatever the common name is',
      { ...request, subject: { ...request.subject, common_name: 'system:node:n2' } },
      'self-test',
    ],
    [
      'of a user that only begins like a node is none',
      { ...request, requestor: { ...bootstrap, username: 'system:node:../n2' } },
      undefined,
    ],
    [
      'of a bootstrap user and another common name is none',
      { ...request, requestor: bootstrap, subject: { ...request.subject, common_name: 'self-test' } },
      undefined,
    ],
  ])('%s', async (_, asking, expected) => {
    const read: string[] = [];
    const getNode = async (name: string) => {
      read.push(name);
      return self;
    };
    await liveGather(sources({ getNode }))({ ...none, node: true }, asking);
    expect(read).toEqual(expected === undefined ? [] : [expected]);
  });
});

describe('offline', () => {
  const sar = { selfnodeserver: { allowed: true, denied: false, reason: 'assumed' } };
  const more = {
    lookups: { machine },
    dns: [{ name: 'self-test', found: true, addresses: ['192.0.2.1'] }],
    pending: { requestor: 1, cluster: 2, newer: false },
  };
  const given = { nodes: [self], cluster, sar, given: more, cap };

  test('answers from what was given', async () => {
    const { facts, failures } = await offlineGather(given)(all, request);
    expect(failures).toEqual([]);
    expect(facts.sar).toEqual(sar);
    expect(facts.claims?.map(({ nodes }) => nodes)).toEqual([['self-test'], ['self-test']]);
  });

  test('is the same as live on the same cluster', async () => {
    const live = await liveGather(sources())({ ...all, sar: {} }, request);
    expect(await offlineGather(given)({ ...all, sar: {} }, request)).toEqual(live);
  });

  test('names the option for each fact that was not given', async () => {
    const nothing = { nodes: undefined, cluster: undefined, sar: {}, cap };
    const { facts, failures } = await offlineGather(nothing)(all, request);
    expect(facts).toEqual({ sar: {}, lookups: {} });
    expect(failures.map(({ fact, message }) => `${fact}: ${message}`)).toEqual([
      'sar.selfnodeserver: not given: supply it with --assume sar.selfnodeserver=allowed (or =denied), or --facts FILE',
      'lookups.machine: not given: supply it with --facts FILE',
      'node: not given: supply it with --nodes FILE, or --facts FILE',
      'claims: not given: supply it with --nodes FILE, or --facts FILE',
      'cluster: not given: supply it with --cluster FILE, or --facts FILE',
      'dns: not given: supply it with --facts FILE',
      'pending: not given: supply it with --facts FILE',
    ]);
  });

  test('takes no answer from what every JavaScript object has', async () => {
    const needs = { ...none, sar: { constructor: review } };
    const { failures } = await offlineGather({ ...given, sar: {} })(needs, request);
    expect(failures).toMatchObject([{ fact: 'sar.constructor' }]);
  });

  test('shows no fact that was not asked for', async () => {
    const { facts } = await offlineGather({ ...given, given: { ...more, sar } })(none, request);
    expect(facts).toEqual({});
  });

  test('a Node with a megabyte of labels is a failure, as it is live', async () => {
    const nodes = [node('self-test', [], { labels: { a: 'x'.repeat(1_000_000) } })];
    const { failures } = await offlineGather({ ...given, nodes })(all, request);
    expect(failures).toMatchObject([{ fact: 'node', message: expect.stringMatching(/bytes of labels/) }]);
  });

  test('an empty list of Nodes says that there are none', async () => {
    const { facts, failures } = await offlineGather({ ...given, nodes: [] })(all, request);
    expect([facts.node?.found, failures]).toEqual([false, []]);
  });
});

describe('captured', () => {
  const captured = factsSchema.strip().parse({ ...probeDocument, lookups: { machine } });

  test('gives what the document holds', async () => {
    const { facts, failures } = await capturedGather(captured)(all, request);
    expect([facts, failures]).toEqual([captured, []]);
  });

  test.each([
    ['sar', 'sar.selfnodeserver'],
    ['lookups', 'lookups.machine'],
    ['node', 'node'],
    ['claims', 'claims'],
    ['cluster', 'cluster'],
    ['dns', 'dns'],
    ['pending', 'pending'],
  ])('without %s there is a failure', async (missing, fact) => {
    const { failures } = await capturedGather({ ...captured, [missing]: undefined })(all, request);
    expect(failures).toEqual([{ fact, message: expect.stringMatching(/not in the document: capture it/) }]);
  });
});
