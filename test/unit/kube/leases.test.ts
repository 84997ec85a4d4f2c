import { afterEach, beforeEach, expect, test } from 'vitest';
import { LeaseCalls } from '../../../src/kube/leases.ts';
import { json, TestServer } from './http-server.ts';

let server: TestServer;
let leases: LeaseCalls;
beforeEach(async () => {
  server = await TestServer.start();
  leases = new LeaseCalls(server.client(), 'ns', 'approver');
});
afterEach(async () => {
  await server.stop();
});

const lease = {
  metadata: { name: 'approver', uid: 'u', resourceVersion: '7', labels: { a: 'b' } },
  spec: {},
};
const path = '/apis/coordination.k8s.io/v1/namespaces/ns/leases';

test('is read where it is, created without more than its name, and put as it was read', async () => {
  server.handle = (_, response) => json(response, 200, lease);
  await leases.get();
  await leases.create({ spec: { holderIdentity: 'a' } });
  await leases.put({ ...lease, spec: { holderIdentity: 'a' } });
  const typed = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: { holderIdentity: 'a' } };
  expect(server.seen.map(({ method, url, body }) => [method, url, body && JSON.parse(body)])).toEqual([
    ['GET', `${path}/approver`, ''],
    ['POST', path, { ...typed, metadata: { name: 'approver', namespace: 'ns' } }],
    ['PUT', `${path}/approver`, { ...typed, metadata: lease.metadata }],
  ]);
});

test('that there is none is what the API server says, and not what a proxy does', async () => {
  server.handle = (_, response) =>
    json(response, 404, { kind: 'Status', status: 'Failure', reason: 'NotFound', message: 'not found' });
  expect(await leases.get()).toBeUndefined();
  server.handle = (_, response) => json(response, 404, {});
  await expect(leases.get()).rejects.toMatchObject({ kind: 'status', status: 404 });
});

test('is not put without a resourceVersion: the last write would win', async () => {
  const blank = { ...lease, metadata: { ...lease.metadata, resourceVersion: '' } };
  await expect(leases.put(blank)).rejects.toMatchObject({ kind: 'protocol', reason: 'NoResourceVersion' });
  expect(server.seen).toEqual([]);
});
