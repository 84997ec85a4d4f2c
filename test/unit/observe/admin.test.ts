import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { serveAdmin } from '../../../src/observe/admin.ts';
import type { Listening } from '../../../src/observe/listen.ts';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const page = (query: URLSearchParams) => ({
  html: `<p>${[...query].join()}`,
  policy: "default-src 'none'",
});

async function serve(address = '127.0.0.1') {
  let asked = 0;
  const status = () => ({ labels: { id: 'host-1' }, asked: ++asked });
  const server = await serveAdmin({ address, port: 0, status, page });
  open.push(server);
  return (path: string, { host, method = 'GET' }: { host?: string; method?: string } = {}) =>
    new Promise<{ status: number | undefined; type: string | undefined; allow?: string; body: unknown }>(
      (resolve, reject) => {
        const headers = host === undefined ? {} : { host };
        const made = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (answer) => {
          const { statusCode, headers: got } = answer;
          text(answer).then(
            (body) =>
              resolve({
                status: statusCode,
                type: got['content-type'],
                ...(got.allow !== undefined && { allow: got.allow }),
                body: JSON.parse(body || 'null'),
              }),
            reject,
          );
        });
        made.on('error', reject).end();
      },
    );
}

test('says the status, asked anew each time, as OPA wraps it', async () => {
  const get = await serve();
  expect(await get('/v1/status')).toEqual({
    status: 200,
    type: 'application/json',
    body: { result: { labels: { id: 'host-1' }, asked: 1 } },
  });
  expect(await get('/v1/status?pretty=true')).toMatchObject({ body: { result: { asked: 2 } } });
});

test('shows a page to people, under the policy that it needs', async () => {
  await serve();
  const url = `http://127.0.0.1:${String(open[0]?.port)}`;
  const answer = await fetch(`${url}/?node=n1&verdict=wait`);
  expect([answer.status, await answer.text()]).toEqual([200, '<p>node,n1,verdict,wait']);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'",
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  });
});

test('a stranger who has pointed a name here gets no page', async () => {
  const get = await serve();
  expect(await get('/', { host: 'evil.example.com' })).toMatchObject({
    status: 421,
    body: { code: 'HostRefused' },
  });
});

test.each(['/v1', '/v1/status/', '/v1/data', '/metrics'])('there is nothing at %s', async (path) => {
  const get = await serve();
  expect(await get(path)).toMatchObject({ status: 404, body: { code: 'NotFound' } });
});

test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('nothing can be changed: %s', async (method) => {
  const get = await serve();
  expect(await get('/v1/status', { method })).toMatchObject({ status: 405, allow: 'GET' });
});

describe('the Host header', () => {
  test.each(['localhost', 'LOCALHOST:8081', '127.0.0.1', '127.9.9.9:1', '[::1]:8081'])(
    'may be %s',
    async (host) => {
      const get = await serve();
      expect(await get('/v1/status', { host })).toMatchObject({ status: 200 });
    },
  );

  test.each([
    'evil.example.com',
    'localhost.evil.example.com',
    '127.0.0.1.evil.example.com',
    '127.evil.example.com',
    'evil.example.com:8081',
    '10.0.0.1',
    '[::2]',
    'localhost:8081@evil',
    'localhost, evil.example.com',
  ])('may not be %j: a stranger can point that name here', async (host) => {
    const get = await serve();
    expect(await get('/v1/status', { host })).toMatchObject({ status: 421, body: { code: 'HostRefused' } });
  });

  test('may be the address that is listened on, where that is every one', async () => {
    const get = await serve('0.0.0.0');
    expect(await get('/v1/status', { host: '127.0.0.1:80' })).toMatchObject({ status: 200 });
    expect(await get('/v1/status', { host: 'evil.example.com' })).toMatchObject({ status: 421 });
  });
});
