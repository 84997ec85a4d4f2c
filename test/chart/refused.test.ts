import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { valuesJSONSchema, type Schema } from '../../deploy/helm/json-schema.ts';
import { Helm } from './helm.ts';

/** Wrong values are refused before anything is changed, each with its path; unknown ones too, wherever they are. */

const schema = valuesJSONSchema();
let helm: Helm;
beforeAll(async () => {
  helm = await Helm.open();
});
afterAll(() => helm?.close());

async function refusal(values: Readonly<Record<string, unknown>>): Promise<string> {
  return helm.render([values]).then(
    () => expect.fail(`taken: ${JSON.stringify(values)}`),
    (error: unknown) => String(error),
  );
}

/** Objects whose members are all known, `config` and what is in it included. */
const isClosed = (one: Schema): boolean => one.properties !== undefined && one.additionalProperties === false;

/** Of a type that no value has at that place. */
function wrongTypes(one: Schema): unknown {
  if (isClosed(one)) {
    return Object.fromEntries(
      Object.entries(one.properties ?? {}).map(([name, field]) => [name, wrongTypes(field)]),
    );
  }
  return one.type === 'object' ? 1 : { wrong: true };
}

function closedPaths(one: Schema, path: string): string[] {
  if (!isClosed(one)) return [];
  return [
    path,
    ...Object.entries(one.properties ?? {}).flatMap(([name, field]) => closedPaths(field, `${path}/${name}`)),
  ];
}

function openPaths(one: Schema, path: string): string[] {
  if (!isClosed(one)) return [path];
  return Object.entries(one.properties ?? {}).flatMap(([name, field]) => openPaths(field, `${path}/${name}`));
}

test('a value of the wrong type is refused at every path', async () => {
  const said = await refusal(wrongTypes(schema) as Record<string, unknown>);
  const paths = openPaths(schema, '');
  expect(paths.length).toBeGreaterThan(130);
  expect(paths.filter((path) => !said.includes(`at '${path}'`))).toEqual([]);
});

test('an unknown value is refused in every object, the root and `config` included', async () => {
  const paths = closedPaths(schema, '');
  expect(paths).toEqual(
    expect.arrayContaining(['', '/config/policy/shadow/polling', '/policy/server/cache']),
  );
  const withUnknown = (one: Schema): unknown =>
    Object.fromEntries([
      ['unknown', 1],
      ...Object.entries(one.properties ?? {})
        .filter(([, field]) => isClosed(field))
        .map(([name, field]) => [name, withUnknown(field)]),
    ]);
  const said = await refusal(withUnknown(schema) as Record<string, unknown>);
  const missed = paths.filter(
    (path) => !said.includes(`at '${path}': additional properties 'unknown' not allowed`),
  );
  expect(missed).toEqual([]);
});

test('objects that are left open are those of Kubernetes, and what is named freely', () => {
  const open = (one: Schema, path: string): string[] => {
    const below = Object.entries(one.properties ?? {}).flatMap(([name, field]) =>
      open(field, `${path}/${name}`),
    );
    return one.type === 'object' && one.additionalProperties !== false ? [path, ...below] : below;
  };
  expect(open(schema, '').sort()).toEqual(
    [
      '/affinity',
      '/commonAnnotations',
      '/commonLabels',
      '/config/decisionLog/labels',
      '/config/policy/entrypoints',
      '/config/policy/keys',
      '/config/policy/shadow/entrypoints',
      '/config/policy/shadow/keys',
      '/deploymentAnnotations',
      '/global',
      '/livenessProbe',
      '/metrics/dashboard/annotations',
      '/metrics/dashboard/labels',
      '/metrics/podMonitor/labels',
      '/metrics/prometheusRule/labels',
      '/networkPolicy/dnsNamespaceLabels',
      '/nodeSelector',
      '/podAnnotations',
      '/podLabels',
      '/podSecurityContext',
      '/policy/data',
      '/readinessProbe',
      '/resources',
      '/securityContext',
      '/serviceAccount/annotations',
      '/strategy',
    ].sort(),
  );
});

const host = { version: 'v1', resource: 'configmaps' };
const lookup = (query: object) => ({
  policy: { data: { csr: { kubelet_serving: { config: { lookups: { host: { query } } } } } } },
});

describe('refused', () => {
  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    [
      'a signer that nobody decides for',
      { config: { signers: ['kubernetes.io/kube-apiserver-client'] } },
      /'\/config\/signers\/0'/,
    ],
    ['a pattern of signers', { config: { signers: ['kubernetes.io/*'] } }, /'\/config\/signers\/0'/],
    ['no signer', { config: { signers: [] } }, /'\/config\/signers'/],
    ['a free port that nobody could ask', { config: { server: { port: 0 } } }, /'\/config\/server\/port'/],
    ['more threads than there may be', { config: { limits: { workers: 5 } } }, /'\/config\/limits\/workers'/],
    ['another version of the configuration', { config: { apiVersion: 'v2' } }, /'\/config\/apiVersion'/],
    ['a digest that is none', { image: { digest: 'sha256:abc' } }, /'\/image\/digest'/],
    ['a tag that is none', { image: { tag: 'a b' } }, /'\/image\/tag'/],
    [
      'a key that leads out of its folder',
      { policy: { bundleConfigMap: { key: '../x' } } },
      /'\/policy\/bundleConfigMap\/key'/,
    ],
    [
      'an overlay whose name does not say what it is',
      { policy: { dataConfigMap: { key: 'knobs' } } },
      /'\/policy\/dataConfigMap\/key'/,
    ],
    ['a bundle that is not base64', { policy: { bundle: 'bundle.tar.gz' } }, /'\/policy\/bundle'/],
    ['a name that no object has', { serviceAccount: { name: 'A_B' } }, /'\/serviceAccount\/name'/],
    ['pods below none', { replicaCount: -1 }, /'\/replicaCount'/],
    ['a lookup of everything', { lookups: [{ resource: '*' }] }, /'\/lookups\/0\/resource'/],
    ['a lookup without a resource', { lookups: [{ group: 'a' }] }, /'\/lookups\/0'.*resource/],
    [
      'a lookup of everything, in the data',
      lookup({ ...host, resource: '*' }),
      /policy\.data\.csr\.kubelet_serving\.config\.lookups\.host\.query\.resource/,
    ],
    ['a lookup in every group', { lookups: [{ group: '*', resource: 'machines' }] }, /'\/lookups\/0\/group'/],
    [
      'a lookup in every group, in the data',
      lookup({ ...host, group: '*' }),
      /policy\.data\.csr\.kubelet_serving\.config\.lookups\.host\.query\.group/,
    ],
    [
      'two bundles',
      { policy: { bundle: 'AAAA', bundleConfigMap: { name: 'a' } } },
      /policy\.bundle and policy\.bundleConfigMap\.name: /,
    ],
    [
      'a bundle and a server',
      { policy: { bundle: 'AAAA' }, config: { policy: { bundle: 'oci://a/b:1' } } },
      /config\.policy\.bundle and /,
    ],
    [
      'knobs twice',
      { policy: { data: { csr: {} }, dataConfigMap: { name: 'a' } } },
      /policy\.data and policy\.dataConfigMap\.name: /,
    ],
    [
      'a file that is not mounted',
      { config: { policy: { cacheDirectory: '/var/cache/rego-csr-approver' } } },
      /policy\.server\.enabled=true/,
    ],
  ])('%s', async (_, values, message) => {
    expect(await refusal(values)).toMatch(message);
  });
});
