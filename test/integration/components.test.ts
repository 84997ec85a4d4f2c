import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createSubjectAccessReview } from '../../src/kube/calls.ts';
import { guideBlocks } from '../support/guide.ts';
import { apply, manifests, NAMESPACE, objectsOf } from './install.ts';
import { Scene } from './scene.ts';

/** The components of deploy/kustomize, each on the base, on a real API server with strict validation. */

const kustomize = new URL('../../deploy/kustomize', import.meta.url).pathname;
const bundle = new URL('../../dist/default.tar.gz', import.meta.url).pathname;
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
  await apply(scene, await manifests(scene));
});
afterAll(() => scene?.close());

const podSpec = z.looseObject({
  tolerations: z.array(z.object({ key: z.string() })),
  containers: z.tuple([
    z.looseObject({
      args: z.array(z.string()),
      ports: z.array(z.looseObject({ name: z.string() })),
      volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
    }),
  ]),
  volumes: z.array(
    z.looseObject({ name: z.string(), configMap: z.looseObject({ name: z.string() }).optional() }),
  ),
});
const labels = z.record(z.string(), z.string());
const deployment = z.object({
  spec: z.looseObject({
    replicas: z.number(),
    selector: z.object({ matchLabels: labels }),
    template: z.object({ metadata: z.object({ labels }), spec: podSpec }),
  }),
});

const deploymentOf = (text: string) =>
  deployment.parse(objectsOf(text).find(({ kind }) => kind === 'Deployment')).spec;

/** The pod of the Deployment as the API server keeps it: Pod Security and PriorityClass have had their say. */
async function createPod(text: string): Promise<z.infer<typeof podSpec>> {
  const { template } = deploymentOf(text);
  const metadata = { ...template.metadata, name: 'probe', namespace: NAMESPACE };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...template, metadata });
  const args = ['create', '--dry-run=server', '--warnings-as-errors', '-o', 'json', '-f', '-'];
  const created: { spec: unknown } = JSON.parse(await scene.cluster.kubectl(args, { input }));
  return podSpec.parse(created.spec);
}

describe('control-plane', () => {
  test('puts the pod there, before others, and keeps what the base tolerates', async () => {
    const before = deploymentOf(await manifests(scene)).template.spec;
    const text = await manifests(scene, 'control-plane');
    await apply(scene, text);
    const pod = await createPod(text);
    expect(pod).toMatchObject({
      priorityClassName: 'system-cluster-critical',
      priority: 2_000_000_000,
      nodeSelector: { 'node-role.kubernetes.io/control-plane': '' },
    });
    const keys = pod.tolerations.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(before.tolerations.map(({ key }) => key)));
    expect(keys).toContain('node-role.kubernetes.io/control-plane');
  });
});

describe('ha', () => {
  test('runs two, apart where that is possible, of which one may be evicted', async () => {
    const text = await manifests(scene, 'ha');
    await apply(scene, text);
    const { replicas, selector, template, strategy } = deploymentOf(text);
    expect([replicas, deploymentOf(await manifests(scene)).replicas]).toEqual([2, 1]);
    expect(strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
    const pod = await createPod(text);
    expect(pod['topologySpreadConstraints']).toMatchObject(
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: expect.objectContaining(selector.matchLabels) },
      })),
    );
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    const budget = objectsOf(text).find(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budget?.['spec']).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selector.matchLabels },
    });
  });
});

test('network-policy is for the pod of the Deployment, and for a port that it has', async () => {
  const text = await manifests(scene, 'network-policy');
  await apply(scene, text);
  const { selector, template } = deploymentOf(text);
  const policy = objectsOf(text).find(({ kind }) => kind === 'NetworkPolicy');
  expect(policy?.['spec']).toMatchObject({
    podSelector: { matchLabels: selector.matchLabels },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [{ port: template.spec.containers[0].ports[0]?.name }] }],
  });
  expect(template.metadata.labels).toMatchObject(selector.matchLabels);
});

/** A component, the ConfigMap that it mounts, and the file in it. */
const bundleFrom = ['policy-configmap', 'rego-csr-approver-policy', 'bundle.tar.gz'] as const;
const knobsFrom = ['policy-data', 'rego-csr-approver-policy-data', 'knobs.yaml'] as const;
type Mounted = typeof bundleFrom | typeof knobsFrom;

/** An overlay of the base. */
async function built({ components = [], files = [], ...more }: Overlay): Promise<string> {
  const directory = mkdtempSync(join(scene.cluster.dir, 'overlay-'));
  const path = (...parts: string[]) => relative(directory, join(kustomize, ...parts));
  for (const [[, , name], bytes] of files) writeFileSync(join(directory, name), bytes);
  const kustomization = {
    ...more,
    resources: [path('base')],
    components: components.map((name) => path('components', name)),
    configMapGenerator: files.map(([[, name, file]]) => ({ name, namespace: NAMESPACE, files: [file] })),
  };
  writeFileSync(join(directory, 'kustomization.yaml'), stringify(kustomization));
  return scene.cluster.kubectl(['kustomize', directory]);
}

interface Overlay {
  readonly components?: readonly string[];
  readonly files?: readonly (readonly [Mounted, Buffer])[];
  readonly patches?: unknown;
}

/** The overlay that the components' comments show. */
const withFiles = (...files: readonly (readonly [Mounted, Buffer])[]) =>
  built({ components: files.map(([[component]]) => component), files });

const withBundle = (content: Buffer) => withFiles([bundleFrom, content]);

/** Kinds, namespaces and names, without what a ConfigMap's content adds to them. */
const namesOf = (text: string) =>
  objectsOf(text).map(({ kind, metadata }) =>
    [kind, metadata.namespace, metadata.name.replace(/-[0-9a-z]{10}$/, '')].join('/'),
  );

test('the off switch can be kept off by an overlay', async () => {
  const [patches = ''] = guideBlocks('The off switch', 'yaml');
  const off = namesOf(await built(overlay.parse(parse(patches))));
  const missing = namesOf(await manifests(scene)).filter((name) => !off.includes(name));
  expect(missing).toEqual(['ClusterRoleBinding//node-server-auto-renew-crt']);
});
const overlay = z.strictObject({ patches: z.array(z.unknown()) });

test('any two components go together, and all of them, in any order', async () => {
  const all = readdirSync(join(kustomize, 'components'));
  const pairs = all.flatMap((one) => all.filter((other) => other !== one).map((other) => [one, other]));
  const mounted = new Map<string, readonly [Mounted, Buffer]>([
    ['policy-configmap', [bundleFrom, Buffer.from('bundle')]],
    ['policy-data', [knobsFrom, Buffer.from('knobs')]],
  ]);
  const alone = new Map<string, readonly string[]>();
  for (const components of [...all.map((one) => [one]), ...pairs, all, all.toReversed()]) {
    const chosen = components.map((name) => mounted.get(name)).filter((one) => one !== undefined);
    // oxlint-disable-next-line no-await-in-loop -- two cores
    const text = await built({ components, files: chosen });
    const names = namesOf(text);
    const [only] = components;
    if (components.length === 1 && only !== undefined) alone.set(only, names);
    const expected = new Set(components.flatMap((name) => alone.get(name) ?? []));
    expect(names.toSorted(), components.join()).toEqual([...expected].toSorted());
    const { containers, volumes } = deploymentOf(text).template.spec;
    const [{ args, volumeMounts }] = containers;
    const each = [args.length - 2, volumeMounts.length - 1, volumes.length - 1];
    // Places for credentials, keys and cache.
    const places = components.includes('policy-server') ? 3 : 0;
    const mounts = chosen.length + places;
    expect(each, components.join()).toEqual([chosen.length, mounts, mounts]);
  }
});

describe('policy-configmap', () => {
  test('mounts the bundle where the program is told to read it, byte by byte', async () => {
    const text = await withBundle(readFileSync(bundle));
    await apply(scene, text);
    const pod = await createPod(text);
    const [{ args, volumeMounts }] = pod.containers;
    const mount = volumeMounts.find(({ name }) => name === 'policy');
    expect(args).toContain(`--bundle=${mount?.mountPath ?? ''}/bundle.tar.gz`);
    const name = pod.volumes.find((volume) => volume.name === 'policy')?.configMap?.name ?? '';
    expect(name).toMatch(/^rego-csr-approver-policy-[0-9a-z]{10}$/);
    const path = String.raw`jsonpath={.binaryData.bundle\.tar\.gz}`;
    const content = await scene.cluster.kubectl(['get', 'configmap', name, '-n', NAMESPACE, '-o', path]);
    expect(Buffer.from(content, 'base64')).toEqual(readFileSync(bundle));
  });

  test('another bundle makes another pod', async () => {
    const names = await Promise.all(
      [readFileSync(bundle), Buffer.concat([readFileSync(bundle), Buffer.from([0])])].map(
        async (file) => deploymentOf(await withBundle(file)).template.spec.volumes.at(-1)?.configMap?.name,
      ),
    );
    expect(new Set(names).size).toBe(2);
  });

  test('a bundle over 1 MiB is refused by the API server, and what runs stays', async () => {
    const input = await withBundle(Buffer.alloc(1_100_000, 0xff));
    await expect(apply(scene, input)).rejects.toThrow(/1048576 bytes/);
    const left = await scene.cluster.kubectl(['get', 'deployment', '-n', NAMESPACE, '-o', 'name']);
    expect(left.trim()).toBe('deployment.apps/rego-csr-approver');
  });
});

describe('policy-data', () => {
  const file = new URL('../../policies/examples/gcp/knobs.yaml', import.meta.url).pathname;

  test('mounts the overlay where the program is told to read it, beside a bundle', async () => {
    const text = await withFiles([knobsFrom, readFileSync(file)], [bundleFrom, readFileSync(bundle)]);
    await apply(scene, text);
    const pod = await createPod(text);
    const [{ args, volumeMounts }] = pod.containers;
    const mount = volumeMounts.find(({ name }) => name === 'policy-data');
    expect(args.filter((arg) => /^--(bundle|data)=/.test(arg))).toEqual([
      `--data=${mount?.mountPath ?? ''}/knobs.yaml`,
      '--bundle=/etc/rego-csr-approver-policy/bundle.tar.gz',
    ]);
    const name = pod.volumes.find((volume) => volume.name === 'policy-data')?.configMap?.name ?? '';
    expect(name).toMatch(/^rego-csr-approver-policy-data-[0-9a-z]{10}$/);
    const path = String.raw`jsonpath={.data.knobs\.yaml}`;
    const content = await scene.cluster.kubectl(['get', 'configmap', name, '-n', NAMESPACE, '-o', path]);
    expect(content).toBe(readFileSync(file, 'utf8'));
  });

  test('other knobs make another pod', async () => {
    const names = await Promise.all(
      ['{}\n', 'csr: {}\n'].map(async (knobs) => {
        const { volumes } = deploymentOf(await withFiles([knobsFrom, Buffer.from(knobs)])).template.spec;
        return volumes.at(-1)?.configMap?.name;
      }),
    );
    expect(new Set(names).size).toBe(2);
  });
});

async function mayCreate(user: string, group: string, subresource = ''): Promise<boolean> {
  const resource = 'certificatesigningrequests';
  const resourceAttributes = { verb: 'create', group: 'certificates.k8s.io', resource, subresource };
  return (await createSubjectAccessReview(scene.admin, { user, groups: [group], resourceAttributes }))
    .allowed;
}

const grants = async () => ({
  ask: await mayCreate('system:bootstrap:abcdef', 'system:bootstrappers'),
  first: await mayCreate('system:bootstrap:abcdef', 'system:bootstrappers', 'nodeclient'),
  renewal: await mayCreate('system:node:n1', 'system:nodes', 'selfnodeclient'),
  other: await mayCreate('system:serviceaccount:default:default', 'system:serviceaccounts', 'nodeclient'),
});

describe('bootstrap-rbac', () => {
  test('lets bootstrap tokens ask, and nodes renew, and no one else', async () => {
    expect(await grants()).toEqual({ ask: false, first: false, renewal: false, other: false });
    await apply(scene, await manifests(scene, 'bootstrap-rbac'));
    expect(await grants()).toEqual({ ask: true, first: true, renewal: true, other: false });
  });
});

test('all of them together, and the overlay that is a start, are applied as they are', async () => {
  const rbac = ['bootstrap-rbac', 'client-certificates'];
  const every = ['control-plane', 'network-policy', ...rbac, 'ha', 'flow-schema'];
  await apply(scene, await manifests(scene, ...every));
  await apply(scene, await scene.cluster.kubectl(['kustomize', join(kustomize, 'overlays/production')]));
});
