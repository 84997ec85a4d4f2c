import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NODE_PATH } from '../../src/kube/calls.ts';
import { Approver } from '../support/approver.ts';
import type { CSRSpec } from '../support/csr.ts';
import { eventually } from '../support/eventually.ts';
import type { RequestOptions } from '../support/simulated-node.ts';
import { runToEnd } from './program.ts';
import { addressesOf, csrPath, Scene } from './scene.ts';

/** The shipped program against a real control plane, as a cluster uses it from day to day. */

let scene: Scene;
let approver: Approver;
const log = () => approver.log;
beforeAll(async () => {
  scene = await Scene.open();
  await Promise.all([1, 2, 3].map((number) => scene.node(number)));
  approver = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig }));
});
afterAll(() => scene?.close());

describe('a good request', () => {
  test('is approved at once, and issued for what it asks', async () => {
    const startedAt = performance.now();
    const name = await scene.request(1);
    const { reason, message } = await scene.condition(name, 'Approved', log);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(reason).toBe('PolicyAllowed');
    expect(message).toMatch(/^allowed by csr\/kubelet_serving\/decision of policy revision/);
    const certificate = new X509Certificate(await scene.certificate(name));
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n1');
    expect(certificate.subjectAltName).toBe('DNS:n1, IP Address:10.0.0.1');
    expect(await scene.events(name)).toEqual([]);
  });

  test.each(['with spaces', 'ünïcödé 漢字', 'new\nline', 'CAPITALS_and~more', 'a'.repeat(200)])(
    'is approved whatever it is called: %j',
    async (name) => {
      await scene.request(1, {}, { name });
      await scene.condition(name, 'Approved', log);
    },
  );

  test('keeps its labels', async () => {
    const name = await scene.request(1, {}, { labels: { team: 'blue' } });
    await scene.condition(name, 'Approved', log);
    expect((await scene.csr(name)).metadata).toMatchObject({ labels: { team: 'blue' } });
  });

  test('may be repeated: the same bytes are decided anew (LIFE-19)', async () => {
    const names = await Promise.all([scene.request(1), scene.request(1), scene.request(1)]);
    await Promise.all(names.map((name) => scene.condition(name, 'Approved', log)));
  });
});

describe('a good request with one thing changed stays pending, and says why', () => {
  test.each<[string, CSRSpec, RequestOptions, RegExp]>([
    ["another node's address", { ip: ['10.0.0.2'] }, {}, /PolicyWaiting .*SANClaimed.*n2/],
    ["another node's name", { dns: ['n2'] }, {}, /PolicyWaiting .*SANClaimed.*n2/],
    ['an address of nobody', { ip: ['10.9.9.9'] }, {}, /PolicyWaiting .*SANNotListed.*10\.9\.9\.9/],
    ["the API server's name", { dns: ['kubernetes.default.svc'] }, {}, /PolicyDenied/],
    ["the API server's endpoint", { ip: ['192.0.2.10'] }, {}, /192\.0\.2\.10/],
    ['loopback', { ip: ['127.0.0.1'] }, {}, /PolicyDenied/],
    ['a wildcard', { dns: ['*.example.com'] }, {}, /PolicyDenied/],
    ['client authentication', {}, { usages: ['digital signature', 'client auth'] }, /PolicyDenied/],
    ['a URI', { uri: ['spiffe://x/y'] }, {}, /PolicyDenied/],
    ['an email', { email: ['a@example.com'] }, {}, /PolicyDenied/],
    ['no names', { dns: [], ip: [] }, {}, /PolicyDenied|PolicyWaiting/],
  ])('%s', async (_, changed, options, expected) => {
    const name = await scene.request(1, changed, options);
    const before = await scene.csr(name);
    await scene.event(name, expected, log);
    expect(await scene.csr(name)).toEqual(before);
  });

  test('and `kubectl describe csr` shows it, for a name with a blank too', async () => {
    const name = await scene.request(1, { ip: ['10.0.0.2'] }, { name: 'csr of mine' });
    await scene.event(name, /SANClaimed/, log);
    const described = await scene.cluster.kubectl(['describe', 'csr', name]);
    expect(described).toMatch(/Events:[^]*Warning\s+PolicyWaiting\s.*rego-csr-approver\s+SANClaimed: /);
  });

  test('and a hostile name reaches neither log nor Event raw', async () => {
    const hostile = 'x\u001B[2J\u202Ey\nz';
    const name = await scene.request(1, { dns: ['kubernetes.default.svc'] }, { name: hostile });
    await scene.event(name, /PolicyDenied/, log);
    // The line may be read a moment after the Event.
    const shown = String.raw`x\\u{1b}[2J\\u{202e}y\\u{a}z`;
    await eventually(() => (approver.log.includes(shown) ? true : undefined), { explain: log });
    expect(approver.log).not.toContain('\u001B');
    expect(approver.log).not.toContain('\u202E');
  });

  test('and a node that first claims the address of another keeps both from it', async () => {
    const [thief, victim] = [await scene.node(21), await scene.node(22)];
    await thief.setAddresses([...addressesOf(21), { type: 'ExternalIP', address: '10.0.0.22' }]);
    const forged = await scene.request(21, { ip: ['10.0.0.22'] });
    await scene.event(forged, /SANClaimed.*n22/, log);
    const honest = await scene.request(22);
    await scene.event(honest, /SANClaimed.*n21/, log);
    await thief.setAddresses(addressesOf(21));
    const after = await scene.request(Number(victim.name.slice(1)));
    await scene.condition(after, 'Approved', log);
    expect(await scene.conditions(forged)).toEqual([]);
  });
});

const decidedByAdmin = async (name: string, type: 'approve' | 'deny') => {
  await scene.cluster.kubectl(['certificate', type, name]);
  return name;
};

describe('a request that is not ours is not touched', () => {
  test.each<[string, () => Promise<string>]>([
    [
      'of the client signer',
      () => scene.request(3, {}, { signerName: 'kubernetes.io/kube-apiserver-client' }),
    ],
    ['of a signer of others', () => scene.request(3, {}, { signerName: 'example.com/serving' })],
    ['denied', async () => decidedByAdmin(await scene.request(3, { ip: ['10.9.9.9'] }), 'deny')],
    [
      'approved by a person',
      async () => decidedByAdmin(await scene.request(3, { ip: ['10.9.9.8'] }), 'approve'),
    ],
  ])('%s', async (kind, make) => {
    const name = await make();
    if (kind === 'approved by a person') await scene.certificate(name);
    const before = await scene.csr(name);
    // Whatever could be done to it was done before a later one was decided.
    await scene.condition(await scene.request(3), 'Approved', log);
    expect(await scene.csr(name)).toEqual(before);
  });
});

describe('a node that is late', () => {
  test('with its addresses is approved as soon as it has them, and keeps the conditions of others (LIFE-05)', async () => {
    const node = await scene.stranger('n30');
    await node.client.create(NODE_PATH, { metadata: { name: 'n30' } });
    const { name } = (await node.request({ ip: ['10.0.0.30'] })).metadata;
    await scene.event(name, /PolicyWaiting NodeWithoutAddresses/, log);
    const audited = { type: 'Audited', status: 'True', reason: 'Seen', message: 'by somebody else' };
    const csr = await scene.csr(name);
    await scene.admin.put(csrPath(name, 'status'), { ...csr, status: { conditions: [audited] } });
    const startedAt = performance.now();
    await node.setAddresses(addressesOf(30));
    await scene.condition(name, 'Approved', log);
    // The rule itself asks to be left alone for 5 s: it was the watch of Nodes.
    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect(await scene.conditions(name)).toMatchObject([audited, { type: 'Approved' }]);
  });

  test('itself: the request of the machine before it stays pending, its own is approved (LIFE-14)', async () => {
    const node = await scene.stranger('n32');
    const { name, creationTimestamp } = (await node.request({ ip: ['10.0.0.32'] })).metadata;
    await scene.event(name, /PolicyWaiting NodeNotFound/, log);
    // Times have a resolution of one second.
    const nextSecond = new Date(String(creationTimestamp)).getTime() + 1000;
    await eventually(() => (Date.now() > nextSecond ? true : undefined));
    await node.register(addressesOf(32));
    await scene.event(name, /PolicyWaiting NodeYoungerThanRequest/, log);
    const own = await node.request({ ip: ['10.0.0.32'] });
    await scene.condition(own.metadata.name, 'Approved', log);
    expect(await scene.conditions(name)).toEqual([]);
  });
});

test('a request deleted while it waits is forgotten', async () => {
  const node = await scene.stranger('n31');
  const { metadata } = await node.request({ ip: ['10.0.0.31'] });
  await scene.event(metadata.name, /NodeNotFound/, log);
  await scene.deleteCSR(metadata.name);
  const errors = approver.lines.filter(({ level }) => level === 'error').length;
  await node.register(addressesOf(31));
  const next = await node.request({ ip: ['10.0.0.31'] });
  await scene.condition(next.metadata.name, 'Approved', log);
  expect(approver.lines.filter(({ level }) => level === 'error')).toHaveLength(errors);
});

test('review says of what kubectl prints what the controller said', async () => {
  const get = async (...what: string[]) => {
    const path = join(scene.cluster.dir, `${what.join('-')}.yaml`);
    writeFileSync(path, await scene.cluster.kubectl(['get', ...what, '-o', 'yaml']));
    return path;
  };
  const cluster = join(scene.cluster.dir, 'cluster-fact.yaml');
  const fact = { api_names: [], api_addresses: ['192.0.2.10'], service_cidrs: [], pod_cidrs: [] };
  writeFileSync(cluster, JSON.stringify({ ...fact, api_names: ['kubernetes.default.svc'] }));
  const facts = [
    '--nodes',
    await get('nodes'),
    '--cluster',
    cluster,
    '--assume',
    'sar.selfnodeserver=allowed',
  ];
  const review = async (name: string, ...more: string[]) =>
    runToEnd(['review', '-f', await get('csr', name), ...facts, ...more]);

  const forged = await scene.request(1, { ip: ['10.0.0.2'] });
  await scene.event(forged, /SANClaimed/, log);
  expect(await review(forged)).toMatchObject({ code: 1, stdout: expect.stringContaining('SANClaimed') });
  const good = await scene.request(1);
  await scene.condition(good, 'Approved', log);
  expect(await review(good)).toMatchObject({ code: 1, stdout: expect.stringContaining('Finished') });
  expect(await review(good, '--as-new')).toMatchObject({ code: 0 });
  const all = await runToEnd(['review', '-f', await get('csr'), ...facts, '-o', 'json']);
  expect(all.stdout.split('\n').length - 1).toBeGreaterThan(20);
});

test('is live, ready, and counts what it has done', async () => {
  expect(await approver.get('/livez')).toEqual({ status: 200, body: '[+] watch\n[+] queue\n[+] nodes\n' });
  expect((await approver.get('/readyz')).status).toBe(200);
  const { body } = await approver.get('/metrics');
  const count = (pattern: string) => Number(new RegExp(`^${pattern} (\\d+)$`, 'm').exec(body)?.[1]);
  expect(count('csr_approver_approval_writes_total{condition="Approved",result="ok"}')).toBeGreaterThan(10);
  expect(body).not.toMatch(/approval_writes_total{.*result="(?!ok|409)/);
  expect(count('csr_approver_event_errors_total')).toBe(0);
  expect(approver.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a flood of one node does not keep its own next good request from being approved', async () => {
  const flood = Array.from({ length: 300 }, () => ({ dns: ['kubernetes'] }));
  await Promise.all(flood.map((spec) => scene.request(7, spec)));
  const name = await scene.request(7);
  await scene.condition(name, 'Approved', log);
});
