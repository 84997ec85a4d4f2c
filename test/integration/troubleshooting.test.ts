import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createSubjectAccessReview } from '../../src/kube/calls.ts';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { Reader } from './guide.ts';
import { apply, manifests, NAMESPACE, startInstalled, token } from './install.ts';
import { addressesOf, Scene } from './scene.ts';

/** The operating guide's troubleshooting: requests that are not as they should be, and whose fault it is. */

let scene: Scene;
let reader: Reader;
let kubeconfig: string;
let text: string;
let approver: Approver | undefined;
const log = () => approver?.log ?? '';
beforeAll(async () => {
  scene = await Scene.open();
  text = await manifests(scene);
  await apply(scene, text);
  kubeconfig = scene.cluster.tokenKubeconfig(await token(scene));
  reader = await Reader.of(scene);
  await scene.node(1);
});
afterAll(() => scene?.close());
afterEach(async () => {
  await approver?.stop('SIGKILL');
  approver = undefined;
  await scene.cluster.kubectl(['delete', 'csr,events', '--all']);
  // It was killed, and nobody else is there: the next one need not wait for its Lease.
  await scene.cluster.kubectl(['delete', 'lease', '--all', '-n', NAMESPACE]);
});

/** As `kubectl get csr` shows it in its last column. */
const stateOf = async (name: string) =>
  (await scene.cluster.kubectl(['get', 'csr', name, '--no-headers'])).trim().split(/\s+/).at(-1);

async function start(ready = true): Promise<Approver> {
  approver = await startInstalled(scene, kubeconfig, ready);
  return approver;
}

/** Until the API server's own copy of its rules says so. */
async function nodesMayAsk(allowed: boolean): Promise<void> {
  const resourceAttributes = {
    verb: 'create',
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    subresource: 'selfnodeserver',
    name: '',
    namespace: '',
  };
  await eventually(async () => {
    const asked = { user: 'system:node:n1', groups: ['system:nodes'], resourceAttributes };
    return (await createSubjectAccessReview(scene.admin, asked)).allowed === allowed ? true : undefined;
  });
}

describe('pending, with an Event', () => {
  test('a request that asks for what it may not have', async () => {
    await start();
    const forged = await scene.request(1, { ip: ['10.0.0.77'] });
    const printed = await reader.follow('Pending, with an Event', { CSR: forged });
    expect(printed).toMatch(/PolicyWaiting .*rego-csr-approver +SANNotListed: .*10\.0\.0\.77/);
    expect(await reader.follow('Which requests a node has made', { NODE: 'n1' })).toContain(forged);
    const shown = await reader.follow('SANNotListed', { CSR: forged, NODE: 'n1' });
    expect(shown).toMatch(/IP Address:10\.0\.0\.77\n.*InternalIP 10\.0\.0\.1\n/s);
  });

  test('a node without a Node, which registers', async () => {
    await start();
    const stranger = await scene.stranger('n7');
    const { metadata } = await stranger.request({ ip: ['10.0.0.7'] });
    await reader.follow('Pending, with an Event', { CSR: metadata.name });
    expect(await reader.follow('NodeNotFound', { NODE: 'n7' })).toContain('"n7" not found');
    // Creation times are in whole seconds.
    await sleep(1100);
    await stranger.register(addressesOf(7));
    await scene.event(metadata.name, /NodeYoungerThanRequest/, log);
    const again = await stranger.request({ ip: ['10.0.0.7'] });
    await scene.condition(again.metadata.name, 'Approved', log);
  });

  test('an address that another Node lists', async () => {
    await start();
    const thief = await scene.node(2);
    await thief.setAddresses([...addressesOf(2), { type: 'InternalIP', address: '10.0.0.1' }]);
    const name = await scene.request(1);
    await scene.event(name, /SANClaimed: .*n2/, log);
    expect(await reader.follow('SANClaimed', { ADDRESS: '10.0.0.1' })).toMatch(/^n1 .*\nn2 .*10\.0\.0\.1/);
    await thief.setAddresses(addressesOf(2));
    await scene.condition(await scene.request(1), 'Approved', log);
  });

  test('the off switch', async () => {
    await start();
    await scene.cluster.kubectl(['delete', 'clusterrolebinding', 'node-server-auto-renew-crt']);
    await nodesMayAsk(false);
    const name = await scene.request(1);
    try {
      await scene.event(name, /AccessNotGranted/, log);
      await reader.follow('AccessNotGranted', { NODE: 'n1' });
    } finally {
      await apply(scene, text);
    }
    await nodesMayAsk(true);
    await scene.condition(name, 'Approved', log);
  });
});

describe('pending, without an Event', () => {
  test('a request for another signer', async () => {
    await start();
    const name = await scene.request(1, {}, { signerName: 'example.com/other' });
    await scene.condition(await scene.request(1), 'Approved', log);
    const printed = await reader.follow('Pending, without an Event', { CSR: name });
    expect(printed).toMatch(/^example\.com\/other 20/);
    expect([await scene.conditions(name), await scene.events(name)]).toEqual([[], []]);
  });

  test('Events that may not be written', async () => {
    const metadata = { name: 'rego-csr-approver', namespace: 'default' };
    const rules = [
      { apiGroups: [''], resources: ['services'], verbs: ['get'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
    ];
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules };
    await apply(scene, JSON.stringify(role));
    try {
      await start();
      const forged = await scene.request(1, { dns: ['kubernetes.default.svc'] });
      await eventually(() => (/could not write an Event: /.test(log()) ? true : undefined));
      const printed = await reader.follow('Pending, without an Event', { CSR: forged });
      expect(printed).toMatch(/\nno\n$/);
      await scene.condition(await scene.request(1), 'Approved', log);
    } finally {
      await apply(scene, text);
    }
  });

  test('permissions without the program: nothing happens', async () => {
    const name = await scene.request(1);
    const printed = await reader.follow('Pending, without an Event', { CSR: name });
    expect(printed).toMatch(/^kubernetes\.io\/kubelet-serving .*\nyes\n$/s);
    expect([await scene.conditions(name), await scene.events(name)]).toEqual([[], []]);
  });
});

describe('decided by somebody else', () => {
  test('approved by a person, who had the right', async () => {
    const name = await scene.request(1, { ip: ['10.0.0.77'] });
    await scene.cluster.kubectl(['certificate', 'approve', name]);
    const printed = await reader.follow('Who decided it', { CSR: name });
    expect(printed).toMatch(/^Approved KubectlApprove: /);
    expect(printed).toMatch(/Z kubectl approval\n/);
    expect(printed).toMatch(/^rego-csr-approver rego-csr-approver$/m);
  });

  test('approved by this program', async () => {
    await start();
    const name = await scene.request(1);
    await scene.certificate(name);
    expect(await stateOf(name)).toBe('Approved,Issued');
    const printed = await reader.follow('Who decided it', { CSR: name });
    expect(printed).toMatch(/^Approved PolicyAllowed: allowed by csr\/kubelet_serving\/decision of policy/);
    expect(printed).toMatch(/Z rego-csr-approver approval\n/);
  });

  test('denied by this program, as it is told to', async () => {
    approver = await scene.keep(Approver.start({ kubeconfig, config: 'onDeny: deny' }));
    const name = await scene.request(1, { dns: ['kubernetes.default.svc'] });
    await scene.condition(name, 'Denied', log);
    const printed = await reader.follow('Who decided it', { CSR: name });
    expect(printed).toMatch(/^Denied PolicyDenied: NameReserved: /);
  });

  test('a second approver is found by what it may', async () => {
    const metadata = { name: 'other-approver' };
    const rules = [{ apiGroups: ['certificates.k8s.io'], resources: ['signers'], verbs: ['approve'] }];
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules };
    await apply(scene, JSON.stringify(role));
    const binding = ['--clusterrole=other-approver', '--serviceaccount=kube-system:other-approver'];
    await scene.cluster.kubectl(['create', 'clusterrolebinding', 'other-approver', ...binding]);
    const name = await scene.request(1);
    await scene.cluster.kubectl(['certificate', 'approve', name]);
    const printed = await reader.follow('Who decided it', { CSR: name });
    expect(printed).toMatch(/^other-approver other-approver$/m);
    await scene.cluster.kubectl(['delete', 'clusterrole,clusterrolebinding', 'other-approver']);
  });

  test('denied: gone for good, and the next request is approved', async () => {
    const name = await scene.request(1);
    await scene.cluster.kubectl(['certificate', 'deny', name]);
    await start();
    await scene.condition(await scene.request(1), 'Approved', log);
    expect(await scene.conditions(name)).toMatchObject([{ type: 'Denied', reason: 'KubectlDeny' }]);
    expect(await stateOf(name)).toBe('Denied');
    await reader.follow('Denied', { CSR: name });
    expect(await scene.exists(name)).toBe(false);
  });

  test('failed: a person approved what is no request of a kubelet', async () => {
    await start();
    const name = await scene.request(1, {}, { usages: ['client auth'] });
    await scene.event(name, /UsagesNotAllowed/, log);
    await scene.cluster.kubectl(['certificate', 'approve', name]);
    expect(await reader.follow('Failed', { CSR: name })).toContain('Approved KubectlApprove');
    expect(await stateOf(name)).toBe('Approved,Failed');
  });
});

test('nobody leads: somebody holds the Lease, and does not decide', async () => {
  const program = await start();
  const patch = JSON.stringify({ spec: { holderIdentity: 'maintenance' } });
  const lease = ['lease', 'rego-csr-approver-leader', '-n', NAMESPACE];
  await scene.cluster.kubectl(['patch', ...lease, '--type=merge', '-p', patch]);
  const printed = await reader.follow('Nobody leads');
  expect(printed).toMatch(/^maintenance +\S+Z +15 /m);
  await eventually(
    async () => {
      const { status, body } = await program.get('/readyz');
      return status === 200 && body.includes('standby, maintenance leads') ? true : undefined;
    },
    { explain: log },
  );
  const name = await scene.request(1);
  // It is left to him for 15 s.
  await eventually(
    async () => ((await program.get('/readyz')).body.includes('leads, this one') ? true : undefined),
    { withinMs: 30_000, explain: log },
  );
  await scene.condition(name, 'Approved', log);
  await eventually(
    () => program.log.includes('no longer leading: another one has taken the Lease') || undefined,
  );
});

type Line = Readonly<Record<string, unknown>>;
const isForeign = ({ msg }: Line) => String(msg).startsWith('decided by somebody else');
const isTrouble = (line: Line) => (line['level'] === 'error' || line['level'] === 'warn') && !isForeign(line);

describe('two approvers at once', () => {
  test('of this program: one condition each, and neither complains', async () => {
    const both = [await start(), await startInstalled(scene, kubeconfig)];
    const names = await Promise.all(Array.from({ length: 30 }, () => scene.request(1)));
    const explain = () => both.map((one) => one.log).join('\n');
    await Promise.all(names.map((name) => scene.condition(name, 'Approved', explain)));
    const conditions = await Promise.all(names.map((name) => scene.conditions(name)));
    expect(conditions.map((list) => list.filter(({ type }) => type === 'Approved').length)).toEqual(
      names.map(() => 1),
    );
    const lines = both.flatMap((one) => one.lines);
    expect(lines.filter(({ msg }) => msg === 'wrote')).toHaveLength(names.length);
    expect(lines.filter(isTrouble)).toEqual([]);
    await both[1]?.stop();
  });

  test('and a person who denies and approves at the same time: whoever is first, for good', async () => {
    const program = await start();
    const names = await Promise.all(Array.from({ length: 20 }, () => scene.request(1)));
    const [denied, approved] = [names.slice(0, 10), names.slice(10)];
    // Those that come too late are refused.
    await Promise.all([
      scene.cluster.kubectl(['certificate', 'deny', ...denied]).catch(String),
      scene.cluster.kubectl(['certificate', 'approve', ...approved]).catch(String),
    ]);
    const decided = (name: string) =>
      eventually(async () => {
        const found = await scene.conditions(name);
        return found.length > 0 ? found.map(({ type, reason }) => `${type} ${String(reason)}`) : undefined;
      });
    const found = await Promise.all(names.map(decided));
    expect(found.filter((list) => list.length !== 1)).toEqual([]);
    await scene.condition(await scene.request(1), 'Approved', log);
    expect(await Promise.all(names.map(decided))).toEqual(found);
    expect(program.lines.filter(isTrouble)).toEqual([]);
    // Of those that the person had first, and of no other, it says that it was somebody else.
    const theirs = names.filter((_, index) => /Kubectl/.test(found[index]?.[0] ?? ''));
    const told = () => program.lines.filter(isForeign).map(({ csr }) => csr);
    await eventually(() => (told().length >= theirs.length ? true : undefined), { explain: log });
    expect(new Set(told())).toEqual(new Set(theirs));
  });
});

test('many requests of one node', async () => {
  await start();
  for (let count = 0; count < 4; count += 1) await scene.request(1, { ip: ['10.0.0.77'] });
  const printed = await reader.follow('Many requests of one node');
  expect(printed.trim()).toBe('4 system:node:n1');
});

/** Of the program, as kubectl's flags name it. */
const account = `--serviceaccount=${NAMESPACE}:rego-csr-approver`;

test('every decision fails, as long as a permission is missing', async () => {
  await scene.cluster.kubectl(['delete', 'rolebinding', 'rego-csr-approver', '-n', 'default']);
  await scene.cluster.kubectl([
    'create',
    'rolebinding',
    'events-only',
    '-n',
    'default',
    '--role=events-only',
    account,
  ]);
  await scene.cluster.kubectl([
    'create',
    'role',
    'events-only',
    '-n',
    'default',
    '--verb=create',
    '--resource=events.events.k8s.io',
  ]);
  await start(false);
  const name = await scene.request(1);
  await scene.event(name, /DecisionFailed FactUnavailable: cluster: .*forbids it/, log);
  const printed = await reader.follow('Every decision fails');
  // Both are asked for at once, and the first to be refused is told.
  expect(printed).toMatch(
    /FactUnavailable: cluster: .*cannot (?:get|list) resource \\*"(?:services|endpointslices)\\*"/,
  );
  await apply(scene, text);
  await scene.condition(name, 'Approved', log);
});

test('the API server throttles the program', async () => {
  // A level that has one seat, for one who asks for many things at once.
  const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
  const metadata = { name: 'narrow' };
  const limited = { nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0 };
  const level = {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata,
    spec: { type: 'Limited', limited: { ...limited, limitResponse: { type: 'Reject' } } },
  };
  const serviceAccount = { name: 'rego-csr-approver', namespace: NAMESPACE };
  const verbs = ['get', 'create', 'update'];
  const rules = [
    {
      subjects: [{ kind: 'ServiceAccount', serviceAccount }],
      resourceRules: [
        { verbs, apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['kube-public'] },
      ],
    },
  ];
  const schema = {
    apiVersion,
    kind: 'FlowSchema',
    metadata,
    spec: { matchingPrecedence: 2, priorityLevelConfiguration: metadata, rules },
  };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [level, schema] });
  await scene.cluster.kubectl(['apply', '-f', '-'], { input });
  await Promise.all(Array.from({ length: 40 }, () => scene.request(1)));
  await start();
  await eventually(() => (/is overloaded and asks us to slow down/.test(log()) ? true : undefined), {
    explain: log,
  });
  expect(await reader.follow('The API server throttles it')).toContain('priority_level="narrow"');
  await scene.cluster.kubectl(['delete', '-f', '-'], { input });
  // Those before it are tried again too, but some only after half a minute.
  await scene.condition(await scene.request(1), 'Approved', log);
});
