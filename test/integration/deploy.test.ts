import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSubjectAccessReview } from '../../src/kube/calls.ts';
import type { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { apply, manifests, NAMESPACE, objectsOf, startInstalled, token } from './install.ts';
import { Scene } from './scene.ts';

const bindingManifest = new URL('../../deploy/kustomize/base/selfnodeserver.yaml', import.meta.url).pathname;

/** deploy/ on a real API server. */

const binding = 'node-server-auto-renew-crt';
let scene: Scene;
let text: string;
beforeAll(async () => {
  scene = await Scene.open();
  text = await manifests(scene);
});
afterAll(() => scene?.close());

test('is applied, and applying it again changes nothing', async () => {
  await apply(scene, text);
  const kinds =
    'namespace,serviceaccount,clusterrole,clusterrolebinding,role,rolebinding,configmap,deployment';
  const versions = () =>
    scene.cluster.kubectl(['get', kinds, '-A', '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);
  const before = await versions();
  const again = await apply(scene, text);
  expect(again.trim().split('\n')).toHaveLength(objectsOf(text).length);
  expect(await versions()).toBe(before);
});

test('has nothing in it that is not needed to run', () => {
  const kinds = objectsOf(text).map(({ kind }) => String(kind));
  expect(kinds.sort()).toEqual([
    'ClusterRole',
    'ClusterRole',
    'ClusterRoleBinding',
    'ClusterRoleBinding',
    'ConfigMap',
    'Deployment',
    'Namespace',
    'Role',
    'Role',
    'RoleBinding',
    'RoleBinding',
    'ServiceAccount',
  ]);
});

describe('Pod Security', () => {
  interface Template {
    metadata: object;
    spec: { containers: { securityContext: Record<string, unknown> }[] } & Record<string, unknown>;
  }
  const create = async (change: (template: Template) => void = () => undefined) => {
    const deployment = objectsOf(text).find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error('there is no Deployment');
    // oxlint-disable-next-line no-unsafe-type-assertion -- it was just applied with strict validation
    const { template } = deployment['spec'] as { template: Template };
    change(template);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      ...template,
      metadata: { ...template.metadata, name: 'probe' },
    };
    const args = [
      'create',
      '--dry-run=server',
      '--warnings-as-errors',
      '-n',
      NAMESPACE,
      '-f',
      '-',
      '-o',
      'json',
    ];
    return scene.cluster.kubectl(args, { input: JSON.stringify(pod) });
  };

  test('`restricted` takes the pod of the Deployment, without a warning', async () => {
    const pod: { spec: Record<string, unknown> } = JSON.parse(await create());
    expect(pod.spec).toMatchObject({
      serviceAccountName: 'rego-csr-approver',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(JSON.stringify(pod.spec['volumes'])).toContain('serviceAccountToken');
  });

  test.each<[string, (template: Template) => void, RegExp]>([
    ['that runs as root', ({ spec }) => (spec['securityContext'] = { runAsUser: 0 }), /runAsNonRoot/],
    ['on the host network', ({ spec }) => (spec['hostNetwork'] = true), /host namespaces/],
    [
      'that may gain privileges',
      ({ spec: { containers } }) =>
        containers.forEach((one) => delete one.securityContext['allowPrivilegeEscalation']),
      /allowPrivilegeEscalation/,
    ],
    [
      'with capabilities',
      ({ spec: { containers } }) => containers.forEach((one) => delete one.securityContext['capabilities']),
      /capabilities/,
    ],
  ])('and would not take one %s', async (_, change, message) => {
    await expect(create(change)).rejects.toThrow(message);
  });
});

/** @param what `VERB GROUP/RESOURCE/SUBRESOURCE`, and a name after a blank; in namespace default */
async function can(user: string, groups: readonly string[], what: string): Promise<boolean> {
  const [verb = '', path = '', name = ''] = what.split(' ');
  const [group = '', resource = '', subresource = ''] = path.split('/');
  const resourceAttributes = { verb, group, resource, subresource, name, namespace: 'default' };
  return (await createSubjectAccessReview(scene.admin, { user, groups, resourceAttributes })).allowed;
}

const mayAskForItself = () =>
  can(
    'system:node:n1',
    ['system:nodes'],
    'create certificates.k8s.io/certificatesigningrequests/selfnodeserver',
  );

describe('the program with the rights of deploy/ and its configuration', () => {
  let approver: Approver;
  const log = () => approver.log;
  beforeAll(async () => {
    await scene.node(1);
    approver = await startInstalled(scene, scene.cluster.tokenKubeconfig(await token(scene)));
  });
  const errors = () => approver.lines.filter(({ level }) => level === 'error' || level === 'warn');

  test('approves, and says on a forged request why not', async () => {
    const name = await scene.request(1);
    await scene.condition(name, 'Approved', log);
    await scene.certificate(name);
    await scene.event(await scene.request(1, { dns: ['kubernetes.default.svc'] }), /NameReserved/, log);
    expect(errors()).toEqual([]);
  });

  test('waits while the off switch is off, and approves when it is on again', async () => {
    await scene.cluster.kubectl(['delete', 'clusterrolebinding', binding]);
    // The API server's own copy of its rules follows within moments.
    await eventually(async () => ((await mayAskForItself()) ? undefined : true));
    const name = await scene.request(1);
    await scene.event(name, /PolicyWaiting AccessNotGranted: .*selfnodeserver/, log);
    expect(await scene.conditions(name)).toEqual([]);
    await scene.cluster.kubectl(['apply', '--server-side', '-f', bindingManifest]);
    await eventually(async () => ((await mayAskForItself()) ? true : undefined));
    await scene.condition(name, 'Approved', log);
    expect(errors()).toEqual([]);
  });

  test.each([
    ['get /nodes', true],
    ['update certificates.k8s.io/certificatesigningrequests/approval', true],
    ['approve certificates.k8s.io/signers kubernetes.io/kubelet-serving', true],
    ['get /services kubernetes', true],
    ['create events.k8s.io/events', true],
    ['create coordination.k8s.io/leases', false],
    ['get coordination.k8s.io/leases rego-csr-approver-leader', false],
    ['delete certificates.k8s.io/certificatesigningrequests', false],
    ['create certificates.k8s.io/certificatesigningrequests', false],
    ['update certificates.k8s.io/certificatesigningrequests', false],
    ['patch certificates.k8s.io/certificatesigningrequests/approval', false],
    ['update certificates.k8s.io/certificatesigningrequests/status', false],
    ['approve certificates.k8s.io/signers kubernetes.io/kube-apiserver-client', false],
    ['approve certificates.k8s.io/signers kubernetes.io/*', false],
    ['sign certificates.k8s.io/signers kubernetes.io/kubelet-serving', false],
    ['update /nodes', false],
    ['update /nodes/status', false],
    ['get /nodes/proxy', false],
    ['get /secrets', false],
    ['create /pods', false],
    ['get /services other', false],
    ['list /services', false],
    ['get /configmaps', false],
    ['list events.k8s.io/events', false],
    ['patch events.k8s.io/events', false],
    ['impersonate /users', false],
    ['create /serviceaccounts/token', false],
  ])('%s: %s', async (what, expected) => {
    const user = `system:serviceaccount:${NAMESPACE}:rego-csr-approver`;
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`, 'system:authenticated'];
    expect(await can(user, groups, what)).toBe(expected);
  });
});
