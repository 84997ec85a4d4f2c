import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inputSchema, type InputDocument } from '../../src/decide/input.ts';
import { Approver } from '../support/approver.ts';
import { asObject } from '../../src/kube/objects.ts';
import { NODE_PATH } from '../../src/kube/calls.ts';
import { DNSServer } from '../support/dns-server.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';
import { ensureTool } from '../tools/ensure.ts';
import { addInventory, addMachines, apply, byContent, defineMachines, machinePolicy } from './machines.ts';
import { runToEnd } from './program.ts';
import { Scene } from './scene.ts';

/** From a live request to a document, and from that to the verdict that the running program gives. */

const exec = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'capture-test-'));
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
  await Promise.all([1, 2].map((number) => scene.node(number)));
});
afterAll(async () => {
  await scene?.close();
  rmSync(directory, { recursive: true });
});

const capture = (name: string, ...args: string[]) =>
  runToEnd(['capture', name, '--kubeconfig', scene.cluster.adminKubeconfig, ...args]);
async function captured(name: string, ...args: string[]): Promise<InputDocument> {
  const { code, stdout, stderr } = await capture(name, ...args);
  expect([code, stderr]).toEqual([0, '']);
  return inputSchema.parse(JSON.parse(stdout));
}
const review = (input: unknown, ...args: string[]) =>
  runToEnd(['review', '--input', '-', ...args], { input: JSON.stringify(input) });

/** Whatever the default policy says of a document, on OPA itself. */
async function opaSays(
  input: unknown,
): Promise<{ allow: boolean; deny: unknown[]; wait: { code: string }[] }> {
  const file = join(directory, 'input.json');
  writeFileSync(file, JSON.stringify(input));
  const root = new URL('../..', import.meta.url).pathname;
  const args = [
    'eval',
    '-d',
    'policies/default',
    '-i',
    file,
    '-f',
    'raw',
    'data.csr.kubelet_serving.decision',
  ];
  const { stdout } = await exec(await ensureTool('opa'), args, { cwd: root });
  return JSON.parse(stdout);
}

describe('a captured request has the verdict that the program gives', () => {
  test('approved, before and after it was decided', async () => {
    const name = await scene.request(1);
    const before = await captured(name);
    expect(before).toMatchObject({
      name,
      node: { found: true, name: 'n1' },
      claims: [
        { address: 'n1', nodes: ['n1'] },
        { address: '10.0.0.1', nodes: ['n1'] },
      ],
      sar: { selfnodeserver: { allowed: true } },
      cluster: { api_addresses: expect.arrayContaining(['192.0.2.10']) },
    });
    expect(await review(before)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('verdict: approve'),
      stderr: expect.stringContaining('NOT DECODED AGAIN'),
    });
    expect(await opaSays(before)).toMatchObject({ allow: true, deny: [], wait: [] });
    const program = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig }));
    await scene.condition(name, 'Approved', () => program.log);
    await scene.certificate(name);
    await program.stop();
    const after = await capture(name);
    expect([after.code, after.stderr]).toEqual([
      0,
      `${name} is decided already: its facts are those of now, not those it was decided by\n`,
    ]);
    expect((await review(JSON.parse(after.stdout))).stdout).toContain('verdict: approve');
  });

  test('waiting, for the same reason', async () => {
    const name = await scene.request(1, { ip: ['10.0.0.2'] });
    const document = await captured(name);
    const { code, stdout } = await review(document);
    expect([code, stdout]).toEqual([1, expect.stringContaining('verdict: wait')]);
    const codes = (await opaSays(document)).wait.map((reason) => reason.code);
    expect(codes).toContain('SANClaimed');
    for (const one of codes) expect(stdout).toContain(`${one} (policy)`);
    const program = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig }));
    await scene.event(name, /SANClaimed/, () => program.log);
    await program.stop();
    await scene.deleteCSR(name);
  });
});

test('a data overlay says what is looked up, and by what it is decided', async () => {
  const query = { version: 'v1', resource: 'configmaps', namespace: 'default', name: 'addresses' };
  const config = {
    trust: [['lookup:inventory']],
    lookups: { inventory: { query, addresses: ['data', '{node_name}'] } },
  };
  const overlay = join(directory, 'knobs.json');
  writeFileSync(overlay, JSON.stringify({ csr: { kubelet_serving: { config } } }));
  await scene.cluster.kubectl(['create', 'configmap', 'addresses', '--from-literal=n1=n1 10.0.0.1']);
  const [one, two] = await Promise.all([scene.request(1), scene.request(2)]);
  const listed = await captured(one, '--data', overlay);
  expect(listed.lookups).toMatchObject({
    inventory: { found: true, objects: [{ data: { n1: 'n1 10.0.0.1' } }] },
  });
  expect(await review(listed, '--data', overlay)).toMatchObject({ code: 0 });
  const unlisted = await captured(two, '--data', overlay);
  const { code, stdout } = await review(unlisted, '--data', overlay);
  expect([code, stdout]).toEqual([1, expect.stringContaining('LookupWithoutAddresses (policy)')]);
  expect(await captured(two)).not.toHaveProperty('lookups.inventory');
  await Promise.all([one, two].map((name) => scene.deleteCSR(name)));
});

describe('where it is written', () => {
  test('-o FILE', async () => {
    const name = await scene.request(1);
    const file = join(directory, 'captured.json');
    expect(await capture(name, '-o', file)).toEqual({ code: 0, stdout: '', stderr: `wrote ${file}\n` });
    expect(inputSchema.parse(JSON.parse(readFileSync(file, 'utf8')))).toMatchObject({ name });
    const { code } = await runToEnd(['review', '--input', file]);
    expect(code).toBe(0);
  });

  test('not to a folder that is missing', async () => {
    const name = await scene.request(1);
    const { code, stderr } = await capture(name, '-o', join(directory, 'missing', 'x.json'));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: FileUnwritable: .*missing\/x\.json/)]);
  });
});

describe('cannot be captured', () => {
  test.each<[string, () => Promise<string> | string, RegExp]>([
    ['a request that is not there', () => 'missing', /^error: CSRNotFound: .*"missing" not found/],
    [
      'a request of another signer',
      async () => {
        const node = await scene.node(1);
        const client = ['digital signature', 'client auth'];
        const signerName = 'kubernetes.io/kube-apiserver-client';
        return (await node.request({ ip: [], dns: [] }, { signerName, usages: client })).metadata.name;
      },
      /^error: NotOurs: .* is for signer kubernetes\.io\/kube-apiserver-client, and configured are/,
    ],
    [
      'a request that has no single reading',
      () => scene.request(1, { generalNames: [Uint8Array.of(0x88, 2, 0x2a, 3)] }),
      /^error: SANRegisteredID: .* has no input document, it is denied: /,
    ],
  ])('%s', async (_, name, message) => {
    const { code, stdout, stderr } = await capture(await name());
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  test('from a cluster that is not there', async () => {
    const kubeconfig = join(directory, 'missing.kubeconfig');
    const { code, stderr } = await runToEnd(['capture', 'x', '--kubeconfig', kubeconfig]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: KubeconfigInvalid: .*missing\.kubeconfig/),
    ]);
  });
});

/** Who may read requests, and no more than is granted here. */
async function limited(user: string, ...rules: object[]): Promise<string> {
  const requests = {
    apiGroups: ['certificates.k8s.io'],
    resources: ['certificatesigningrequests'],
    verbs: ['get', 'list'],
  };
  const group = 'rbac.authorization.k8s.io';
  const role = {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    metadata: { name: user },
    rules: [requests, ...rules],
  };
  const binding = {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: user },
    subjects: [{ apiGroup: group, kind: 'User', name: user }],
  };
  await apply(scene, `${JSON.stringify(role)}\n---\n${JSON.stringify(binding)}`);
  return scene.cluster.kubeconfigFor({ user });
}

describe('a fact that cannot be obtained', () => {
  test('is named, and nothing is written; --partial leaves it out', async () => {
    const name = await scene.request(1);
    const reviews = {
      apiGroups: ['authorization.k8s.io'],
      resources: ['subjectaccessreviews'],
      verbs: ['create'],
    };
    const kubeconfig = await limited('without-nodes', reviews);
    const whole = await capture(name, '--kubeconfig', kubeconfig);
    expect([whole.code, whole.stdout]).toEqual([2, '']);
    expect(whole.stderr).toMatch(/^FactUnavailable: node: .*forbids it; grant it by RBAC.*nodes/m);
    expect(whole.stderr).toMatch(/^FactUnavailable: cluster: .*forbids it/m);
    expect(whole.stderr).toMatch(/^nothing was written: --partial writes/m);
    const partial = await capture(name, '--kubeconfig', kubeconfig, '--partial');
    expect(partial.code).toBe(1);
    const document = inputSchema.parse(JSON.parse(partial.stdout));
    expect(document.sar).toMatchObject({ selfnodeserver: { allowed: true } });
    expect([document.node, document.claims, document.cluster]).toEqual([undefined, undefined, undefined]);
    const reviewed = await review(document);
    expect([reviewed.code, reviewed.stdout]).toEqual([
      2,
      expect.stringContaining('node: not in the document'),
    ]);
  });

  describe('an access review', () => {
    const failed = { allowed: false, evaluationError: 'the webhook does not answer' };
    test.each<[string, Fault, RegExp]>([
      [
        'that could not be evaluated',
        { kind: 'json', body: { status: failed } },
        /could not be evaluated: the webhook does not answer/,
      ],
      ['without a status', { kind: 'json', body: {} }, /has no status/],
      ['that fails', { kind: 'status', status: 500 }, /answered 500/],
      [
        'that is answered by a friendly page',
        { kind: 'html' },
        /does not answer like a Kubernetes API server/,
      ],
      ['that is not answered', { kind: 'hang' }, /does not answer in time/],
    ])('%s', async (_, fault, message) => {
      const proxy = await FaultProxy.start(scene.cluster.adminKubeconfig);
      proxy.fault = ({ url }) => (url.includes('subjectaccessreviews') ? fault : undefined);
      const kubeconfig = join(directory, 'proxy.kubeconfig');
      writeFileSync(kubeconfig, proxy.kubeconfig());
      const { code, stdout, stderr } = await capture(await scene.request(1), '--kubeconfig', kubeconfig);
      await proxy.stop();
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^FactUnavailable: sar\.selfnodeserver: /);
      expect(stderr).toMatch(message);
      expect(stderr.match(/FactUnavailable/g)).toHaveLength(1);
    });
  });

  test('a Node with more labels than any honest one', async () => {
    const name = await scene.request(2);
    const labels = Object.fromEntries(
      Array.from({ length: 6000 }, (_, i) => [`a${String(i)}-${'x'.repeat(50)}`, 'y'.repeat(60)]),
    );
    const write = async (more: object) => {
      const node = asObject(await scene.admin.get(`${NODE_PATH}/n2`));
      await scene.admin.put(`${NODE_PATH}/n2`, { ...node, metadata: { ...node.metadata, labels: more } });
    };
    await write(labels);
    const { code, stderr } = await capture(name);
    await write({});
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^FactUnavailable: node: Node n2 has \d+ bytes/m),
    ]);
  });
});

test('a Node with ten thousand addresses is told of, and not trusted', async () => {
  const node = await scene.stranger('hoarder');
  await node.register(
    Array.from({ length: 10_000 }, (_, i) => ({
      type: 'InternalIP',
      address: `10.9.${String(i >> 8)}.${String(i & 255)}`,
    })),
  );
  const created = await node.request({ ip: ['10.9.0.0'] });
  const document = await captured(created.metadata.name);
  expect(document.node).toMatchObject({ found: true, addresses: [], addresses_over_cap: true });
  expect((await review(document)).stdout).toMatch(/verdict: wait[^]*NodeAddressesOverCap/);
});

describe('facts of a policy of its own', () => {
  let dns: DNSServer;
  const policies: Awaited<ReturnType<typeof machinePolicy>>[] = [];
  const policy = async (found: object = byContent) => {
    const built = await machinePolicy(found);
    policies.push(built);
    return ['--bundle', built.bundle, '--config', config];
  };
  let config: string;
  beforeAll(async () => {
    dns = await DNSServer.start((name) => (name === 'n1' ? ['10.0.0.1'] : 'silence'));
    config = join(directory, 'config.yaml');
    const head = 'apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n';
    writeFileSync(config, `${head}dns: {servers: ["${dns.address}"], timeoutMs: 300}\n`);
    await Promise.all([1, 2].map((number) => addInventory(scene, `n${String(number)}`)));
  });
  afterAll(() => {
    dns?.stop();
    for (const { remove } of policies) remove();
  });

  // Before Machines are defined.
  test('a resource that nobody has defined is an error', async () => {
    const { code, stderr } = await capture(await scene.request(1), ...(await policy()));
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^FactUnavailable: lookups\.machine: .*no machines of cluster\.x-k8s\.io\/v1beta1 here/m,
      ),
    ]);
    const byName = await policy({ namespace: 'default', name: 'm' });
    expect((await capture(await scene.request(1), ...byName)).stderr).toMatch(
      /lookups\.machine: .*no machines/,
    );
  });

  describe('with Machines', () => {
    beforeAll(async () => {
      await defineMachines(scene);
      await addMachines(scene, [
        ['m1', 'n1', '10.0.0.1'],
        ['m2', 'n2', '10.0.0.2'],
      ]);
    });

    test.each<[string, object]>([
      ['content', byContent],
      ['label', { labels: { 'example.com/node': '{node_name}' } }],
      ['name', { namespace: 'default', name: 'm1' }],
    ])('are captured and reviewed: by %s', async (_, found) => {
      const args = await policy(found);
      const document = await captured(await scene.request(1), ...args);
      expect(document.lookups).toMatchObject({
        machine: { found: true, more: false, objects: [{ metadata: { name: 'm1' } }] },
        inventory: { found: true, objects: [{ data: { rack: 'r1' } }] },
      });
      expect(JSON.stringify(document)).not.toContain('managedFields');
      expect(document.dns).toEqual([{ name: 'n1', found: true, addresses: ['10.0.0.1'] }]);
      expect(document.pending?.requestor).toBeGreaterThan(0);
      expect(document.pending?.newer).toBe(false);
      expect(await review(document, ...args)).toMatchObject({ code: 0 });
    });

    test('one that does not exist is no error', async () => {
      const args = await policy({ namespace: 'default', name: 'missing' });
      const document = await captured(await scene.request(1), ...args);
      expect(document.lookups?.['machine']).toEqual({ found: false, objects: [], more: false });
    });

    test('a namespace that is needed, and a DNS server that hangs, are told', async () => {
      const { code, stderr } = await capture(await scene.request(2), ...(await policy({ name: 'm2' })));
      expect(code).toBe(2);
      expect(stderr).toMatch(/^FactUnavailable: dns: n2: the DNS server does not answer in time/m);
      expect(stderr).toMatch(/^FactUnavailable: lookups\.machine: .*have a namespace: name it/m);
    });

    test('RBAC that forbids a lookup names the rule', async () => {
      const everything = {
        apiGroups: ['', 'discovery.k8s.io', 'networking.k8s.io', 'authorization.k8s.io'],
        resources: ['*'],
        verbs: ['*'],
      };
      const kubeconfig = await limited('without-machines', everything);
      const { code, stderr } = await capture(
        await scene.request(1),
        ...(await policy()),
        '--kubeconfig',
        kubeconfig,
      );
      expect(code).toBe(2);
      expect(stderr).toContain(
        'the rule {"apiGroups":["cluster.x-k8s.io"],"resources":["machines"],"verbs":["list"]} in a ClusterRole is missing',
      );
    });
  });
});
