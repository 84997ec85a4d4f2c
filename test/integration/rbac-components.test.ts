import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSubjectAccessReview } from '../../src/kube/calls.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import type { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { bare, bootstrap, clientSigner, makeBootstrapToken } from './bootstrap.ts';
import { apply, manifests, NAMESPACE, objectsOf, startInstalled, token } from './install.ts';
import { Scene } from './scene.ts';

/**
 * The permissions of deploy/'s components, each taken away in turn: something that has a name fails, so none of them is
 * there for nothing. rbac.test.ts does the same for the base.
 */

const group = 'certificates.k8s.io';
const requests = 'certificatesigningrequests';
let scene: Scene;
let approver: Approver;
let bootstrapToken: string;
/** What components add to the base, by component. */
const added = new Map<string, readonly KubeObject[]>();
const log = () => approver.log;

const keyOf = ({ kind, metadata }: KubeObject): string => `${String(kind)} ${metadata.name}`;
const isRBAC = ({ apiVersion }: KubeObject): boolean => String(apiVersion).startsWith('rbac.');

beforeAll(async () => {
  scene = await Scene.open({
    controllers: ['*', '-certificatesigningrequest-approving-controller'],
  });
  const base = objectsOf(await manifests(scene)).filter((one) => isRBAC(one));
  for (const component of [
    'client-certificates',
    'bootstrap-rbac',
    'control-plane',
    'network-policy',
    'ha',
  ]) {
    const all = objectsOf(await manifests(scene, component)).filter((one) => isRBAC(one));
    expect(all).toEqual(expect.arrayContaining(base));
    const known = new Set(base.map(keyOf));
    added.set(
      component,
      all.filter((one) => !known.has(keyOf(one))),
    );
  }
  await apply(scene, await manifests(scene, 'client-certificates', 'bootstrap-rbac'));
  await scene.node(1);
  bootstrapToken = scene.cluster.tokenKubeconfig(await makeBootstrapToken(scene));
  approver = await startInstalled(scene, scene.cluster.tokenKubeconfig(await token(scene)));
});
afterAll(() => scene?.close());

const bootstrapper = { user: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] };
const node = { user: 'system:node:n1', groups: ['system:nodes'] };
const program = { user: `system:serviceaccount:${NAMESPACE}:rego-csr-approver`, groups: [] };
const may = (verb: string, resource: string, subresource = '', name = '') => ({
  resourceAttributes: { verb, group, resource, subresource, name },
});
type Review = Parameters<typeof createSubjectAccessReview>[1];

interface Row {
  readonly component: string;
  /** Kind and name of what is taken away; of a role all that it has is one verb on one resource. */
  readonly object: string;
  /** Who is then no longer allowed what. */
  readonly review: Review;
  readonly fails: () => Promise<void>;
}

let next = 0;
const firstCertificate = () => {
  next += 1;
  return bootstrap(bootstrapToken, `new-${String(next)}`);
};
const renewal = () => scene.request(1, bare, clientSigner);

/** The program decides to approve, and the API server does not take it. */
async function notTaken(): Promise<void> {
  const name = await renewal();
  const said = /not permitted to approve requests with signerName.*kube-apiserver-client-kubelet/;
  await eventually(() => {
    const lines = approver.lines.filter(({ csr, msg }) => csr === name && said.test(String(msg)));
    return lines.length > 0 ? true : undefined;
  });
  expect((await approver.get('/readyz')).body).toMatch(/\[-\] approvals: .*forbids it/);
  expect(await scene.conditions(name)).toEqual([]);
}

const approves = {
  ...program,
  ...may('approve', 'signers', '', clientSigner.signerName),
};
const rows: Row[] = [
  {
    component: 'client-certificates',
    object: 'ClusterRole rego-csr-approver-client-certificates',
    review: approves,
    fails: notTaken,
  },
  {
    component: 'client-certificates',
    object: 'ClusterRoleBinding rego-csr-approver-client-certificates',
    review: approves,
    fails: notTaken,
  },
  {
    component: 'bootstrap-rbac',
    object: 'ClusterRoleBinding create-csrs-for-bootstrapping',
    review: { ...bootstrapper, ...may('create', requests) },
    fails: async () => {
      await expect(firstCertificate()).rejects.toThrow(
        /system:bootstrap:abcdef.* cannot create resource "certificatesigningrequests"/,
      );
    },
  },
  {
    component: 'bootstrap-rbac',
    object: 'ClusterRoleBinding auto-approve-csrs-for-group',
    review: { ...bootstrapper, ...may('create', requests, 'nodeclient') },
    fails: async () => {
      const name = await firstCertificate();
      await scene.event(name, /PolicyWaiting AccessNotGranted: .*nodeclient/, log);
      expect(await scene.conditions(name)).toEqual([]);
    },
  },
  {
    component: 'bootstrap-rbac',
    object: 'ClusterRoleBinding auto-approve-renewals-for-nodes',
    review: { ...node, ...may('create', requests, 'selfnodeclient') },
    fails: async () => {
      const name = await renewal();
      await scene.event(name, /PolicyWaiting AccessNotGranted: .*selfnodeclient/, log);
      expect(await scene.conditions(name)).toEqual([]);
    },
  },
];

test('the rows are all that the components grant; the others grant nothing', () => {
  const all = [...added].flatMap(([component, objects]) =>
    objects.map((one) => `${component} ${keyOf(one)}`),
  );
  expect(rows.map(({ component, object }) => `${component} ${object}`).sort()).toEqual(all.sort());
  const roles = [...added.values()].flat().filter(({ kind }) => kind === 'ClusterRole');
  expect(roles.map((role) => role['rules'])).toEqual([
    [
      {
        apiGroups: [group],
        resources: ['signers'],
        resourceNames: [clientSigner.signerName],
        verbs: ['approve'],
      },
    ],
  ]);
});

test('with all of them a node is bootstrapped and renews, and nothing is complained of', async () => {
  await scene.condition(await firstCertificate(), 'Approved', log);
  await scene.condition(await renewal(), 'Approved', log);
  expect(approver.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});

/** Until the API server's own copy of its rules says so. */
async function waitFor(review: Review, allowed: boolean): Promise<void> {
  await eventually(async () =>
    (await createSubjectAccessReview(scene.admin, review)).allowed === allowed ? true : undefined,
  );
}

describe('without', () => {
  test.each(rows)('$component: $object', async ({ component, object, review, fails }) => {
    const taken = added.get(component)?.find((one) => keyOf(one) === object);
    const [kind = '', name = ''] = object.split(' ');
    await scene.cluster.kubectl(['delete', kind, name]);
    try {
      await waitFor(review, false);
      await fails();
    } finally {
      await apply(scene, JSON.stringify(taken));
      await waitFor(review, true);
      await scene.cluster.kubectl(['delete', 'csr', '--all']);
    }
  });
});
