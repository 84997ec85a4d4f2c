import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';
import { apply, manifests, NAMESPACE, objectsOf } from '../integration/install.ts';
import { Scene } from '../integration/scene.ts';
import type { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { chart, Helm, RELEASE, type Values } from './helm.ts';
import { startDeployed } from './installed.ts';

/** The chart on a real API server: installed, upgraded, rolled back, taken over, uninstalled, and run each time. */

const root = new URL('../../', import.meta.url).pathname;
let scene: Scene;
let helm: Helm;
let approver: Approver | undefined;
const log = () => approver?.log ?? '';
const errors = () => approver?.lines.filter(({ level }) => level === 'error' || level === 'warn');

beforeAll(async () => {
  scene = await Scene.open();
  helm = await Helm.open(scene.cluster.adminKubeconfig);
  // Scene applies the off switch, which is a release's own here.
  await scene.cluster.kubectl(['delete', 'clusterrolebinding', 'node-server-auto-renew-crt']);
  await scene.cluster.kubectl(['delete', 'clusterrole', selfNodeServer]);
  await scene.node(1);
});
afterAll(async () => {
  await scene?.close();
  helm?.close();
});
afterEach(async () => {
  await approver?.stop('SIGKILL');
  approver = undefined;
  // It was killed, and nobody else is there: the next one need not wait.
  await scene.cluster.kubectl([
    'delete',
    'lease',
    '-A',
    '-l',
    '!none',
    '--field-selector',
    `metadata.name=${RELEASE}-leader`,
  ]);
});

const selfNodeServer = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeserver';
const kinds =
  'serviceaccount,configmap,deployment,role,rolebinding,clusterrole,clusterrolebinding,poddisruptionbudget,networkpolicy,flowschema';

/** Every object of the release, without what the API server adds. */
async function installed(release = RELEASE): Promise<string[]> {
  const list = ['get', kinds, '-A', '-l', `app.kubernetes.io/instance=${release}`, '-o', 'json'];
  const { items }: { items: KubeObject[] } = JSON.parse(await scene.cluster.kubectl(list));
  return items
    .map(({ kind, metadata, ...rest }) =>
      JSON.stringify({ kind, ...metadata, ...rest, status: undefined }, (key, value: unknown) =>
        serverSet.includes(key) ? undefined : value,
      ),
    )
    .sort();
}
const serverSet = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'managedFields',
  'annotations',
];

const upgrade = (values: readonly Values[], ...more: readonly string[]) =>
  helm.said(
    'upgrade',
    '--install',
    RELEASE,
    chart,
    '-n',
    NAMESPACE,
    '--create-namespace',
    // Helm keeps the last values where none are given.
    '--reset-values',
    ...helm.flags(values),
    ...more,
  );

async function start(name = RELEASE, namespace = NAMESPACE): Promise<Approver> {
  approver = await startDeployed(scene, { name, namespace });
  return approver;
}

async function approves(): Promise<void> {
  await scene.condition(await scene.request(1), 'Approved', log);
  await scene.event(await scene.request(1, { dns: ['kubernetes.default.svc'] }), /NameReserved/, log);
  expect(errors()).toEqual([]);
}

let first: readonly string[];
test('is installed with nothing said, as NOTES has it, and the program approves', async () => {
  const notes = await helm.said('install', RELEASE, chart, '-n', NAMESPACE, '--create-namespace');
  const count = objectsOf(await helm.render([])).length;
  first = await installed();
  expect(first).toHaveLength(count);
  await start();
  await approves();
  const commands = [...notes.matchAll(/^ {5}kubectl (.*)$/gm)].map(
    ([, line = '']) => line.split(' | ')[0] ?? '',
  );
  expect(commands).toHaveLength(6);
  for (const command of commands.filter((line) => !/^-n \S+ rollout|delete/.test(line))) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as they stand
    await scene.cluster.kubectl(command.split(' '));
  }
  const labelled = await scene.cluster.kubectl(['get', 'namespace', NAMESPACE, '-o', 'json']);
  expect(labelled).toContain('"pod-security.kubernetes.io/enforce": "restricted"');
});

test('the pod is what Pod Security takes', async () => {
  const deployment = JSON.parse(
    await scene.cluster.kubectl(['get', 'deployment', RELEASE, '-n', NAMESPACE, '-o', 'json']),
  ) as { spec: { template: { metadata: object } } };
  const { template } = deployment.spec;
  const metadata = { ...template.metadata, name: 'probe', namespace: NAMESPACE };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...template, metadata });
  await scene.cluster.kubectl(['create', '--dry-run=server', '--warnings-as-errors', '-f', '-'], { input });
});

describe('an upgrade', () => {
  test('that Kubernetes does not understand is refused, and what is installed stays', async () => {
    const wrong = helm.said(
      'upgrade',
      RELEASE,
      chart,
      '-n',
      NAMESPACE,
      ...helm.flags([{ securityContext: { privilegd: true } }]),
    );
    await expect(wrong).rejects.toThrow(/unknown field|field not declared in schema/);
    expect(await installed()).toEqual(first);
  });

  test('to knobs with a lookup brings the permission for it, and no other', async () => {
    const knobs = parse(
      readFileSync(join(root, 'policies/examples/bare-metal/knobs.yaml'), 'utf8'),
    ) as object;
    const inventory = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'node-inventory', namespace: '{{ .Release.Namespace }}' },
      data: { n1: 'n1 10.0.0.1' },
    };
    await upgrade([{ policy: { data: knobs }, extraObjects: [inventory] }]);
    const role = asObject(await scene.admin.get(lookupRole));
    expect(role['rules']).toEqual([
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['node-inventory'], verbs: ['get'] },
    ]);
    // The one before the upgrade is gone: its name was that of its content.
    const left = await scene.cluster.kubectl(['get', 'configmap', '-n', NAMESPACE, '-o', 'name']);
    expect(
      left
        .trim()
        .split('\n')
        .filter((name) => !/kube-root-ca|node-inventory/.test(name)),
    ).toHaveLength(2);
    await start();
    await approves();
  });

  test('without that permission nothing is approved, and the message names it', async () => {
    const role = asObject(await scene.admin.get(lookupRole));
    await scene.admin.put(lookupRole, { ...role, rules: [] });
    await start();
    const forbidden = /FactUnavailable: lookups\.inventory: .*forbids it.*"resources":\["configmaps"\]/;
    // The API server's own copy of its rules follows within moments.
    const refused = await eventually(async () => {
      const name = await scene.request(1);
      const events = await eventually(async () => {
        const [conditions, found] = [await scene.conditions(name), await scene.events(name)];
        if (conditions.length === 0 && found.length === 0) throw new NotYet(name);
        return found;
      });
      if (!events.some((event) => forbidden.test(event)))
        throw new NotYet(JSON.stringify([events, log().slice(-1500)]));
      return name;
    });
    expect(await scene.conditions(refused)).toEqual([]);
    const now = asObject(await scene.admin.get(lookupRole));
    await scene.admin.put(lookupRole, { ...now, rules: role['rules'] });
    await scene.condition(refused, 'Approved', log);
  });

  const lookupRole = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/roles/${RELEASE}-lookups`;
});

test('a rollback brings back what there was', async () => {
  await helm.said('rollback', RELEASE, '1', '-n', NAMESPACE);
  expect(await installed()).toEqual(first);
  await start();
  await approves();
});

test('a bundle of one’s own comes to the program byte by byte', async () => {
  const bundle = readFileSync(join(root, 'dist/default.tar.gz'));
  await upgrade([{ policy: { bundle: bundle.toString('base64') } }]);
  await start();
  await approves();
  expect((await approver?.status())?.['policy']?.size).toBe(bundle.length);
});

test('the off switch is a value', async () => {
  await upgrade([{ selfNodeServer: { bind: false } }]);
  await start();
  await scene.event(await scene.request(1), /PolicyWaiting AccessNotGranted/, log);
  await upgrade([{}]);
  await approves();
});

test('uninstalled, it leaves nothing but its namespace', async () => {
  await helm.said('uninstall', RELEASE, '-n', NAMESPACE);
  expect(await installed()).toEqual([]);
});

test('it takes over what kustomize has installed, with the same Deployment', async () => {
  await apply(scene, await manifests(scene, 'ha', 'network-policy'));
  const uid = () =>
    scene.cluster.kubectl(['get', 'deployment', RELEASE, '-n', NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
  const before = await uid();
  await upgrade(
    [{ replicaCount: 2, networkPolicy: { enabled: true } }],
    '--take-ownership',
    '--force-conflicts',
  );
  expect(await uid()).toBe(before);
  await start();
  await approves();
  // The configuration by its old name, which no pod mounts any more.
  const left = [
    'delete',
    'configmap',
    '-n',
    NAMESPACE,
    '-l',
    `app.kubernetes.io/instance=${RELEASE},!helm.sh/chart`,
  ];
  expect((await scene.cluster.kubectl(left)).trim().split('\n')).toHaveLength(1);
  await helm.said('uninstall', RELEASE, '-n', NAMESPACE);
  expect(await installed()).toEqual([]);
});

test('a second release, of another name and in namespace default, has a Lease and names of its own', async () => {
  await upgrade([{}]);
  const values = { selfNodeServer: { create: false, bind: false }, config: { enforcement: 'dryrun' } };
  await helm.said('install', 'trial', chart, '-n', 'default', ...helm.flags([values]));
  approver = await startDeployed(scene, { name: 'trial-rego-csr-approver', namespace: 'default' });
  await scene.event(await scene.request(1), /PolicyWouldAllow/, log);
  expect(errors()).toEqual([]);
  expect(await approver.leader()).toMatchObject({
    leading: true,
    lease: 'default/trial-rego-csr-approver-leader',
  });
  await helm.said('uninstall', 'trial', '-n', 'default');
});

describe('the Lease', () => {
  const leaseRole = `/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/${RELEASE}-leader-election`;

  test('lies in another namespace by `config.leaderElection`, with a rule there and none at home', async () => {
    await upgrade([{ config: { leaderElection: { namespace: 'kube-system', name: 'csr-approver' } } }]);
    const role = asObject(await scene.admin.get(leaseRole));
    expect(role['rules']).toEqual([
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: ['csr-approver'],
        verbs: ['get', 'update'],
      },
    ]);
    expect((await installed()).filter((text) => text.includes('"leases"'))).toHaveLength(1);
    await start();
    await approves();
    expect(await approver?.leader()).toMatchObject({ leading: true, lease: 'kube-system/csr-approver' });
  });

  test.each([
    ['create', [1]],
    ['get', [0, 1]],
    ['update', [0, 1]],
  ])('cannot be had there without %s', async (verb, kept) => {
    const role = asObject(await scene.admin.get(leaseRole));
    const rules = role['rules'] as { verbs: string[] }[];
    const fewer = rules
      .filter((_, at) => kept.includes(at))
      .map((rule) => ({ ...rule, verbs: rule.verbs.filter((one) => one !== verb) }));
    await scene.admin.put(leaseRole, { ...role, rules: fewer });
    try {
      await scene.cluster.kubectl([
        'delete',
        'lease',
        'csr-approver',
        '-n',
        'kube-system',
        '--ignore-not-found',
      ]);
      const program = await startDeployed(scene, { name: RELEASE, namespace: NAMESPACE, ready: false });
      approver = program;
      await eventually(async () => {
        const { body } = await program.get('/readyz');
        if (body.includes('[-] leader: cannot stand by: ') && body.includes(`cannot ${verb} resource`))
          return true;
        throw new NotYet(body);
      });
    } finally {
      const now = asObject(await scene.admin.get(leaseRole));
      await scene.admin.put(leaseRole, { ...now, rules });
    }
  });

  test('is nobody’s where there is no election, and there is no rule for it', async () => {
    await upgrade([{ config: { leaderElection: { enabled: false } } }]);
    expect((await installed()).filter((text) => text.includes('"leases"'))).toEqual([]);
    await start();
    await approves();
  });
});

test('what cannot be merged is replaced: another strategy and another port', async () => {
  const server = { server: { port: 9090 } };
  await upgrade([{ strategy: { type: 'Recreate', rollingUpdate: null }, config: server }]);
  const [found = ''] = (await installed()).filter((text) => text.includes('"kind":"Deployment"'));
  expect(found).toContain('"strategy":{"type":"Recreate"}');
  expect(found.match(/"containerPort":[0-9]+/g)).toEqual(['"containerPort":9090']);
  await upgrade([{}]);
  expect(await installed()).toEqual(first);
  await helm.said('uninstall', RELEASE, '-n', NAMESPACE);
});

describe('the API server takes what every file of values makes, to the field', () => {
  const folder = new URL('values/', import.meta.url).pathname;
  beforeAll(async () => {
    for (const namespace of ['inventory', 'openshift-machine-api']) {
      // oxlint-disable-next-line no-await-in-loop -- two
      await scene.cluster.kubectl(['create', 'namespace', namespace]);
    }
  });
  test.each(readdirSync(folder))('%s', async (file) => {
    const input = await helm.render([join(folder, file)]);
    const flags = ['--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict'];
    await scene.cluster.kubectl(['apply', ...flags, '-f', '-'], { input });
  });
});
