import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { HealthCheck, HealthOptions } from '../../../src/observe/health.ts';
import { serveHealth } from '../../../src/observe/health.ts';
import type { Listening } from '../../../src/observe/listen.ts';
import { Metrics } from '../../../src/observe/metrics.ts';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const check = (name: string, problem?: string): HealthCheck => ({ name, problem: () => problem });

async function serve(options: Partial<HealthOptions> = {}) {
  const server = await serveHealth({
    address: '127.0.0.1',
    port: 0,
    live: [check('watch')],
    ready: [check('requests'), check('nodes')],
    registry: new Metrics('1.2.3', () => new Set()).registry,
    beforeScrape: () => undefined,
    ...options,
  });
  open.push(server);
  const url = `http://127.0.0.1:${String(server.port)}`;
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    const { status, headers } = response;
    return { status, type: headers.get('content-type'), body: await response.text() };
  };
  return { server, get };
}

test.each([
  ['/livez', 200, '[+] watch\n'],
  ['/readyz', 200, '[+] requests\n[+] nodes\n'],
  ['/readyz?verbose', 200, '[+] requests\n[+] nodes\n'],
  ['/', 404, 'there is /livez, /readyz and /metrics\n'],
  ['/livez/', 404, 'there is /livez, /readyz and /metrics\n'],
  ['/metrics/../livez%00', 404, 'there is /livez, /readyz and /metrics\n'],
])('%s: %d', async (path, status, body) => {
  const { get } = await serve();
  expect(await get(path)).toEqual({ status, type: 'text/plain; charset=utf-8', body });
});

test('names what is not well', async () => {
  const { get } = await serve({
    live: [check('watch', 'no watch of requests')],
    ready: [check('requests', 'not listed'), check('nodes')],
  });
  expect(await get('/livez')).toMatchObject({ status: 503, body: '[-] watch: no watch of requests\n' });
  expect(await get('/readyz')).toMatchObject({ status: 503, body: '[-] requests: not listed\n[+] nodes\n' });
});

const two = { ready: [check('requests', 'not listed'), check('nodes')] };

test('a check with two words in its name is asked for by it, as any other', async () => {
  const { get } = await serve({ ready: [check('requests', 'not listed'), check('decision_log')] });
  expect(await get('/readyz/decision_log')).toMatchObject({ status: 200, body: '[+] decision_log\n' });
});

test.each([
  ['/readyz/nodes', 200, '[+] nodes\n'],
  ['/readyz/requests', 503, '[-] requests: not listed\n'],
  ['/readyz/watch', 404, 'there is requests, nodes\n'],
  ['/readyz/', 404, 'there is /livez, /readyz and /metrics\n'],
  ['/readyz?exclude=requests', 200, '[+] nodes\n'],
  ['/readyz?verbose&exclude=requests&exclude=nodes', 200, '\n'],
  [
    '/readyz?exclude=requests&exclude=%3Cb%3E',
    200,
    '[+] nodes\nwarning: a check that is to be excluded is not there\n',
  ],
  ['/readyz?exclude=', 503, /^\[-\] requests.*\n\[\+\] nodes\nwarning/],
])('one check, or all but one: %s: %d', async (path, status, body) => {
  const { get } = await serve(two);
  const answer = await get(path);
  expect(answer).toMatchObject({ status, type: 'text/plain; charset=utf-8' });
  if (typeof body === 'string') expect(answer.body).toBe(body);
  else expect(answer.body).toMatch(body);
});

test('each check is a metric, too', async () => {
  const metrics = new Metrics('1.2.3', () => new Set());
  metrics.health.measured({ livez: [check('watch')], readyz: two.ready });
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => /healthcheck\{/.test(line));
  expect(lines).toEqual([
    'csr_approver_healthcheck{type="livez",name="watch"} 1',
    'csr_approver_healthcheck{type="readyz",name="requests"} 0',
    'csr_approver_healthcheck{type="readyz",name="nodes"} 1',
  ]);
});

const detail = () => 'standby, a leads';
const withDetail = (problem?: string) => serve({ ready: [{ ...check('leader', problem), detail }] });

test('says more of what is well, where there is more to say', async () => {
  expect(await (await withDetail()).get('/readyz')).toMatchObject({
    status: 200,
    body: '[+] leader: standby, a leads\n',
  });
  expect(await (await withDetail('no Lease')).get('/readyz')).toMatchObject({
    status: 503,
    body: '[-] leader: no Lease\n',
  });
});

test('asks anew each time', async () => {
  let problem: string | undefined = 'starting';
  const { get } = await serve({ ready: [{ name: 'x', problem: () => problem }] });
  expect((await get('/readyz')).status).toBe(503);
  problem = undefined;
  expect((await get('/readyz')).status).toBe(200);
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('nothing can be changed: %s', async (method) => {
  const { get } = await serve();
  expect(await get('/livez', { method })).toMatchObject({ status: 405 });
});

test('HEAD is a GET without a body', async () => {
  const { get } = await serve();
  expect(await get('/livez', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
});

describe('metrics', () => {
  test('are measured just before', async () => {
    const metrics = new Metrics('1.2.3', () => new Set());
    const { get } = await serve({
      registry: metrics.registry,
      beforeScrape: () => metrics.queue.depth.set({ state: 'ready' }, 7),
    });
    const { status, type, body } = await get('/metrics');
    expect([status, type]).toEqual([200, expect.stringMatching(/^text\/plain; version=/)]);
    expect(body).toContain('csr_approver_queue_depth{state="ready"} 7');
    expect(body).toContain('csr_approver_build_info{version="1.2.3"} 1');
  });
});

test('a port that is taken is an error, not a crash', async () => {
  const { server } = await serve();
  await expect(serve({ port: server.port })).rejects.toThrow(/EADDRINUSE/);
});

test('closing does not wait for those who are slow', async () => {
  const { server } = await serve();
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined).write('GET /livez HTTP/1.1\r\n');
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  await server.close();
  await closed;
});
