import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Reflector, type ReflectorOptions } from '../../src/controller/reflector.ts';
import { CSR_PATH } from '../../src/kube/calls.ts';
import type { KubeClient, KubeClientOptions } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list.ts';
import { asObject } from '../../src/kube/objects.ts';
import { resourceSource, type Source } from '../../src/kube/source.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { files } from '../control-plane/flags.ts';
import { FaultProxy, type Fault } from '../support/fault-proxy.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { createCSR, open, SIGNER } from './kube-fixture.ts';

let cluster: ControlPlane;
let admin: KubeClient;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  cluster = await startControlPlane({ controllerManager: false });
  admin = open(cluster.adminKubeconfig);
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});
afterAll(async () => {
  await admin?.close();
  await cluster?.stop();
});

let kubeconfigs = 0;
function client(kubeconfig: string, options: Partial<KubeClientOptions> = {}): KubeClient {
  let file = kubeconfig;
  if (kubeconfig.includes('\n')) {
    kubeconfigs += 1;
    file = join(cluster.dir, `kube-reflector-test-${String(kubeconfigs)}`);
    writeFileSync(file, kubeconfig);
  }
  const made = open(file, { watchIdleMs: 60_000, timeoutMs: 3_000, ...options });
  undo.push(() => made.close());
  return made;
}

function reflect(source: Source, options: Partial<ReflectorOptions<string>> = {}) {
  const seen: string[] = [];
  const reflector = new Reflector<string>({
    source,
    project: ({ metadata }) => metadata.name,
    backoff: { baseMs: 100, maxMs: 1_000 },
    observer: {
      watchEnded: (how) => seen.push(how),
      listed: () => seen.push('listed'),
      error: (_, during) => seen.push(`error in ${during}`),
    },
    ...options,
  });
  reflector.start();
  undo.push(() => reflector.stop());
  return { reflector, seen };
}

const csrs = (from: KubeClient, listTimeoutMs = 3_000): Source =>
  resourceSource(from, CSR_PATH, { fieldSelector: `spec.signerName=${SIGNER}`, listTimeoutMs });

/** What the API server has. */
async function truth(): Promise<string[]> {
  const query = { fieldSelector: `spec.signerName=${SIGNER}` };
  return (await listAll(admin, CSR_PATH, { query })).map((item) => asObject(item).metadata.name).sort();
}

async function agrees(reflector: Reflector<string>, timeout = 20_000): Promise<void> {
  const expected = await truth();
  await vi.waitFor(() => expect([...reflector.items()].sort()).toEqual(expected), { timeout, interval: 20 });
}

let names = 0;
async function create(count: number): Promise<string[]> {
  const made = Array.from({ length: count }, () => `csr-${String((names += 1)).padStart(4, '0')}`);
  for (const name of made) await createCSR(admin, name);
  return made;
}

const remove = (names_: string[]): Promise<string> => cluster.kubectl(['delete', 'csr', ...names_]);

test('lists in pages, and follows', async () => {
  const made = await create(23);
  const listed: number[] = [];
  const source = csrs(client(cluster.adminKubeconfig));
  const { reflector } = reflect(
    { ...source, list: (page, signal) => (listed.push(page.limit), source.list(page, signal)) },
    { pageSize: 5 },
  );
  await reflector.whenSynced();
  expect(listed).toEqual([5, 5, 5, 5, 5]);
  await agrees(reflector);
  await create(3);
  await remove(made.slice(0, 5));
  await agrees(reflector);
});

test('goes on from a bookmark when the server ends the watch in good order', async () => {
  const { reflector, seen } = reflect(csrs(client(cluster.adminKubeconfig)), { watchSeconds: [4, 4] });
  await reflector.whenSynced();
  await create(1);
  await agrees(reflector); // the watch is up
  const before = reflector.latestResourceVersion;
  // Of a signer that is not watched: only a bookmark can bring the version forward.
  await createCSR(admin, 'not-watched', 'example.com/other');
  await vi.waitFor(() => expect(seen).toEqual(['listed', 'timeout']), { timeout: 15_000 });
  expect(Number(reflector.latestResourceVersion)).toBeGreaterThan(Number(before));
  await create(1);
  await agrees(reflector);
  expect(seen.filter((what) => what === 'listed')).toHaveLength(1);
});

describe('whatever is between it and the server', () => {
  const html: Fault = { kind: 'html' };

  test.each<[string, Fault]>([
    ['500', { kind: 'status', status: 500 }],
    ['503 with Retry-After', { kind: 'status', status: 503, headers: { 'retry-after': '1' } }],
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    ['401', { kind: 'status', status: 401 }],
    ['403', { kind: 'status', status: 403 }],
    ['404', { kind: 'status', status: 404 }],
    ['HTML', html],
    ['garbage', { kind: 'garbage' }],
    ['a hang', { kind: 'hang' }],
    ['a reset', { kind: 'reset' }],
    ['a cut answer', { kind: 'truncate', bytes: 700 }],
    ['a delay', { kind: 'delay', ms: 700 }],
  ])('%s at every request for a while: it recovers and agrees', async (_, fault) => {
    const proxy = await FaultProxy.start(cluster.adminKubeconfig);
    undo.push(() => proxy.stop());
    proxy.fault = ({ number }) => (number <= 2 ? fault : undefined);
    const { reflector } = reflect(csrs(client(proxy.kubeconfig(), { timeoutMs: 600 }), 600));
    await reflector.whenSynced();
    await create(1);
    await agrees(reflector);
    // And once more, in mid-watch.
    const after = proxy.passed.length + 2;
    proxy.fault = ({ number }) => (number <= after ? fault : undefined);
    proxy.resetAll();
    const made = await create(2);
    await remove(made.slice(0, 1));
    await agrees(reflector);
  });

  test.each<[string, Fault]>([
    ['503', { kind: 'status', status: 503 }],
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    ['a reset', { kind: 'reset' }],
    ['a cut answer', { kind: 'truncate', bytes: 700 }],
    ['a page of a proxy', html],
  ])('a page in the middle of a list fails once in two: it comes to its end (%s)', async (_, fault) => {
    await create(12);
    const proxy = await FaultProxy.start(cluster.adminKubeconfig);
    undo.push(() => proxy.stop());
    let pages = 0;
    proxy.fault = ({ url }) => {
      if (!url.includes('continue=')) return undefined;
      pages += 1;
      return pages % 2 === 1 ? fault : undefined;
    };
    const { reflector, seen } = reflect(csrs(client(proxy.kubeconfig())), { pageSize: 5 });
    await reflector.whenSynced();
    await agrees(reflector);
    expect(seen.filter((what) => what === 'listed')).toHaveLength(1);
    expect(seen.filter((what) => what === 'error in list').length).toBeGreaterThan(1);
    // Only what failed was asked for twice.
    const first = proxy.passed.filter(({ url }) => /[?&]limit=/.test(url) && !url.includes('continue='));
    expect(first).toHaveLength(1);
  });

  test('watch events that are swallowed: silence is noticed, counted and repaired', async () => {
    const proxy = await FaultProxy.start(cluster.adminKubeconfig);
    undo.push(() => proxy.stop());
    proxy.fault = ({ watch }) => (watch ? { kind: 'edit-lines', edit: () => [] } : undefined);
    const { reflector, seen } = reflect(csrs(client(proxy.kubeconfig(), { watchIdleMs: 700 })));
    await reflector.whenSynced();
    await create(2);
    await agrees(reflector);
    expect(seen).toContain('silent');
  });

  test('a connection that is half open: noticed, and repaired once it can be', async () => {
    const proxy = await TcpProxy.start(cluster.url);
    undo.push(() => proxy.stop());
    const config = readFileSync(cluster.adminKubeconfig, 'utf8');
    const { reflector, seen } = reflect(
      csrs(client(config.replace(cluster.url, proxy.url), { watchIdleMs: 1_000, timeoutMs: 500 }), 500),
    );
    await reflector.whenSynced();
    await create(1);
    await agrees(reflector); // the watch is up
    proxy.freeze();
    await create(1);
    await sleep(2_000);
    expect(seen).toContain('silent');
    expect(reflector.progressAgeMs()).toBeGreaterThan(1_500);
    proxy.thaw();
    await agrees(reflector);
    proxy.refuse();
    proxy.resetAll();
    await create(1);
    await sleep(500);
    proxy.refuse(false);
    proxy.delayMs = 50;
    await agrees(reflector);
  });
});

test('the API server killed in mid-watch and started again: nothing is missed', async () => {
  const { reflector, seen } = reflect(csrs(client(cluster.adminKubeconfig)));
  await reflector.whenSynced();
  const made = await create(10);
  await cluster.apiserver.kill('SIGKILL');
  const restarted = cluster.apiserver.start();
  await restarted;
  await create(10);
  await remove(made.slice(0, 5));
  await agrees(reflector);
  expect(seen.filter((what) => what === 'listed').length).toBeGreaterThan(1);
  await create(1);
  await agrees(reflector);
});

// These two after the restart, which has emptied the server's watch cache.
test('a version that is too old leads to a new list', async () => {
  const source = csrs(client(cluster.adminKubeconfig));
  let watches = 0;
  const { reflector, seen } = reflect({
    ...source,
    watch: (from, signal) => {
      watches += 1;
      return source.watch(watches === 1 ? { ...from, resourceVersion: '1' } : from, signal);
    },
  });
  await vi.waitFor(() => expect(seen).toEqual(['listed', 'expired', 'listed']), {
    timeout: 10_000,
  });
  await create(2);
  await agrees(reflector);
});

test('a list whose continue token is compacted away begins again', async () => {
  const source = csrs(client(cluster.adminKubeconfig));
  let pages = 0;
  const { reflector, seen } = reflect(
    {
      ...source,
      list: async (page, signal) => {
        pages += 1;
        // A token of a revision that etcd no longer has, as after the five minutes between compactions.
        const stale = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1, start: '/csr-0006\u0000' }));
        if (pages === 2) {
          await compact();
          return source.list({ ...page, continueToken: stale.toString('base64url') }, signal);
        }
        return source.list(page, signal);
      },
    },
    { pageSize: 5 },
  );
  await reflector.whenSynced();
  expect(seen[0]).toBe('error in list');
  await agrees(reflector);
});

/** Through etcd's JSON gateway. */
async function compact(): Promise<void> {
  const dispatcher = new Agent({ connect: { socketPath: join(cluster.dir, files.etcdSocket) } });
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await request(`http://etcd${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      dispatcher,
    });
    return answer.body.json();
  };
  const range = await post('/v3/kv/range', { key: Buffer.from('x').toString('base64') });
  expect(range).toMatchObject({ header: { revision: expect.any(String) } });
  // oxlint-disable-next-line no-unsafe-type-assertion -- just checked
  const { revision } = (range as { header: { revision: string } }).header;
  await post('/v3/kv/compaction', { revision });
  await dispatcher.close();
}

test('etcd killed and started again: nothing is missed', async () => {
  const { reflector } = reflect(csrs(client(cluster.adminKubeconfig)));
  await reflector.whenSynced();
  await cluster.etcd.kill('SIGKILL');
  await cluster.etcd.start();
  await vi.waitFor(() => create(3), { timeout: 30_000, interval: 500 });
  await agrees(reflector);
});

test('stops at once while the server is gone', async () => {
  const { reflector, seen } = reflect(csrs(client(cluster.adminKubeconfig)));
  await reflector.whenSynced();
  await cluster.apiserver.kill('SIGKILL');
  await vi.waitFor(() => expect(seen).toContain('error in list'), { timeout: 5_000 });
  const began = performance.now();
  await reflector.stop();
  expect(performance.now() - began).toBeLessThan(500);
});
