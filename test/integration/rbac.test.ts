import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kubeconfig } from '../control-plane/kubeconfig.ts';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';
import { createSubjectAccessReview } from '../../src/kube/calls.ts';
import type { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { FaultProxy, type Passing } from '../support/fault-proxy.ts';
import { apply, manifests, NAMESPACE, objectsOf, startInstalled, token } from './install.ts';
import { Scene } from './scene.ts';

/**
 * deploy/'s permissions, with each verb of each rule taken away in turn: something that has a name fails, so none of
 * them is there for nothing, and each of them that is missing is told by the program.
 */

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Where the program tells of it. */
type Symptom = 'log' | 'readyz' | 'event';

interface Row {
  readonly role: 'ClusterRole' | 'Role';
  /** Of a Role. */
  readonly namespace?: string;
  readonly resource: string;
  readonly verb: string;
  /** Everything that is said; each must match. */
  readonly said: Partial<Record<Symptom, RegExp>>;
  /** Whether a good request is approved all the same, and a forged one has its Event. */
  readonly approves?: true;
}

const requests = 'certificatesigningrequests';
const leases = 'leases';
const forbids = (verb: string, resource: string): RegExp =>
  new RegExp(`forbids it; grant it by RBAC.*cannot ${verb} resource \\\\*"${resource}\\\\*"`);
const unavailable = (fact: string): RegExp =>
  new RegExp(`DecisionFailed FactUnavailable: ${fact}: .*forbids it`);

const rows: Row[] = [
  // Needed after a conflict: the write goes through all the same when the watch has shown what there is now.
  {
    role: 'ClusterRole',
    resource: requests,
    verb: 'get',
    said: { log: forbids('get', requests) },
    approves: true,
  },
  {
    role: 'ClusterRole',
    resource: requests,
    verb: 'list',
    said: { log: forbids('list', requests), readyz: /\[-\] requests: no watch of requests.*cannot list/ },
  },
  // Without it a new request is seen only by listing again and again.
  {
    role: 'ClusterRole',
    resource: requests,
    verb: 'watch',
    said: { log: forbids('watch', requests) },
    approves: true,
  },
  {
    role: 'ClusterRole',
    resource: `${requests}/approval`,
    verb: 'update',
    said: { log: forbids('update', `${requests}/approval`), readyz: /\[-\] approvals: .*forbids it/ },
  },
  {
    role: 'ClusterRole',
    resource: 'signers',
    verb: 'approve',
    said: {
      log: /not permitted to approve requests with signerName/,
      readyz: /\[-\] approvals: .*forbids it/,
    },
  },
  {
    role: 'ClusterRole',
    resource: 'subjectaccessreviews',
    verb: 'create',
    said: { event: unavailable('sar\\.selfnodeserver'), log: forbids('create', 'subjectaccessreviews') },
  },
  {
    role: 'ClusterRole',
    resource: 'nodes',
    verb: 'get',
    said: { event: unavailable('node'), log: forbids('get', 'nodes') },
  },
  {
    role: 'ClusterRole',
    resource: 'nodes',
    verb: 'list',
    said: {
      event: /DecisionFailed FactUnavailable: claims: Nodes have not been listed yet/,
      log: forbids('list', 'nodes'),
      readyz: /\[-\] nodes: Nodes have not been listed yet: .*cannot list resource "nodes"/,
    },
  },
  {
    role: 'ClusterRole',
    resource: 'nodes',
    verb: 'watch',
    said: { log: forbids('watch', 'nodes') },
    approves: true,
  },
  {
    role: 'ClusterRole',
    resource: 'servicecidrs',
    verb: 'list',
    said: { event: unavailable('cluster'), log: forbids('list', 'servicecidrs') },
  },
  {
    role: 'Role',
    resource: 'services',
    verb: 'get',
    said: { event: unavailable('cluster'), log: forbids('get', 'services') },
  },
  {
    role: 'Role',
    resource: 'endpointslices',
    verb: 'list',
    said: { event: unavailable('cluster'), log: forbids('list', 'endpointslices') },
  },
  {
    role: 'Role',
    resource: 'events',
    verb: 'create',
    said: { log: /could not write an Event: .*forbids it.*cannot create resource .*"events.*"default/ },
    approves: true,
  },
  {
    role: 'Role',
    namespace: NAMESPACE,
    resource: 'events',
    verb: 'create',
    said: { log: /could not write an Event: .*cannot create resource .*"events.*"rego-csr-approver\\*"/ },
    approves: true,
  },
  {
    role: 'Role',
    namespace: NAMESPACE,
    resource: leases,
    verb: 'create',
    said: {
      log: forbids('create', leases),
      readyz: /\[-\] leader: cannot stand by: .*cannot create resource/,
    },
  },
  {
    role: 'Role',
    namespace: NAMESPACE,
    resource: leases,
    verb: 'get',
    said: { log: forbids('get', leases), readyz: /\[-\] leader: cannot stand by: .*cannot get resource/ },
  },
  // It makes the Lease and leads, for as long as one lasts.
  {
    role: 'Role',
    namespace: NAMESPACE,
    resource: leases,
    verb: 'update',
    said: {
      log: forbids('update', leases),
      readyz: /\[-\] leader: cannot stand by: .*cannot update resource/,
    },
    approves: true,
  },
];

const user = `system:serviceaccount:${NAMESPACE}:rego-csr-approver`;
let scene: Scene;
let proxy: FaultProxy;
let kubeconfigFile: string;
let roles: KubeObject[];
let approver: Approver | undefined;

beforeAll(async () => {
  scene = await Scene.open();
  const text = await manifests(scene);
  await apply(scene, text);
  roles = objectsOf(text).filter(({ metadata }) => metadata.name === 'rego-csr-approver');
  await scene.node(1);
  const bearer = await token(scene);
  const ca = readFileSync(scene.cluster.caFile, 'utf8');
  const direct = join(scene.cluster.dir, 'direct.kubeconfig');
  writeFileSync(direct, kubeconfig(scene.cluster.url, ca, { token: bearer }));
  // The proxy makes one conflict; the token passes through it.
  proxy = await FaultProxy.start(direct);
  kubeconfigFile = join(scene.cluster.dir, 'proxied.kubeconfig');
  writeFileSync(kubeconfigFile, proxy.kubeconfig(bearer));
});
afterAll(async () => {
  await scene?.close();
  await proxy?.stop();
});
afterEach(async () => {
  await approver?.stop('SIGKILL');
  approver = undefined;
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
  // It was killed, and nobody else is there: the next one need not wait.
  await scene.cluster.kubectl(['delete', 'lease', '--all', '-n', NAMESPACE]);
});

type Of = Pick<Row, 'role' | 'namespace'>;
const defaultNamespace = 'default';
const kinds: readonly Of[] = [
  { role: 'ClusterRole' },
  { role: 'Role' },
  { role: 'Role', namespace: NAMESPACE },
];

const rulesOf = ({ role: kind, namespace = defaultNamespace }: Of): readonly Rule[] => {
  const role = roles.find(
    ({ kind: one, metadata }) =>
      one === kind && (kind === 'ClusterRole' || metadata['namespace'] === namespace),
  );
  // oxlint-disable-next-line no-unsafe-type-assertion -- applied with strict validation
  return (role?.['rules'] ?? []) as Rule[];
};

async function setRules(
  { role: kind, namespace = defaultNamespace }: Of,
  rules: readonly Rule[],
): Promise<void> {
  const namespaces = kind === 'Role' ? `/namespaces/${namespace}` : '';
  const path = `/apis/rbac.authorization.k8s.io/v1${namespaces}/${kind.toLowerCase()}s/rego-csr-approver`;
  const role = asObject(await scene.admin.get(path));
  await scene.admin.put(path, { ...role, rules });
}

/** Until the API server's own copy of its rules says so. */
async function waitFor(
  rule: Rule,
  { verb, namespace = defaultNamespace }: Row,
  allowed: boolean,
): Promise<void> {
  const [resource = '', subresource = ''] = (rule.resources[0] ?? '').split('/');
  const resourceAttributes = {
    verb,
    group: rule.apiGroups[0] ?? '',
    resource,
    subresource,
    name: rule.resourceNames?.[0] ?? '',
    namespace,
  };
  await eventually(async () => {
    const review = await createSubjectAccessReview(scene.admin, { user, groups: [], resourceAttributes });
    return review.allowed === allowed ? true : undefined;
  });
}

/** Takes a verb away while `use` runs. */
async function without(row: Row, use: () => Promise<void>): Promise<void> {
  const { role, resource, verb } = row;
  const rules = rulesOf(row);
  const rule = rules.find((one) => one.resources.includes(resource) && one.verbs.includes(verb));
  if (rule === undefined) throw new Error(`${role} has no rule to ${verb} ${resource}`);
  const verbs = rule.verbs.filter((one) => one !== verb);
  await setRules(
    row,
    verbs.length === 0
      ? rules.filter((one) => one !== rule)
      : rules.map((one) => (one === rule ? { ...one, verbs } : one)),
  );
  try {
    await waitFor(rule, row, false);
    await use();
  } finally {
    await setRules(row, rules);
    await waitFor(rule, row, true);
  }
}

/** The first approval of each request meets a conflict, so that it must be read again. */
function conflictOnce(): void {
  const met = new Set<string>();
  proxy.fault = ({ method, url }: Passing) => {
    if (method !== 'PUT' || !url.endsWith('/approval') || met.has(url)) return undefined;
    met.add(url);
    return { kind: 'status', status: 409 };
  };
}

async function start(): Promise<Approver> {
  conflictOnce();
  approver = await startInstalled(scene, kubeconfigFile, false);
  return approver;
}

const nameOf = ({ role, namespace = '' }: Of, verb: string, resource: string) =>
  `${role} ${namespace} ${verb} ${resource}`.replace('  ', ' ');

test('the rows are all verbs of all rules', () => {
  const all = kinds.flatMap((kind) =>
    rulesOf(kind).flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => nameOf(kind, verb, resource))),
    ),
  );
  expect(rows.map((row) => nameOf(row, row.verb, row.resource)).sort()).toEqual(all.sort());
});

test('with all of them a good request is approved, a forged one has its Event, and nothing is complained of', async () => {
  const program = await start();
  const log = () => program.log;
  const forged = await scene.request(1, { dns: ['kubernetes.default.svc'] });
  await scene.condition(await scene.request(1), 'Approved', log);
  await scene.event(forged, /NameReserved/, log);
  expect(await program.get('/readyz')).toMatchObject({ status: 200 });
  expect(program.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});

describe('without', () => {
  const named = rows.map((row) => [nameOf(row, row.verb, row.resource), row] as const);
  test.each(named)('%s', async (_, row) => {
    await without(row, async () => {
      const program = await start();
      const log = () => program.log;
      const good = await scene.request(1);
      const forged = await scene.request(1, { dns: ['kubernetes.default.svc'] });
      const { said } = row;
      if (said.log !== undefined) await logs(program, said.log);
      if (said.event !== undefined) await scene.event(good, said.event, log);
      if (said.readyz !== undefined) await notReady(program, said.readyz);
      if (row.approves) await scene.condition(good, 'Approved', log);
      else expect(await scene.conditions(good)).toEqual([]);
      expect(await scene.conditions(forged)).toEqual([]);
    });
  });
});

async function logs(program: Approver, pattern: RegExp): Promise<void> {
  await eventually(() => (pattern.test(program.log) ? true : undefined), {
    withinMs: 25_000,
    explain: () => program.log,
  });
}

async function notReady(program: Approver, pattern: RegExp): Promise<void> {
  await eventually(async () => {
    const { status, body } = await program.get('/readyz');
    if (status === 503 && pattern.test(body)) return true;
    throw new NotYet(`${String(status)} ${body}`);
  });
}
