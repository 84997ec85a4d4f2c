import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explain } from '../../../src/kube/explain.ts';
import { getObject, objectPages, type ResourceRef } from '../../../src/kube/resources.ts';
import { json, TestServer, type Handle } from './http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(async () => {
  await server.stop();
});

const machines: ResourceRef = {
  group: 'cluster.x-k8s.io',
  version: 'v1beta1',
  resource: 'machines',
  namespace: 'capi',
};
const object = { metadata: { name: 'm', uid: 'u', resourceVersion: '7' } };
const status = (code: number, reason: string): Handle => {
  const body = { kind: 'Status', status: 'Failure', code, reason, message: `it is ${reason}` };
  return (_, response) => json(response, code, body);
};
const discovered = (name: string, namespaced: boolean): Handle => {
  const body = { kind: 'APIResourceList', resources: [{ name, namespaced }] };
  return (_, response) => json(response, 200, body);
};
const page404: Handle = (_, response) =>
  response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');

/** One answer for the object or list, another for discovery. */
const answers = (answer: Handle, discovery: Handle) => {
  server.handle = (request, response, body) => {
    const isDiscovery = /^\/(apis\/[^/]+|api)\/v1[^/]*$/.test(request.url ?? '');
    (isDiscovery ? discovery : answer)(request, response, body);
  };
};
async function list(ref = machines, selector = '', client = server.client()) {
  const items: unknown[] = [];
  for await (const page of objectPages(client, ref, selector)) items.push(...page);
  return items;
}

test('the paths are those of the API', async () => {
  server.handle = ({ url }, response) =>
    json(response, 200, url?.includes('?') === true ? { metadata: {}, items: [] } : object);
  const client = server.client();
  const core = { group: '', version: 'v1', resource: 'configmaps', namespace: 'kube-system' };
  expect(await getObject(client, machines, 'm')).toEqual(object);
  await getObject(client, core, 'inventory');
  await getObject(client, { ...machines, namespace: '' }, 'system:node:n1');
  await list({ ...machines, namespace: '' }, 'a/b=c,d=');
  expect(server.seen.map(({ url }) => url)).toEqual([
    '/apis/cluster.x-k8s.io/v1beta1/namespaces/capi/machines/m',
    '/api/v1/namespaces/kube-system/configmaps/inventory',
    '/apis/cluster.x-k8s.io/v1beta1/machines/system%3Anode%3An1',
    '/apis/cluster.x-k8s.io/v1beta1/machines?labelSelector=a%2Fb%3Dc%2Cd%3D&limit=500',
  ]);
});

test('an object does not exist where the API does', async () => {
  answers(status(404, 'NotFound'), discovered('machines', true));
  expect(await getObject(server.client(), machines, 'm')).toBeUndefined();
});

const why = (asked: Promise<unknown>) =>
  asked.then(
    () => 'an answer',
    (error: unknown) => explain(error),
  );

describe('an error, not the absence of an object:', () => {
  const missing = status(404, 'NotFound');
  const alone = { ...machines, namespace: '' };
  test.each<[string, Handle, Handle, ResourceRef, RegExp]>([
    [
      'the group is missing',
      page404,
      page404,
      machines,
      /no machines of .*CustomResourceDefinition installed/,
    ],
    [
      'the version is missing',
      missing,
      missing,
      machines,
      /no machines of .*CustomResourceDefinition installed/,
    ],
    ['the resource is missing', missing, discovered('others', true), machines, /no machines of/],
    ['discovery is not answered', missing, status(503, 'ServiceUnavailable'), machines, /503/],
    ['discovery is forbidden', missing, status(403, 'Forbidden'), machines, /403|forbids/],
    ['the page of a proxy', page404, discovered('machines', true), machines, /404/],
    ['a namespace is needed', missing, discovered('machines', true), alone, /have a namespace: name it/],
    [
      'no namespace is needed',
      missing,
      discovered('machines', false),
      machines,
      /have no namespace: name none/,
    ],
  ])('%s', async (_, answer, discovery, ref, message) => {
    answers(answer, discovery);
    expect(await why(getObject(server.client(), ref, 'm'))).toMatch(message);
    // A namespaced resource can be listed over all namespaces: there, a 404 is none of the caller's.
    if (ref !== alone) expect(await why(list(ref))).toMatch(message);
  });

  test.each([
    ['get', () => getObject(server.client(), machines, 'm')],
    ['list', () => list()],
  ])('a forbidden %s names the rule that is missing', async (verb, ask) => {
    server.handle = status(403, 'Forbidden');
    const error: unknown = await ask().catch((cause: unknown) => cause);
    expect(explain(error)).toContain(
      `the rule {"apiGroups":["cluster.x-k8s.io"],"resources":["machines"],"verbs":["${verb}"]} in a Role of namespace capi, or a ClusterRole is missing: it is Forbidden`,
    );
  });
});

test('a page that is too large is asked for in parts', async () => {
  server.handle = ({ url }, response) => {
    const limit = Number(/limit=(\d+)/.exec(url ?? '')?.[1]);
    const items = limit > 125 ? [{ x: 'x'.repeat(2000) }] : [1];
    json(response, 200, { metadata: {}, items });
  };
  expect(await list(machines, '', server.client({ maxBytes: 1000 }))).toEqual([1]);
  expect(server.seen).toHaveLength(2);
});
