import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { asObject } from '../../src/kube/objects.ts';
import { apply, manifests, NAMESPACE, objectsOf } from '../integration/install.ts';
import type { Scene } from '../integration/scene.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { guideBlocks } from '../support/guide.ts';
import { operatorDefinitions } from '../support/operator-crds.ts';
import { chart, type Helm, RELEASE } from './helm.ts';
import { Release } from './release.ts';

/** The chart on a real API server: installed, upgraded, rolled back, taken over, uninstalled, and run each time. */

const root = new URL('../../', import.meta.url).pathname;
let release: Release;
let scene: Scene;
let helm: Helm;
beforeAll(async () => {
  release = await Release.open();
  ({ scene, helm } = release);
});
afterAll(() => release?.close());
afterEach(() => release.end());
const log = () => release.log();

let first: readonly string[];
test('is installed with nothing said, as NOTES has it, and the program approves', async () => {
  const notes = await helm.said('install', RELEASE, chart, '-n', NAMESPACE, '--create-namespace');
  const count = objectsOf(await helm.render([])).length;
  first = await release.objects();
  expect(first).toHaveLength(count);
  await release.start();
  await release.approves();
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
    expect(await release.objects()).toEqual(first);
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
    await release.upgrade({ policy: { data: knobs }, extraObjects: [inventory] });
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
    await release.start();
    await release.approves();
  });

  test('without that permission nothing is approved, and the message names it', async () => {
    const role = asObject(await scene.admin.get(lookupRole));
    await scene.admin.put(lookupRole, { ...role, rules: [] });
    await release.start();
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
  expect(await release.objects()).toEqual(first);
  await release.start();
  await release.approves();
});

test('a bundle of one’s own comes to the program byte by byte', async () => {
  const bundle = readFileSync(join(root, 'dist/default.tar.gz'));
  await release.upgrade({ policy: { bundle: bundle.toString('base64') } });
  await release.start();
  await release.approves();
  expect((await release.approver?.status())?.['policy']?.size).toBe(bundle.length);
});

test('the off switch is a value', async () => {
  await release.upgrade({ selfNodeServer: { bind: false } });
  await release.start();
  await scene.event(await scene.request(1), /PolicyWaiting AccessNotGranted/, log);
  await release.upgrade({});
  await release.approves();
  // And by hand, which the next upgrade undoes.
  await scene.cluster.kubectl(['delete', 'clusterrolebinding', 'node-server-auto-renew-crt']);
  await release.upgrade({});
  expect(await release.objects()).toEqual(first);
});

test('uninstalled, it leaves nothing but its namespace', async () => {
  await release.uninstall();
  expect(await release.objects()).toEqual([]);
});

test('the guide’s values and commands install it: a dry run', async () => {
  const [text = ''] = guideBlocks('With Helm', 'yaml');
  const values = parse(text.replace('sha256:…', `sha256:${'a'.repeat(64)}`)) as Record<string, unknown>;
  expect(await release.follow('With Helm', values, /./)).toContain('A dry run');
  await release.start();
  const name = await scene.request(1);
  await scene.event(name, /^PolicyWouldAllow /, log);
  expect(await scene.conditions(name)).toEqual([]);
  await release.uninstall();
});

test('it takes over what kustomize has installed, as the guide says, with the same Deployment', async () => {
  await apply(scene, await manifests(scene, 'ha', 'network-policy'));
  const uid = () =>
    scene.cluster.kubectl(['get', 'deployment', RELEASE, '-n', NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
  const before = await uid();
  const values = { replicaCount: 2, networkPolicy: { enabled: true } };
  const section = 'From kustomize to Helm';
  await release.follow(section, values, /^helm/);
  expect(await uid()).toBe(before);
  await release.start();
  await release.approves();
  // The configuration by its old name, which no pod mounts any more.
  expect((await release.follow(section, values, /delete/)).trim().split('\n')).toHaveLength(1);
  await release.uninstall();
  expect(await release.objects()).toEqual([]);
});

test('a second release, of another name and in namespace default, has a Lease and names of its own', async () => {
  await release.upgrade({});
  const values = { selfNodeServer: { create: false, bind: false }, config: { enforcement: 'dryrun' } };
  await helm.said('install', 'trial', chart, '-n', 'default', ...helm.flags([values]));
  const trial = await release.start('trial-rego-csr-approver', 'default');
  await scene.event(await scene.request(1), /PolicyWouldAllow/, log);
  expect(release.complaints).toEqual([]);
  expect(await trial.leader()).toMatchObject({
    leading: true,
    lease: 'default/trial-rego-csr-approver-leader',
  });
  await release.uninstall('trial', 'default');
});

describe('the Lease', () => {
  const leaseRole = `/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/${RELEASE}-leader-election`;

  test('lies in another namespace by `config.leaderElection`, with a rule there and none at home', async () => {
    await release.upgrade({ config: { leaderElection: { namespace: 'kube-system', name: 'csr-approver' } } });
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
    expect((await release.objects()).filter((text) => text.includes('"leases"'))).toHaveLength(1);
    await release.start();
    await release.approves();
    expect(await release.approver?.leader()).toMatchObject({
      leading: true,
      lease: 'kube-system/csr-approver',
    });
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
      const program = await release.start(RELEASE, NAMESPACE, false);
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
    await release.upgrade({ config: { leaderElection: { enabled: false } } });
    expect((await release.objects()).filter((text) => text.includes('"leases"'))).toEqual([]);
    await release.start();
    await release.approves();
  });
});

test('what cannot be merged is replaced: another strategy and another port', async () => {
  const server = { server: { port: 9090 } };
  await release.upgrade({ strategy: { type: 'Recreate', rollingUpdate: null }, config: server });
  const [found = ''] = (await release.objects()).filter((text) => text.includes('"kind":"Deployment"'));
  expect(found).toContain('"strategy":{"type":"Recreate"}');
  expect(found.match(/"containerPort":[0-9]+/g)).toEqual(['"containerPort":9090']);
  await release.upgrade({});
  expect(await release.objects()).toEqual(first);
  await release.uninstall();
});

describe('the API server takes what every file of values makes, to the field', () => {
  const folder = new URL('values/', import.meta.url).pathname;
  beforeAll(async () => {
    const input = await operatorDefinitions();
    await scene.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
    await scene.cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);
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
