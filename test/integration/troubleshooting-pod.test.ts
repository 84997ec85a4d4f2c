import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { freeLoopback, reachAt, serveKubelet } from './fake-kubelet.ts';
import { Reader } from './guide.ts';
import { apply, manifests, NAMESPACE, objectsOf, token } from './install.ts';
import { newPod, podAddress, setStatus } from './pods.ts';
import { runToEnd } from './program.ts';
import { Scene } from './scene.ts';

/** The operating guide's troubleshooting: the program's own pod, on a node that has no serving certificate. */

let scene: Scene;
let reader: Reader;
let text: string;
let kubelet: { close(): Promise<void> } | undefined;
let approver: Approver | undefined;
const log = () => approver?.log ?? '';
beforeAll(async () => {
  const controllers = [
    'serviceaccount',
    'serviceaccount-token',
    'root-ca-certificate-publisher',
    'deployment',
  ];
  const signing = ['replicaset', 'certificatesigningrequest-signing', 'clusterrole-aggregation'];
  scene = await Scene.open({ controllers: [...controllers, ...signing].map((name) => `${name}-controller`) });
  text = await manifests(scene);
  await apply(scene, text);
  reader = await Reader.of(scene);
  await scene.node(1);
  const address = freeLoopback();
  await reachAt(scene, 'n1', address);
  kubelet = await serveKubelet(address, undefined);
});
afterAll(async () => {
  await kubelet?.close();
  await scene?.close();
});
afterEach(async () => {
  await approver?.stop('SIGKILL');
  approver = undefined;
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
});

/** The program where its pod's address leads to, and the Deployment with that port: many tests run on one machine. */
async function startInPod(env: NodeJS.ProcessEnv = {}): Promise<string> {
  const address = podAddress();
  const kubeconfig = scene.cluster.tokenKubeconfig(await token(scene));
  approver = await scene.keep(Approver.start({ kubeconfig, address, env, ready: false }));
  const path = '/spec/template/spec/containers/0/ports/0/containerPort';
  const patch = JSON.stringify([{ op: 'replace', path, value: approver.port }]);
  const deployment = ['deployment', NAMESPACE, '-n', NAMESPACE];
  await scene.cluster.kubectl(['patch', ...deployment, '--type=json', '-p', patch]);
  await scene.cluster.kubectl(['delete', 'replicasets', '--all', '-n', NAMESPACE]);
  const pod = await newPod(scene, 'n1');
  const status = { podIP: address, podIPs: [{ ip: address }] };
  await setStatus(scene, pod, { ...status, container: { ready: true, state: { running: {} } } });
  return pod;
}

const isReady = () =>
  eventually(async () => ((await approver?.get('/readyz'))?.status === 200 ? true : undefined), {
    explain: log,
  });

describe('when its own node has no certificate', () => {
  const heading = 'When its own node has no certificate';

  test('no log, no exec, no port-forward; but /readyz, metrics, and approving by hand', async () => {
    const pod = await startInPod();
    await isReady();
    // A loopback address is none that a node gets from the program.
    const { metadata } = await (await scene.node(1)).request({ ip: ['127.0.0.1'] });
    await scene.event(metadata.name, /AddressReserved/, log);
    const printed = await reader.follow(heading, { CSR: metadata.name });
    expect(printed).toMatch(
      /csr_approver_decisions_total\{signer="kubernetes\.io\/kubelet-serving",verdict="deny"\} 1/,
    );
    for (const command of [
      ['exec', pod, '--', 'ls'],
      ['port-forward', pod, ':8080'],
    ]) {
      await expect(scene.cluster.kubectl(['-n', NAMESPACE, ...command])).rejects.toThrow(
        /tls: internal error/,
      );
    }
    const ready = await reader.follow('Not ready');
    expect(ready.match(/^\s*\[\+\] (requests|approvals|nodes)$/gm)).toHaveLength(3);
  });
});

/** The permissions again, and not the Deployment, whose port is the program's own here. */
async function grant(): Promise<void> {
  const rbac = objectsOf(text).filter(({ apiVersion }) => String(apiVersion).startsWith('rbac.'));
  await apply(scene, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: rbac }));
}

/** A check that fails for want of the permission to list a resource. */
const lists = (check: string, resource: string) =>
  new RegExp(
    `\\[-\\] ${check}: .*forbids it; grant it by RBAC.* cannot list resource \\\\?"${resource}\\\\?"`,
  );

describe('not ready', () => {
  test('without its permissions: it runs, and names those that it needs to begin', async () => {
    const bindings = [
      'clusterrolebinding/rego-csr-approver',
      'rolebinding/rego-csr-approver',
      '-n',
      'default',
    ];
    await scene.cluster.kubectl(['delete', ...bindings]);
    try {
      await startInPod();
      const name = await scene.request(1, { ip: [] });
      // Requests are asked for when Nodes are there, or have not come for a while.
      await eventually(
        async () => {
          const printed = await reader.follow('Not ready');
          expect(printed).toMatch(lists('requests', 'certificatesigningrequests'));
          expect(printed).toMatch(lists('nodes', 'nodes'));
          return true;
        },
        { withinMs: 45_000 },
      );
      expect(await scene.conditions(name)).toEqual([]);
      await grant();
      await isReady();
    } finally {
      await grant();
    }
  });
});

/** Makes a program's clock that much ahead. */
const ahead = (ms: number) => `const real = Date;
globalThis.Date = class extends real {
  constructor(...args) { super(...(args.length === 0 ? [real.now() + ${String(ms)}] : args)); }
  static now() { return real.now() + ${String(ms)}; }
};
`;

test('clocks differ: the program is an hour ahead, and no request is too old for it', async () => {
  const clock = join(scene.cluster.dir, 'clock.mjs');
  writeFileSync(clock, ahead(3_600_000));
  await startInPod({ NODE_OPTIONS: `--import=${clock}` });
  await isReady();
  const name = await scene.request(1, { ip: [] });
  // What its kubelet does every ten seconds.
  const { client } = await scene.node(1);
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  await client.create('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'n1' },
    spec: { renewTime, holderIdentity: 'n1' },
  });
  const printed = await reader.follow('Clocks differ', { NODE: 'n1' });
  expect(printed).toContain(renewTime);
  // It is looked at; its Node lists no such name here.
  await scene.event(name, /PolicyWaiting SANNotListed/, log);
});

const labels = ['enforce', 'audit', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}`);
const label = (namespace: string, ...changes: readonly string[]) =>
  scene.cluster.kubectl(['label', 'namespace', namespace, ...changes]);

describe('the namespace', () => {
  test('lacks the Pod Security labels: the pod is made all the same', async () => {
    await label(NAMESPACE, ...labels.map((name) => `${name}-`));
    try {
      expect(await newPod(scene, 'n1')).toMatch(/^rego-csr-approver-/);
    } finally {
      await label(NAMESPACE, ...labels.map((name) => `${name}=restricted`));
    }
  });

  test('is another one that enforces `restricted`: it takes the pod, without a warning', async () => {
    await scene.cluster.kubectl(['create', 'namespace', 'elsewhere']);
    await label('elsewhere', ...labels.map((name) => `${name}=restricted`));
    await scene.cluster.kubectl(['create', 'serviceaccount', NAMESPACE, '-n', 'elsewhere']);
    const deployment = objectsOf(text).find(({ kind }) => kind === 'Deployment');
    const { template } = z.object({ template: z.looseObject({}) }).parse(deployment?.['spec']);
    const metadata = { name: 'probe', namespace: 'elsewhere' };
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...template, metadata });
    const args = ['create', '--dry-run=server', '--warnings-as-errors', '-o', 'name', '-f', '-'];
    expect(await scene.cluster.kubectl(args, { input })).toBe('pod/probe\n');
  });
});

describe('the pod does not start', () => {
  test('a ConfigMap of its is missing', async () => {
    const patch = JSON.stringify([
      {
        op: 'add',
        path: '/spec/template/spec/volumes/-',
        value: { name: 'policy', configMap: { name: 'rego-csr-approver-policy' } },
      },
    ]);
    const deployment = ['deployment', NAMESPACE, '-n', NAMESPACE];
    await scene.cluster.kubectl(['patch', ...deployment, '--type=json', '-p', patch]);
    const pod = await newPod(scene, 'n1');
    const waiting = { waiting: { reason: 'ContainerCreating' } };
    await setStatus(scene, pod, { phase: 'Pending', container: { state: waiting } });
    // What the real kubelet of test/e2e writes.
    const message =
      'MountVolume.SetUp failed for volume "policy" : configmap "rego-csr-approver-policy" not found';
    await scene.admin.create(`/api/v1/namespaces/${NAMESPACE}/events`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: 'failed-mount-' },
      involvedObject: { kind: 'Pod', name: pod, namespace: NAMESPACE },
      reason: 'FailedMount',
      message,
      type: 'Warning',
      source: { component: 'kubelet', host: 'n1' },
    });
    const printed = await reader.follow('The pod does not start');
    expect(printed).toContain('configmaps "rego-csr-approver-policy" not found');
    expect(printed).toContain(message);
  });
});

describe('the program ends at its start', () => {
  test.each<[string, string, RegExp]>([
    ['an unknown field', 'onDenny: deny', /error: ConfigInvalid: \S+:3: onDenny: unknown field/],
    ['a bundle that is not there', 'policy: {bundle: /policy/bundle.tar.gz}', /error: BundleNotFound: /],
  ])('%s', async (_, line, message) => {
    const file = join(scene.cluster.dir, 'config.yaml');
    writeFileSync(file, `apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n${line}\n`);
    const kubeconfig = scene.cluster.adminKubeconfig;
    const { code, stderr } = await runToEnd(['run', '--kubeconfig', kubeconfig, '--config', file]);
    const terminated = { exitCode: code, reason: 'Error', message: stderr };
    const container = {
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated },
      restartCount: 3,
    };
    await setStatus(scene, await newPod(scene, 'n1'), { container });
    const printed = await reader.follow('The program ends at its start');
    expect(printed).toMatch(message);
    const deployment = objectsOf(text).find(({ kind }) => kind === 'Deployment');
    // The kubelet puts it there only where the Deployment says so; test/e2e has seen it.
    expect(JSON.stringify(deployment)).toContain('"terminationMessagePolicy":"FallbackToLogsOnError"');
  });
});
