import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NODE_PATH } from '../../src/kube/calls.ts';
import { asObject } from '../../src/kube/objects.ts';
import { freePort } from '../control-plane/ports.ts';
import type { Approver } from '../support/approver.ts';
import { asSent, shippedDashboard } from '../support/dashboard.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { FaultProxy, type Fault, type Passing } from '../support/fault-proxy.ts';
import { Prometheus } from '../support/prometheus.ts';
import { WebServer } from '../support/web-server.ts';
import { hurried, rulesOf, shippedGroups } from '../support/rules.ts';
import { apply, manifests, startInstalled, token } from './install.ts';
import { csrPath, Scene } from './scene.ts';

/**
 * A real Prometheus scrapes the installed program, with the shipped rules in a hurry (test/support/rules.ts): they are
 * silent while all is well, and each of them fires when what it is for really happens.
 */

const defaultBundle = new URL('../../dist/default.tar.gz', import.meta.url).pathname;

let scene: Scene;
let proxy: FaultProxy;
let prometheus: Prometheus;
let kubeconfig: string;
let bundle: string;
let approver: Approver;
let traffic: Promise<void>;
/** Takes the decision log, and answers with that status. */
let receiver: WebServer;
let receiverSays = 204;
/** Ends the traffic. */
const quiet = new AbortController();
/** A request of the other signer, which was denied before anybody looked. */
let decided: string;
const pods: { port: number; pod: string }[] = [];

beforeAll(async () => {
  scene = await Scene.open();
  // Both signers: each has a watch of its own.
  await apply(scene, await manifests(scene, 'client-certificates'));
  const own = scene.cluster.tokenKubeconfig(await token(scene));
  proxy = await FaultProxy.start(own);
  kubeconfig = join(scene.cluster.dir, 'proxy.kubeconfig');
  writeFileSync(kubeconfig, proxy.kubeconfig(await token(scene)));
  bundle = join(scene.cluster.dir, 'policy.tar.gz');
  copyFileSync(defaultBundle, bundle);
  await Promise.all([1, 2, 3, 4].map((number) => scene.node(number)));
  decided = await scene.request(1, {}, { signerName: 'kubernetes.io/kube-apiserver-client-kubelet' });
  await scene.cluster.kubectl(['certificate', 'deny', decided]);
  receiver = await WebServer.start((_, response) => void response.writeHead(receiverSays).end());
  const config = `policy: {bundle: "${bundle}", shadow: {}}
decisionLog:
  service: {url: "${receiver.url}", minDelaySeconds: 1, maxDelaySeconds: 1, bufferSizeLimitBytes: 65536}
leaderElection: {leaseDurationSeconds: 6, renewDeadlineSeconds: 4, retryPeriodSeconds: 1}`;
  approver = await startInstalled(scene, kubeconfig, true, { config });
  await eventually(async () =>
    /^csr_approver_leader 1$/m.test((await approver.get('/metrics')).body) ? true : undefined,
  );
  prometheus = await Prometheus.start(hurried(shippedGroups()));
  scrape(approver, 'approver-0');
  traffic = honest();
});
afterAll(async () => {
  quiet.abort();
  await traffic;
  await prometheus?.stop();
  await scene?.close();
  await proxy?.stop();
  await receiver?.stop();
});

function scrape({ port }: Approver, pod: string): void {
  if (port === undefined) throw new Error('it does not listen');
  pods.push({ port, pod });
  prometheus.scrape(pods);
}

/** A good request every second, and objects that change, so that each watch has something to show. */
async function honest(): Promise<void> {
  for (let turn = 0; !quiet.signal.aborted; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await Promise.allSettled([
      scene.request(1),
      touch(`${NODE_PATH}/n2`, turn),
      touch(csrPath(decided), turn),
      second(),
    ]);
  }
}
const second = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 1_000);
  });
async function touch(path: string, turn: number): Promise<void> {
  const object = asObject(await scene.admin.get(path));
  const metadata = { ...object.metadata, annotations: { touched: String(turn) } };
  await scene.admin.put(path, { ...object, metadata });
}

const log = () => `${prometheus.log()}\n${approver.log.slice(-4000)}`;
const firing = async () =>
  [...new Set((await prometheus.firing()).map(({ alertname = '' }) => alertname))].sort();

/** All that have been made to fire. */
const fired = new Set<string>();

/** Waits for an alert; gives the labels of its series. */
async function fires(alert: string, withinMs = 60_000): Promise<Record<string, string>> {
  const found = await eventually(
    async () => {
      const all = await prometheus.firing();
      const mine = all.find(({ alertname }) => alertname === alert);
      if (mine === undefined) throw new NotYet(`firing: ${JSON.stringify(all)}`);
      return mine;
    },
    { withinMs, explain: log },
  );
  fired.add(alert);
  return found;
}

/** It was silent before, is caused, and fires. */
async function causes(
  alert: string,
  fault: () => unknown,
  mended: () => unknown = () => undefined,
): Promise<Record<string, string>> {
  expect(await firing()).not.toContain(alert);
  await fault();
  try {
    return await fires(alert);
  } finally {
    await mended();
  }
}

const scrapes = async () => (await prometheus.value('sum(count_over_time(up[10m]))')) ?? 0;

/** So many more times were the rules evaluated, each with a scrape after the last. */
async function evaluated(times: number): Promise<void> {
  const before = await scrapes();
  await eventually(async () => ((await scrapes()) >= before + times ? true : undefined));
}

test('all is well: every rule can be evaluated, and none fires', async () => {
  await eventually(async () =>
    ((await prometheus.value('csr_approver_approval_latency_seconds_count')) ?? 0) >= 3 ? true : undefined,
  );
  await eventually(async () => ((await firing()).length === 0 ? true : undefined), { explain: log });
  for (let round = 0; round < 5; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- it must last
    await evaluated(1);
    // oxlint-disable-next-line no-await-in-loop
    expect(await firing()).toEqual([]);
  }
  expect(await prometheus.brokenRules()).toEqual([]);
});

test('a request begins to wait', async () => {
  await scene.request(2, { ip: ['10.9.9.8'] });
  await evaluated(1);
  expect(await firing()).toEqual([]);
});

test('somebody else approves', async () => {
  const name = await scene.request(3, { ip: ['10.9.9.9'] });
  await scene.event(name, /SANNotListed/, log);
  const labels = await causes('CSRApproverForeignApproval', () =>
    scene.cluster.kubectl(['certificate', 'approve', name]),
  );
  expect(labels).toMatchObject({ condition: 'Approved', signer: 'kubernetes.io/kubelet-serving' });
  const line = approver.lines.find(({ msg }) => /decided by somebody else/.test(String(msg)));
  expect(line).toMatchObject({ level: 'warn', csr: name, condition: 'Approved', reason: 'KubectlApprove' });
});

test('many requests are refused', async () => {
  await causes('CSRApproverDenialSpike', () =>
    Promise.all(Array.from({ length: 22 }, () => scene.request(3, { dns: ['kubernetes.default.svc'] }))),
  );
});

/** 500 for every call whose path has that in it. */
const failing =
  (part: string) =>
  ({ url }: Passing): Fault | undefined =>
    url.includes(part) ? { kind: 'status', status: 500 } : undefined;

test('access reviews fail', async () => {
  await causes(
    'CSRApproverDecisionErrors',
    () => (proxy.fault = failing('subjectaccessreviews')),
    () => (proxy.fault = () => undefined),
  );
});

/** Takes rules of a role away; gives what gives them back. */
async function without(path: string, resource: string): Promise<() => Promise<unknown>> {
  const role = asObject(await scene.admin.get(path));
  const rules = role['rules'] as { resources: string[] }[];
  const put = async (changed: readonly object[]) => {
    const { metadata } = asObject(await scene.admin.get(path));
    return scene.admin.put(path, { ...role, metadata, rules: changed });
  };
  await put(rules.filter(({ resources }) => !resources.includes(resource)));
  return () => put(rules);
}
const rbac = '/apis/rbac.authorization.k8s.io/v1';

test('it may not approve any more', async () => {
  let giveBack: Awaited<ReturnType<typeof without>> | undefined;
  const names = ['rego-csr-approver', 'rego-csr-approver-client-certificates'];
  const labels = await causes(
    'CSRApproverWriteFailures',
    async () => {
      const given = await Promise.all(
        names.map((name) => without(`${rbac}/clusterroles/${name}`, 'signers')),
      );
      giveBack = () => Promise.all(given.map((give) => give()));
    },
    () => undefined,
  );
  expect(labels).toMatchObject({ condition: 'Approved', result: '403', severity: 'critical' });
  expect(await fires('CSRApproverNotReady')).toMatchObject({ name: 'approvals', pod: 'approver-0' });
  await giveBack?.();
});

test('it may not write Events any more', async () => {
  let giveBack: (() => Promise<unknown>) | undefined;
  await causes(
    'CSRApproverEventErrors',
    async () => {
      giveBack = await without(`${rbac}/namespaces/default/roles/rego-csr-approver`, 'events');
      await Promise.all(Array.from({ length: 12 }, () => scene.request(4, { ip: ['10.9.9.7'] })));
    },
    () => giveBack?.(),
  );
});

test('a new policy is none', async () => {
  await causes(
    'CSRApproverPolicyRefused',
    () => writeFileSync(bundle, 'no archive'),
    () => copyFileSync(defaultBundle, bundle),
  );
});

test('the dashboard shows something in each panel', async () => {
  const { panels, annotations } = shippedDashboard();
  const queries = [...panels.flatMap(({ targets = [] }) => targets), ...annotations.list].map(
    ({ expr }) => expr,
  );
  expect(queries.length).toBeGreaterThan(40);
  const empty: string[] = [];
  for (const expr of new Set(queries)) {
    // oxlint-disable-next-line no-await-in-loop -- one Prometheus
    const samples = await prometheus.query(asSent(expr));
    // Since it began to be scraped nothing may have changed, which is what an annotation is for.
    if (samples.length === 0 && !expr.startsWith('changes(')) empty.push(expr);
  }
  expect(empty).toEqual([]);
});

test('nobody takes the decision log', async () => {
  await causes(
    'CSRApproverDecisionLogLost',
    async () => {
      receiverSays = 500;
      await Promise.all(Array.from({ length: 50 }, () => scene.request(3, { dns: ['kubernetes.default'] })));
    },
    () => (receiverSays = 204),
  );
});

test('it has waited for too long', async () => {
  const expected = { verdict: 'wait', severity: 'warning', namespace: 'rego-csr-approver' };
  expect(await fires('CSRApproverPendingTooLong')).toMatchObject(expected);
});

test('watches end again and again', async () => {
  await causes(
    'CSRApproverWatchRestarts',
    () => {
      proxy.fault = ({ watch }) => (watch ? { kind: 'end', endAfterMs: 0 } : undefined);
      proxy.cutWatches();
    },
    () => (proxy.fault = () => undefined),
  );
});

test('watches fall silent', async () => {
  await causes(
    'CSRApproverWatchStale',
    () => {
      proxy.fault = ({ watch }) => (watch ? { kind: 'edit-lines', edit: () => [] } : undefined);
      proxy.cutWatches();
    },
    () => {
      proxy.fault = () => undefined;
      proxy.cutWatches();
    },
  );
});

test('the Lease cannot be had, and nobody leads', async () => {
  await causes('CSRApproverLeaseErrors', () => (proxy.fault = failing('/leases')));
  await fires('CSRApproverNobodyLeads');
  proxy.fault = () => undefined;
  await eventually(async () => ((await firing()).includes('CSRApproverNobodyLeads') ? undefined : true), {
    explain: log,
  });
});

test('a bundle server does not answer', async () => {
  const url = `http://127.0.0.1:${String(await freePort('127.0.0.1'))}/policy.tar.gz`;
  const labels = await causes('CSRApproverPolicyNotFetched', async () => {
    scrape(
      await startInstalled(scene, kubeconfig, false, { config: `policy: {bundle: "${url}"}` }),
      'approver-1',
    );
  });
  expect(labels).toMatchObject({ bundle: 'policy', pod: 'approver-1' });
});

test('all are gone', async () => {
  await causes('CSRApproverDown', async () => {
    quiet.abort();
    await traffic;
    expect(await approver.stop()).toBe(0);
    prometheus.scrape(pods.slice(0, 1));
  });
});

test('every alert that is shipped has fired', () => {
  const shipped = rulesOf(shippedGroups()).map(({ alert }) => alert);
  expect([...fired].sort()).toEqual(shipped.sort());
});
