import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NODE_PATH } from '../../src/kube/calls.ts';
import { connect } from '../../src/kube/connect.ts';
import { asObject } from '../../src/kube/objects.ts';
import { kubeconfig as kubeconfigText } from '../control-plane/kubeconfig.ts';
import type { Approver } from '../support/approver.ts';
import { apply, manifests, NAMESPACE, startInstalled, token } from './install.ts';
import { policyBundle } from '../support/policies.ts';
import { addPods, beat, digest, kubeadmConfigMaps, Patient } from './patient.ts';
import { runToEnd } from './program.ts';
import { csrPath, Scene } from './scene.ts';

/**
 * A real cluster in which everything is as it should be; then each fault is made, is found, and found alone, and goes
 * away by the commands that are printed.
 */

const seeFlags = '--feature-gates=ComponentFlagz=true';
let scene: Scene;
let patient: Patient;
let approver: Approver;
let bundle: string;

beforeAll(async () => {
  scene = await Scene.open({
    serverNames: ['api.example.com', '198.51.100.7'],
    flags: { apiserver: [seeFlags], controllerManager: ['--leader-elect=true'] },
  });
  patient = await Patient.of(scene);
  const text = await manifests(scene, 'ha', 'doctor');
  await apply(scene, text);
  await scene.cluster.kubectl(['apply', '-f', '-'], { input: kubeadmConfigMaps() });
  await scene.node(1);
  await beat(scene, 'n1');
  await addPods(scene, text, 'n1', ['rego-csr-approver-0', 'rego-csr-approver-1']);
  bundle = join(scene.cluster.dir, 'bundle.tar.gz');
  copyFileSync(new URL('../../dist/default.tar.gz', import.meta.url), bundle);
  const credentials = scene.cluster.tokenKubeconfig(await token(scene));
  approver = await startInstalled(scene, credentials, true, { config: `policy: {bundle: ${bundle}}` });
  await scene.certificate(await scene.request(1));
});
afterAll(() => scene?.close());

/**
 * The controller manager with it: it ends when it cannot renew its Lease for ten seconds, and its next process would leave the
 * Lease to the last one for as long as that says.
 */
async function restartApiServer(flags?: readonly string[]): Promise<void> {
  const { cluster } = scene;
  await cluster.controllerManager?.stop();
  await cluster.apiserver.restart(flags);
  await cluster.kubectl([
    'delete',
    'lease',
    'kube-controller-manager',
    '-n',
    'kube-system',
    '--ignore-not-found',
  ]);
  await cluster.controllerManager?.start();
}

const nodeVersion = async () => asObject(await scene.admin.get(`${NODE_PATH}/n1`)).metadata.resourceVersion;

test('a fresh installation lacks what only its operator knows, and has it by the commands', async () => {
  const [first] = await patient.has(['ServerNamesNotReserved', 'PodRangesNotReserved', 'ImageNotByDigest']);
  expect(first?.seen).toContain('the API server answers to api.example.com, 198.51.100.7');
  const found = await patient.mendedBy([
    'ServerNamesNotReserved',
    'PodRangesNotReserved',
    'ImageNotByDigest',
  ]);
  // Any one of the two commands for the configuration adds all that is missing of it.
  const patches = new Set(found.flatMap(({ commands }) => commands).filter((one) => one.includes(' patch ')));
  expect(patches.size).toBe(1);
  const deployment = ['get', 'deployment', 'rego-csr-approver', '-n', NAMESPACE, '-o', 'jsonpath={..image}'];
  expect(await scene.cluster.kubectl(deployment)).toBe(`docker.io/library/rego-csr-approver@${digest}`);
});

test('the shipped program says so, group by group', async () => {
  const { code, stdout, stderr } = await runToEnd(['doctor', '--kubeconfig', scene.cluster.adminKubeconfig]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^API server$[^]*^Permissions$[^]*^ {2}\+ ok {7}OffSwitch +one binding grants it: node-server-auto-renew-crt$/m,
  );
  expect(stdout).toMatch(/^0 errors, 0 warnings, 0 unknown, 0 info, 2\d ok$/m);
});

const binding = (name: string, role: string, ...subjects: object[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects,
});

const group = (name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name });

const account = (name: string) => ({ kind: 'ServiceAccount', name, namespace: NAMESPACE });

const create = (object: object) =>
  scene.cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
const switchRole = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeserver';

describe('permissions', () => {
  test('the off switch', async () => {
    await patient.run('kubectl delete clusterrolebinding node-server-auto-renew-crt');
    await patient.mendedBy(['NobodyGranted']);
  });

  test('the off switch and its role', async () => {
    await patient.run(
      `kubectl delete clusterrolebinding node-server-auto-renew-crt; kubectl delete clusterrole ${switchRole}`,
    );
    await patient.mendedBy(['NobodyGranted']);
  });

  test('another binding that grants it, which others keep', async () => {
    await create(
      binding('legacy', switchRole, group('admins'), group('system:nodes'), group('system:authenticated')),
    );
    await patient.mendedBy(['OtherGrant']);
    const left = await scene.cluster.kubectl([
      'get',
      'clusterrolebinding',
      'legacy',
      '-o',
      'jsonpath={.subjects[*].name}',
    ]);
    expect(left).toBe('admins');
  });

  test('an aggregated role that grants it, by a binding whose name a shell would run', async () => {
    const labels = { 'example.com/aggregate': 'yes' };
    const metadata = (name: string) => ({ name, ...(name === 'part' && { labels }) });
    const rules = [{ apiGroups: ['certificates.k8s.io'], resources: ['*'], verbs: ['create'] }];
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };
    await create({ ...role, metadata: metadata('part'), rules });
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: labels }] };
    await create({ ...role, metadata: metadata('whole'), aggregationRule, rules: [] });
    await create(binding("-x'; touch hacked; $(touch hacked) \u202e", 'whole', group('system:nodes')));
    const [found] = await patient.mendedBy(['OtherGrant']);
    expect(found?.seen).toContain(String.raw`\u{202e} of ClusterRole whole`);
  });

  test('a permission that is gone', async () => {
    await patient.run(
      `kubectl patch clusterrole rego-csr-approver --type=json -p='[{"op":"remove","path":"/rules/1"},{"op":"remove","path":"/rules/0/verbs/2"}]'`,
    );
    const [found] = await patient.mendedBy(['PermissionMissing']);
    expect(found?.seen).toMatch(
      /may not watch certificatesigningrequests\.certificates\.k8s\.io; update .*\/approval/,
    );
  });

  test('permissions that lead further', async () => {
    await create(binding('too-much', 'cluster-admin', account('rego-csr-approver')));
    await patient.mendedBy(['PermissionExcess']);
  });

  test('another approver', async () => {
    await create(binding('old-approver', 'rego-csr-approver', account('old')));
    await patient.mendedBy(['OtherApprover']);
  });

  test('an approval by hand', async () => {
    await patient.run('kubectl delete clusterrolebinding node-server-auto-renew-crt');
    await patient.has(['NobodyGranted']);
    const name = await scene.request(1);
    await patient.run(`kubectl certificate approve ${name}`);
    await scene.certificate(name);
    await patient.run('kubectl auth reconcile -f deploy/kustomize/base/selfnodeserver.yaml');
    const [found] = await patient.has(['ApprovedByHand']);
    expect(found?.seen).toContain(`approved by kubectl: ${name}`);
    await scene.deleteCSR(name);
  });
});

describe('nodes', () => {
  test('a worker that lists a name of the API server', async () => {
    const node = await scene.node(2);
    await node.setAddresses([{ type: 'InternalDNS', address: 'API.example.com' }]);
    const [found] = await patient.mendedBy(['ServerNameOfWorker']);
    expect(found?.seen).toBe('Node n2 lists api.example.com');
    await patient.run('kubectl delete node n2');
  });

  test('a clock that is behind', async () => {
    await beat(scene, 'n1', new Date(Date.now() - 10 * 60_000));
    const [found] = await patient.has(['NodeClockDiffers']);
    expect(found?.seen).toMatch(/^1 Node, up to 10 min behind the API server: n1$/);
    await beat(scene, 'n1');
    await patient.has([]);
  });

  test('our own clock', async () => {
    const [found] = await patient.has(['ClockDiffers'], { now: () => new Date(Date.now() + 3_600_000) });
    expect(found?.seen).toBe('this machine is 60 min ahead of the API server');
  });

  test('kubelets that are not told to ask', async () => {
    await patient.run(
      `kubectl -n kube-system get configmap kubelet-config -o yaml | sed -e '/serverTLSBootstrap/d' | kubectl replace -f -`,
    );
    await patient.mendedBy(['ServerTLSBootstrapOff']);
  });

  test('a kubelet that cannot be asked is unknown', async () => {
    const [found] = await patient.has(['KubeletConfiguration'], { args: ['--configz', '3'] });
    expect([found?.severity, found?.seen]).toEqual(['unknown', expect.stringMatching(/^n1: /)]);
  });
});

describe('installation', () => {
  test('the namespace', async () => {
    await patient.run(`kubectl label namespace ${NAMESPACE} pod-security.kubernetes.io/enforce-`);
    await patient.mendedBy(['NamespaceNotRestricted']);
  });

  test('a second one', async () => {
    await patient.run(
      `kubectl create deployment old -n default --image=x && kubectl label deployment old app.kubernetes.io/name=rego-csr-approver --overwrite -n default`,
    );
    await patient.mendedBy(['SecondInstallation']);
  });

  test('a Lease that was taken by hand', async () => {
    const lease = `kubectl patch lease rego-csr-approver-leader -n ${NAMESPACE} --type=merge`;
    await patient.run(`${lease} -p '{"spec":{"holderIdentity":"by-hand","leaseDurationSeconds":3}}'`);
    const [found] = await patient.mendedBy(['LeaderNotOurs']);
    expect(found?.seen).toBe('the Lease is held by by-hand');
  });

  test('a bundle that is refused', async () => {
    writeFileSync(bundle, 'no bundle');
    const [found] = await patient.has(['PolicyRejected']);
    expect(found?.seen).toMatch(/^1 pod: .*BundleUnreadable: /);
    const next = await policyBundle(scene.cluster.dir, 'next', { allow: 'input.sar.own.allowed' });
    copyFileSync(next, bundle);
    await patient.has([]);
    expect(approver.log).toContain('a policy is refused');
  });
});

describe('the control plane', () => {
  test('a signer that is gone, and what it left', async () => {
    await scene.cluster.controllerManager?.stop();
    const name = await scene.request(1);
    await scene.condition(name, 'Approved');
    // As time would: nobody renews, and the approval grows old.
    const old = new Date(Date.now() - 10 * 60_000).toISOString();
    const renewed = JSON.stringify({ spec: { renewTime: old.replace('Z', '000Z') } });
    await patient.run(
      `kubectl patch lease kube-controller-manager -n kube-system --type=merge -p '${renewed}'`,
    );
    const csr = await scene.csr(name);
    const [condition] = await scene.conditions(name);
    const status = { conditions: [{ ...condition, lastUpdateTime: old.replace(/\.\d+/, '') }] };
    // Under the program's name, so that it stays its approval.
    const writer = connect(
      { kubeconfig: scene.cluster.adminKubeconfig },
      { userAgent: 'rego-csr-approver/test' },
    );
    await writer.put(csrPath(name, 'approval'), { ...csr, status });
    await writer.close();
    const found = await patient.has(['ControllerManagerGone', 'RequestsNotSigned']);
    expect(found.map(({ seen }) => seen).join()).toContain(`for up to 10 min: ${name}`);
    // It would leave the Lease to its last holder for as long as it says.
    await patient.run('kubectl delete lease kube-controller-manager -n kube-system');
    await scene.cluster.controllerManager?.start();
    await scene.certificate(name);
    await scene.deleteCSR(name);
    await patient.has([]);
  });

  test('an API server without what policies rely on', async () => {
    const off = [
      '--enable-admission-plugins=PodSecurity',
      '--authorization-mode=RBAC',
      '--kubelet-certificate-authority=',
    ];
    await restartApiServer(off);
    const found = await patient.has(['NodeRestrictionOff', 'NodeAuthorizerOff', 'KubeletsNotVerified']);
    const restriction = found.find(({ code }) => code === 'NodeRestrictionOff');
    expect(restriction?.seen).toContain('/flagz');
    // Its flags, as the findings name them.
    const named = found.flatMap(({ mend }) => mend.match(/--[a-z-]+=[A-Za-z]+(?:,[A-Za-z]+)*/g) ?? []);
    expect(named).toEqual(['--authorization-mode=Node,RBAC', '--enable-admission-plugins=NodeRestriction']);
    await restartApiServer([seeFlags, ...named]);
    await patient.has([]);
  });

  test('and one that shows its flags to nobody', async () => {
    const hidden = '--feature-gates=ComponentFlagz=false';
    await restartApiServer([hidden, '--enable-admission-plugins=PodSecurity']);
    await scene.cluster.kubectl(['apply', '-f', '-'], { input: kubeadmConfigMaps() });
    const [found] = await patient.has(['NodeRestrictionOff', 'KubeletVerification']);
    expect(found?.seen).toMatch(/^of \d+ writes the API server that answered showed none to it$/);
    await restartApiServer([hidden]);
    await patient.has(['KubeletVerification']);
    await restartApiServer();
    await patient.has([]);
  });
});

describe('who looks', () => {
  test('the component’s ServiceAccount sees all that an administrator does', async () => {
    const bearer = await scene.cluster.kubectl([
      'create',
      'token',
      'rego-csr-approver-doctor',
      '-n',
      NAMESPACE,
    ]);
    await patient.has([], { kubeconfig: scene.cluster.tokenKubeconfig(bearer.trim()) });
  });

  test('who may do nothing finds nothing out, and takes nothing for good', async () => {
    const kubeconfig = await scene.cluster.kubeconfigFor({ user: 'nobody' });
    const found = await patient.findings({ kubeconfig });
    expect(new Set(found.map(({ severity }) => severity))).toEqual(new Set(['unknown']));
    const mends = found.map(({ mend }) => mend).join('\n');
    for (const permission of [
      'list nodes',
      'list clusterrolebindings',
      'create subjectaccessreviews',
      'get /metrics',
    ]) {
      expect(mends).toMatch(new RegExp(` (may|and) ${permission}`));
    }
    const text = await patient.visit({ kubeconfig });
    expect([text.code, text.err]).toEqual([0, '']);
    expect((await patient.visit({ kubeconfig, args: ['--fail-on', 'unknown'] })).code).toBe(1);
  });

  test('a finding fails by its severity', async () => {
    await patient.run(
      `kubectl label namespace ${NAMESPACE} pod-security.kubernetes.io/enforce=privileged --overwrite`,
    );
    expect((await patient.visit()).code).toBe(0);
    expect((await patient.visit({ args: ['--fail-on', 'warning'] })).code).toBe(1);
    await patient.mendedBy(['NamespaceNotRestricted']);
    await patient.run('kubectl delete clusterrolebinding node-server-auto-renew-crt');
    await patient.has(['NobodyGranted']);
    expect((await patient.visit()).code).toBe(1);
    await patient.mendedBy(['NobodyGranted']);
  });

  test.each<[string, () => Promise<readonly string[]>, RegExp]>([
    ['no kubeconfig', async () => ['--kubeconfig', '/missing'], /^error: KubeconfigInvalid: /],
    [
      'an API server that is not there',
      async () => {
        const file = join(scene.cluster.dir, 'nowhere.kubeconfig');
        writeFileSync(file, kubeconfigText('https://127.0.0.1:1', '', { token: 'x' }));
        return ['--kubeconfig', file];
      },
      /^error: ClusterUnreachable: /,
    ],
    [
      'credentials that it does not take',
      async () => ['--kubeconfig', scene.cluster.tokenKubeconfig('x')],
      /^error: ClusterUnreachable: .*credentials/,
    ],
    ['no such configuration', async () => ['--config', '/missing'], /^error: ConfigUnreadable: /],
    ['a number that is none', async () => ['--configz', '-1'], /^error: .*--configz/],
  ])('%s is exit code 2', async (_, args, message) => {
    const { code, out, err } = await patient.visit({ args: await args() });
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(message)]);
  });

  test('writes nothing but access reviews', async () => {
    const before = await nodeVersion();
    await patient.findings();
    expect(await nodeVersion()).toBe(before);
  });
});
