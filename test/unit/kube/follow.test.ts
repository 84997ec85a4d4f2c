import { afterEach, beforeEach, expect, test } from 'vitest';
import { json, TestServer } from './http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

test('a call sends what follows it asks for, and tells how it ended', async () => {
  const got: unknown[] = [];
  server.handle = ({ headers, url }, response) => {
    got.push(headers['traceparent']);
    json(response, url?.includes('gone') === true ? 404 : 200, {});
  };
  const seen: unknown[] = [];
  const client = server.client({
    follow: (sending: object) => {
      seen.push(sending);
      return { headers: { traceparent: 'this one' }, ended: (code: string) => seen.push(code) };
    },
  });
  await client.get('/api/v1/nodes/n1', { query: { limit: '3' } });
  await expect(client.get('/api/v1/nodes/gone')).rejects.toThrow();
  const sending = (name: string) => ({
    verb: 'get',
    resource: 'nodes',
    method: 'GET',
    url: `${client.server}/api/v1/nodes/${name}`,
  });
  expect(got).toEqual(['this one', 'this one']);
  expect(seen).toEqual([sending('n1'), '200', sending('gone'), '404']);
});

test('nothing more is sent where nobody follows', async () => {
  const got: unknown[] = [];
  server.handle = ({ headers }, response) => {
    got.push(headers['traceparent']);
    json(response, 200, {});
  };
  await server.client({ follow: () => undefined }).get('/api/v1/nodes/n1');
  await server.client({}).get('/api/v1/nodes/n1');
  expect(got).toEqual([undefined, undefined]);
});
