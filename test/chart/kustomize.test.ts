import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { KubeObject } from '../../src/kube/objects.ts';
import { NAMESPACE, objectsOf } from '../integration/install.ts';
import { guideBlocks } from '../support/guide.ts';
import { ensureTool } from '../tools/ensure.ts';
import { run } from '../tools/run.ts';
import { Helm, type Values } from './helm.ts';

/** For the same settings, deploy/kustomize and deploy/chart make the same objects. */

const root = new URL('../../', import.meta.url).pathname;
const kustomize = join(root, 'deploy/kustomize');
const bundle = join(root, 'dist/default.tar.gz');
const knobs = join(root, 'policies/examples/cluster-api/knobs.yaml');
let helm: Helm;
let scratch: string;
beforeAll(async () => {
  helm = await Helm.open();
  scratch = mkdtempSync(join(tmpdir(), 'kustomize-'));
});
afterAll(() => {
  helm?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** What the two must differ in: who has made an object. */
const made = ['app.kubernetes.io/managed-by', 'helm.sh/chart'];

/** Texts are compared as what they say, bytes by their hash. The ends of generated names are hashes of the text. */
function comparable(object: KubeObject): KubeObject {
  const text = JSON.stringify(object, (key, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (key.endsWith('.yaml')) return parse(value) as unknown;
    if (!key.endsWith('.tar.gz')) return value;
    return createHash('sha256').update(Buffer.from(value, 'base64')).digest('hex');
  });
  const copy: KubeObject = JSON.parse(
    text.replaceAll(/"(rego-csr-approver(?:-policy|-policy-data)?)-[0-9a-z]{10}"/g, '"$1-HASH"'),
  );
  const labels = copy.metadata['labels'] as Record<string, string>;
  for (const name of made) delete labels[name];
  return copy;
}

const keyOf = ({ kind, metadata }: KubeObject): string => [kind, metadata.namespace, metadata.name].join('/');
const sorted = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.map(comparable).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

/** An overlay as a user writes one. */
async function built(components: readonly string[], more: object = {}): Promise<KubeObject[]> {
  const overlay = mkdtempSync(join(scratch, 'overlay-'));
  const path = (...parts: string[]) => relative(overlay, join(kustomize, ...parts));
  writeFileSync(join(overlay, 'bundle.tar.gz'), readFileSync(bundle));
  writeFileSync(join(overlay, 'knobs.yaml'), readFileSync(knobs));
  writeFileSync(
    join(overlay, 'kustomization.yaml'),
    stringify({
      resources: [path('base')],
      components: components.map((name) => path('components', name)),
      ...more,
    }),
  );
  return objectsOf(await kubectlKustomize(overlay));
}

async function kubectlKustomize(folder: string): Promise<string> {
  const result = await run(await ensureTool('kubectl'), ['kustomize', folder]);
  if (result.kind !== 'exit' || result.code !== 0) throw new Error(result.stderr);
  return result.stdout;
}

const generated = (name: string, file: string) => ({
  configMapGenerator: [
    {
      name: `rego-csr-approver-${name}`,
      namespace: NAMESPACE,
      files: [file],
      options: {
        labels: Object.fromEntries(
          ['name', 'instance'].map((label) => [`app.kubernetes.io/${label}`, 'rego-csr-approver']),
        ),
      },
    },
  ],
});

interface Row {
  readonly components: readonly string[];
  /** The same in values of the chart. */
  readonly values: Values;
  /** What the user's overlay has beside the components. */
  readonly overlay?: object;
  /** Names of what the chart makes and the component leaves to the user: permissions for what knobs look up. */
  readonly more?: readonly string[];
}

const rows: readonly Row[] = [
  { components: [], values: {} },
  { components: ['ha'], values: { replicaCount: 2 } },
  { components: ['flow-schema'], values: { flowSchema: { enabled: true } } },
  { components: ['network-policy'], values: { networkPolicy: { enabled: true } } },
  { components: ['bootstrap-rbac'], values: { bootstrapRBAC: { enabled: true } } },
  { components: ['control-plane'], values: { controlPlane: { enabled: true } } },
  { components: ['policy-server'], values: { policy: { server: { enabled: true } } } },
  {
    components: ['client-certificates'],
    values: {
      config: { signers: ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'] },
    },
  },
  {
    components: ['policy-configmap'],
    values: { policy: { bundle: readFileSync(bundle).toString('base64') } },
    overlay: generated('policy', 'bundle.tar.gz'),
  },
  {
    components: ['policy-data'],
    values: { policy: { data: parse(readFileSync(knobs, 'utf8')) as unknown } },
    overlay: generated('policy-data', 'knobs.yaml'),
    more: ['ClusterRole//rego-csr-approver-lookups', 'ClusterRoleBinding//rego-csr-approver-lookups'],
  },
  { components: ['doctor'], values: { doctor: { enabled: true } } },
  {
    components: ['monitoring'],
    values: {
      metrics: {
        podMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        dashboard: { enabled: true },
      },
    },
  },
  { components: ['control-plane', 'ha'], values: { controlPlane: { enabled: true }, replicaCount: 2 } },
];

test('there is a row for each component', () => {
  const named = new Set(rows.flatMap(({ components }) => components));
  expect([...named].sort()).toEqual(readdirSync(join(kustomize, 'components')).sort());
});

test.each(rows)('$components', async ({ components, values, overlay, more = [] }) => {
  const ours = sorted(await built(components, overlay));
  // Helm keeps the release in its namespace, which is there before the chart's first object.
  const expected = ours.filter(({ kind }) => kind !== 'Namespace');
  expect(expected).toHaveLength(ours.length - 1);
  const theirs = sorted(await helm.objects([values]));
  expect(theirs.filter((one) => more.includes(keyOf(one))).map(keyOf)).toEqual(more);
  expect(theirs.filter((one) => !more.includes(keyOf(one)))).toEqual(expected);
});

const deployments = (objects: readonly KubeObject[]) =>
  sorted(objects).filter(({ kind }) => kind === 'Deployment');

test('an image by digest', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const newName = 'registry.example.com/rego-csr-approver';
  const expected = await built([], { images: [{ name: 'rego-csr-approver', newName, digest }] });
  const image = { registry: 'registry.example.com', digest };
  expect(deployments(await helm.objects([{ image }]))).toEqual(deployments(expected));
});

test('the overlay and the values that the guide shows are the same', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const [kustomization = '', config = ''] = guideBlocks('Install', 'yaml');
  const [values = ''] = guideBlocks('With Helm', 'yaml');
  mkdirSync(join(scratch, 'overlays/mine'), { recursive: true });
  symlinkSync(root, join(scratch, 'rego-csr-approver'));
  const mine = join(scratch, 'overlays/mine');
  writeFileSync(join(mine, 'kustomization.yaml'), kustomization.replace('sha256:…', digest));
  writeFileSync(join(mine, 'config.yaml'), config);
  const ours = sorted(objectsOf(await kubectlKustomize(mine))).filter(({ kind }) => kind !== 'Namespace');
  const given = parse(values.replace('sha256:…', digest)) as Record<string, unknown>;
  expect(sorted(await helm.objects([given]))).toEqual(ours);
});

test('would see what differs', async () => {
  const ours = sorted(await built([]));
  for (const values of [
    { replicaCount: 3 },
    { selfNodeServer: { bind: false } },
    { config: { onDeny: 'deny' } },
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- two cores
    expect(sorted(await helm.objects([values]))).not.toEqual(ours.filter(({ kind }) => kind !== 'Namespace'));
  }
});
