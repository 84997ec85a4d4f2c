import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeCall, type Call } from '../../../src/kube/call.ts';
import { json, TestServer } from './http-server.ts';

test.each<[string, string, boolean, string, string]>([
  ['GET', '/api/v1/nodes', false, 'list', 'nodes'],
  ['GET', '/api/v1/nodes/n1', false, 'get', 'nodes'],
  ['GET', '/api/v1/nodes', true, 'watch', 'nodes'],
  ['GET', '/api/v1/namespaces/default/services/kubernetes', false, 'get', 'services'],
  ['GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', false, 'list', 'endpointslices'],
  ['POST', '/apis/events.k8s.io/v1/namespaces/default/events', false, 'create', 'events'],
  ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', false, 'create', 'subjectaccessreviews'],
  [
    'PUT',
    '/apis/certificates.k8s.io/v1/certificatesigningrequests/csr-1/approval',
    false,
    'update',
    'certificatesigningrequests/approval',
  ],
  ['PUT', '/apis/coordination.k8s.io/v1/namespaces/x/leases/leader', false, 'update', 'leases'],
  // What policies look up, and what is no resource.
  ['GET', '/apis/cluster.x-k8s.io/v1beta1/machines', false, 'list', 'other'],
  ['GET', '/apis/cluster.x-k8s.io/v1beta1/namespaces/a/machines/b', false, 'get', 'other'],
  ['GET', '/api/v1/nodes/n1/proxy', false, 'get', 'other'],
  ['GET', '/api/v1/namespaces/nodes', false, 'get', 'other'],
  ['GET', '/apis/networking.k8s.io/v1', false, 'get', 'other'],
  ['GET', '/version', false, 'get', 'other'],
  ['GET', '', false, 'get', 'other'],
])('%s %s (watch %s) is %s of %s', (method, path, watch, verb, resource) => {
  expect(describeCall(method, path, watch)).toEqual({ verb, resource });
});

describe('each call is told of', () => {
  let server: TestServer;
  let calls: Call[];
  beforeEach(async () => {
    server = await TestServer.start();
    calls = [];
  });
  afterEach(() => server.stop());
  const client = (options: object = {}) =>
    server.client({ observe: (call: Call) => calls.push(call), ...options });
  const told = () => calls.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`);
  const ask = (path: string, options: object = {}) =>
    client(options)
      .get(path)
      .catch(() => undefined);

  test('with the status that it had, and how long it took', async () => {
    server.handle = ({ url }, response) => json(response, url?.includes('gone') === true ? 404 : 200, {});
    await ask('/api/v1/nodes/n1?limit=3');
    await ask('/api/v1/nodes/gone');
    expect(told()).toEqual(['get nodes 200', 'get nodes 404']);
    expect(calls.every(({ ms }) => ms > 0 && ms < 60_000)).toBe(true);
  });

  test('with why it had none', async () => {
    server.handle = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    await ask('/api/v1/nodes/n1');
    server.handle = ({ socket }) => socket.destroy();
    await ask('/api/v1/nodes/n1');
    server.handle = () => undefined;
    await ask('/api/v1/nodes/n1', { timeoutMs: 50 });
    expect(told()).toEqual(['get nodes protocol', 'get nodes network', 'get nodes timeout']);
  });

  test('a watch once, when it begins, or when it could not', async () => {
    server.handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      response.end(`${JSON.stringify({ type: 'BOOKMARK', object: {} })}\nnonsense`);
    };
    const watch = async () => {
      for await (const _ of client().watch('/api/v1/nodes')) expect(told()).toEqual(['watch nodes 200']);
    };
    await expect(watch()).rejects.toThrow();
    expect(told()).toEqual(['watch nodes 200']);
    calls = [];
    server.handle = (_, response) => json(response, 410, {});
    await expect(watch()).rejects.toThrow();
    expect(told()).toEqual(['watch nodes 410']);
  });
});
