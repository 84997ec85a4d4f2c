import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as calls from '../../../src/kube/calls.ts';
import { listAll } from '../../../src/kube/list.ts';
import { json, TestServer, type Handle } from './http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(async () => {
  await server.stop();
});

const failure = (init: object) => expect.objectContaining({ name: 'KubeError', ...init });
const notFound = { kind: 'Status', status: 'Failure', reason: 'NotFound', message: 'not found' };
const meta = { name: 'n1', uid: 'u', resourceVersion: '7' };

describe('a Node', () => {
  test('is reduced to what decisions read, whatever is in it', async () => {
    const node = {
      metadata: { ...meta, labels: { a: 'b', c: 5 }, annotations: 'x', managedFields: [{}] },
      spec: { providerID: 7 },
      status: {
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }, null, { address: ['x'] }],
        images: [{}],
      },
    };
    server.handle = (_, response) => json(response, 200, node);
    expect(await calls.getNode(server.client(), 'n1')).toEqual({
      metadata: {
        ...meta,
        creationTimestamp: '',
        deletionTimestamp: undefined,
        labels: { a: 'b' },
        annotations: {},
      },
      spec: { providerID: '' },
      status: {
        addresses: [
          { type: 'InternalIP', address: '10.0.0.1' },
          { type: '', address: '' },
          { type: '', address: '' },
        ],
      },
    });
    expect(server.seen[0]?.url).toBe('/api/v1/nodes/n1');
  });

  test('does not exist only where the API server says so', async () => {
    const client = server.client();
    server.handle = (_, response) => json(response, 404, notFound);
    expect(await calls.getNode(client, 'n1')).toBeUndefined();
    server.handle = (_, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>');
    await expect(calls.getNode(client, 'n1')).rejects.toThrow(failure({ status: 404 }));
  });

  test.each([
    ['an empty object', {}],
    ['no name', { metadata: { ...meta, name: '' } }],
    ['no version', { metadata: { name: 'n1', uid: 'u' } }],
    ['a Status', { kind: 'Status', metadata: {} }],
  ])('is not %s', async (_, body) => {
    server.handle = (__, response) => json(response, 200, body);
    await expect(calls.getNode(server.client(), 'n1')).rejects.toThrow(failure({ kind: 'protocol' }));
  });
});

describe('an access review', () => {
  const review = { user: 'u', groups: [], resourceAttributes: {} };

  test.each([
    ['no status', {}],
    ['an empty status', { status: {} }],
    ['a word for yes', { status: { allowed: 'true' } }],
  ])('with %s is an error', async (_, body) => {
    server.handle = (__, response) => json(response, 201, body);
    const asked = calls.createSubjectAccessReview(server.client(), review);
    await expect(asked).rejects.toThrow(failure({ kind: 'protocol', reason: 'NoStatus' }));
  });

  test('says what the server says', async () => {
    server.handle = (_, response) =>
      json(response, 201, { status: { allowed: false, denied: true, reason: 'no' } });
    expect(await calls.createSubjectAccessReview(server.client(), review)).toEqual({
      allowed: false,
      denied: true,
      reason: 'no',
      evaluationError: '',
    });
  });
});

const answers =
  (list: Handle, discovery: Handle): Handle =>
  (request, response, body) =>
    (request.url?.includes('servicecidrs') === true ? list : discovery)(request, response, body);
const missing: Handle = (_, response) => json(response, 404, notFound);
const resources =
  (...names: string[]): Handle =>
  (_, response) =>
    json(response, 200, { kind: 'APIResourceList', resources: names.map((name) => ({ name })) });

describe('ServiceCIDRs', () => {
  test('are absent where discovery does not know them', async () => {
    server.handle = answers(missing, resources('ingresses'));
    expect(await calls.listServiceCIDRs(server.client())).toBeUndefined();
  });

  test.each<[string, Handle, Handle]>([
    ['a 404 although discovery knows them', missing, resources('servicecidrs')],
    ['a 404 and an empty discovery', missing, resources()],
    ['a 404 and no discovery', missing, missing],
    ['a 403', (_, response) => json(response, 403, {}), resources('ingresses')],
    ['a proxy without the page', (_, response) => response.writeHead(404).end(), resources('ingresses')],
  ])('%s is an error', async (_, list, discovery) => {
    server.handle = answers(list, discovery);
    await expect(calls.listServiceCIDRs(server.client())).rejects.toThrow(failure({ kind: 'status' }));
  });
});

describe('a list', () => {
  test('is read to its end', async () => {
    server.handle = ({ url }, response) => {
      const first = url?.includes('continue=') !== true;
      json(response, 200, { metadata: { continue: first ? 'a&b' : '' }, items: first ? [1] : null });
    };
    expect(await listAll(server.client(), '/x', { query: { labelSelector: 'a=b' } })).toEqual([1]);
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/x?labelSelector=a%3Db&limit=500',
      '/x?labelSelector=a%3Db&limit=500&continue=a%26b',
    ]);
  });

  test.each([
    ['no items', { metadata: {} }],
    ['no metadata', { items: [] }],
    ['items that are none', { metadata: {}, items: {} }],
  ])('with %s is an error, not an empty one', async (_, body) => {
    server.handle = (__, response) => json(response, 200, body);
    await expect(listAll(server.client(), '/x')).rejects.toThrow(
      failure({ kind: 'protocol', reason: 'NotAList' }),
    );
  });

  test('without end is an error', async () => {
    server.handle = (_, response) => json(response, 200, { metadata: { continue: 'more' }, items: [] });
    await expect(listAll(server.client(), '/x')).rejects.toThrow(failure({ reason: 'EndlessList' }));
  });
});

test('an answer without a version is not the API server', async () => {
  await expect(calls.serverVersion(server.client())).rejects.toThrow(failure({ reason: 'NotKubernetes' }));
});
