import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent, request } from 'undici';
import { eventually } from '../support/eventually.ts';
import { apply, manifests, NAMESPACE, startInstalled, token } from './install.ts';
import { Scene } from './scene.ts';

/** The component `flow-schema`: how a real API server classifies what the program asks. */

let scene: Scene;
let dispatcher: Agent;
beforeAll(async () => {
  scene = await Scene.open();
  dispatcher = new Agent({ connect: { ca: readFileSync(scene.cluster.caFile) } });
  await apply(scene, await manifests(scene));
  await scene.node(1);
});
afterAll(async () => {
  await dispatcher?.close();
  await scene?.close();
});

/** Name of the FlowSchema that a request falls under, by the UID in its answer's header. */
async function classified(path: string, bearer: string): Promise<string> {
  const answer = await request(scene.cluster.url + path, {
    dispatcher,
    headers: { authorization: `Bearer ${bearer}` },
  });
  await answer.body.dump();
  const uid = answer.headers['x-kubernetes-pf-flowschema-uid'];
  const columns = 'jsonpath={range .items[*]}{.metadata.uid}{" "}{.metadata.name}{"\\n"}{end}';
  const all = await scene.cluster.kubectl(['get', 'flowschemas', '-o', columns]);
  return (
    all
      .split('\n')
      .find((line) => line.startsWith(`${String(uid)} `))
      ?.split(' ')[1] ?? `none of ${String(uid)}`
  );
}

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests?limit=1';
const lease = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/any`;

test('without it the program is one of all ServiceAccounts', async () => {
  expect(await classified(requests, await token(scene))).toBe('service-accounts');
});

test('with it the program has a level of controllers, its lease that of elections, and nobody else either', async () => {
  await apply(scene, await manifests(scene, 'flow-schema'));
  const ours = await token(scene);
  await eventually(async () =>
    (await classified(requests, ours)) === 'rego-csr-approver' ? true : undefined,
  );
  expect(await classified('/version', ours)).toBe('rego-csr-approver');
  await eventually(async () =>
    (await classified(lease(NAMESPACE), ours)) === 'rego-csr-approver-leader-election' ? true : undefined,
  );
  expect(await classified(lease('default'), ours)).toBe('rego-csr-approver');
  const others = (await scene.cluster.kubectl(['create', 'token', 'default', '-n', NAMESPACE])).trim();
  expect(await classified(requests, others)).toBe('service-accounts');
  expect(await classified(lease(NAMESPACE), others)).toBe('service-accounts');
  // The API server says in the status of each whether the level that it names is there.
  const dangling = 'jsonpath={.status.conditions[?(@.type=="Dangling")].status}';
  for (const name of ['rego-csr-approver', 'rego-csr-approver-leader-election']) {
    // oxlint-disable-next-line no-await-in-loop -- two
    expect(await scene.cluster.kubectl(['get', 'flowschema', name, '-o', dangling])).toBe('False');
  }
});

test('every call of the running program falls under it', async () => {
  const approver = await startInstalled(scene, scene.cluster.tokenKubeconfig(await token(scene)));
  const dispatched = async (schema: string) => {
    const metrics = await scene.cluster.kubectl(['get', '--raw', '/metrics']);
    const line = new RegExp(
      `^apiserver_flowcontrol_dispatched_requests_total\\{flow_schema="${schema}",.*\\} (\\d+)$`,
      'm',
    );
    return Number(line.exec(metrics)?.[1] ?? 0);
  };
  const [ours, others] = [await dispatched('rego-csr-approver'), await dispatched('service-accounts')];
  await scene.condition(await scene.request(1), 'Approved', () => approver.log);
  // An access review, the Node and the approval, at least.
  expect(await dispatched('rego-csr-approver')).toBeGreaterThanOrEqual(ours + 3);
  expect(await dispatched('service-accounts')).toBe(others);
  expect(await approver.stop()).toBe(0);
});
