import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubeError } from '../../../src/kube/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { json, TestServer } from './http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(async () => {
  await server.stop();
});

const failure = (init: object) => expect.objectContaining({ name: 'KubeError', ...init });

const start = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
};
const line = (type: string, name: string): string =>
  `${JSON.stringify({ type, object: { metadata: { name } } })}\n`;

async function collect(events: AsyncIterable<{ type: string; object: unknown }>) {
  const seen: unknown[] = [];
  try {
    for await (const event of events) seen.push(event);
  } catch (error) {
    return { seen, error };
  }
  return { seen, error: undefined };
}

describe('a request', () => {
  test('says who we are and what we want', async () => {
    server.handle = (_, response) => json(response, 200, { kind: 'X' });
    const client = server.client({ server: `${server.url}/prefix/` });
    expect(await client.put('/api/x', { a: 1 }, { query: { b: 2 } })).toEqual({ kind: 'X' });
    expect(server.seen).toMatchObject([
      {
        method: 'PUT',
        url: '/prefix/api/x?b=2',
        body: '{"a":1}',
        headers: {
          authorization: 'Bearer t',
          accept: 'application/json',
          'content-type': 'application/json',
          'user-agent': 'rego-csr-approver/test',
        },
      },
    ]);
  });

  test('brings the time of the server, of which a proxy in between knows nothing', async () => {
    const client = server.client();
    expect(Math.abs(client.now().getTime() - Date.now())).toBeLessThan(10_000);
    const answers = (at: string, send: (response: ServerResponse) => void) => {
      server.handle = (_, response) => send(response.setHeader('date', new Date(at).toUTCString()));
    };
    answers('2031-01-01T00:00:00Z', (response) => json(response, 200, {}));
    await client.get('/x');
    answers('2001-01-01T00:00:00Z', (response) => response.writeHead(502).end('bad gateway'));
    await expect(client.get('/x')).rejects.toEqual(failure({ status: 502 }));
    answers('2001-01-01T00:00:00Z', (response) => response.end('<html>'));
    await expect(client.get('/x')).rejects.toEqual(failure({ kind: 'protocol' }));
    expect(client.now().toISOString()).toMatch(/^2031-01-01T00:00:/);
  });

  test('shares its connections with all others', async () => {
    const client = server.client({ connections: 4 });
    await Promise.all(Array.from({ length: 100 }, () => client.get('/x')));
    expect(server.seen).toHaveLength(100);
    expect(server.connections).toBeLessThanOrEqual(4);
  });

  test('reads an answer that comes in pieces', async () => {
    server.handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"a":"\u00fc'.slice(0, -1));
      setTimeout(() => response.end('b"}'), 20);
    };
    expect(await server.client().get('/x')).toEqual({ a: 'b' });
  });
});

describe('fails closed', () => {
  test('no answer within the deadline', async () => {
    server.handle = () => undefined;
    const client = server.client({ timeoutMs: 100 });
    await expect(client.get('/x')).rejects.toThrow(failure({ kind: 'timeout', uncertain: false }));
    await expect(client.put('/x', {})).rejects.toThrow(failure({ kind: 'timeout', uncertain: true }));
  });

  test('the deadline is over both tries, where credentials are refused', async () => {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    let tries = 0;
    server.handle = (_, response) => {
      tries += 1;
      if (tries === 1) setTimeout(() => json(response, 401, {}), 600);
      else response.on('close', resolve);
    };
    const client = server.client({ user: `{tokenFile: "${server.file('token', 'one')}"}` });
    const asked = performance.now();
    const put = client.put('/x', {}, { timeoutMs: 1_000 });
    server.file('token', 'two');
    await expect(put).rejects.toEqual(failure({ kind: 'timeout' }));
    expect(tries).toBe(2);
    expect(performance.now() - asked).toBeLessThan(1_400);
    await over;
  });

  test('credentials that come too late: nothing is sent', async () => {
    const plugin = `const spec = { token: 't' };
      setTimeout(() => console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: spec })), 300);`;
    const exec = `{apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, args: ["${server.file('plugin.cjs', plugin)}"], interactiveMode: Never}`;
    const client = server.client({ user: `{exec: ${exec}}` });
    const late = failure({ kind: 'credentials', uncertain: false });
    await expect(client.put('/x', {}, { timeoutMs: 100 })).rejects.toEqual(late);
    expect(server.seen).toEqual([]);
    await client.put('/x', {}, { timeoutMs: 5_000 });
    expect(server.seen).toHaveLength(1);
  });

  test('an answer that never ends', async () => {
    server.handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    };
    await expect(server.client({ timeoutMs: 150 }).get('/x')).rejects.toThrow(failure({ kind: 'timeout' }));
  });

  test('waiting for a connection counts, and what waited was not sent', async () => {
    server.handle = () => undefined;
    const client = server.client({ connections: 1 });
    const first = client.get('/first', { timeoutMs: 400 });
    const second = client.put('/second', {}, { timeoutMs: 100 });
    await expect(second).rejects.toThrow(failure({ kind: 'timeout', uncertain: false }));
    await expect(first).rejects.toThrow(failure({ kind: 'timeout' }));
    server.handle = (_, response) => json(response, 200, {});
    await client.get('/third');
    expect(server.seen.map(({ url }) => url)).toEqual(['/first', '/third']);
  });

  test('a body larger than allowed', async () => {
    server.handle = (_, response) => json(response, 200, { a: 'x'.repeat(5_000) });
    const client = server.client({ maxBytes: 1_000 });
    await expect(client.get('/x')).rejects.toThrow(failure({ kind: 'protocol', reason: 'ResponseTooLarge' }));
  });

  test('a redirect is an answer like others, and is not followed', async () => {
    server.handle = (_, response) => {
      response.writeHead(307, { location: `${server.url}/elsewhere` });
      response.end();
    };
    await expect(server.client().get('/x')).rejects.toThrow(failure({ kind: 'status', status: 307 }));
    expect(server.seen).toHaveLength(1);
  });

  test('a friendly HTML page', async () => {
    server.handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>Welcome');
    };
    await expect(server.client().put('/x', {})).rejects.toThrow(
      failure({ kind: 'protocol', uncertain: true }),
    );
  });

  test.each([
    ['before any answer', (): string => ''],
    [
      'within the body',
      () => 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a"',
    ],
    [
      'within chunks',
      () =>
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{"a"',
    ],
  ])('a connection that breaks %s', async (_, text) => {
    server.handle = (request) => {
      request.socket.write(text());
      request.socket.end();
    };
    const client = server.client();
    await expect(client.get('/x')).rejects.toThrow(failure({ kind: 'network', uncertain: false }));
    await expect(client.put('/x', {})).rejects.toThrow(failure({ kind: 'network', uncertain: true }));
  });

  test('an answer that is not HTTP', async () => {
    server.handle = (request) => request.socket.end('SSH-2.0-OpenSSH\r\n');
    await expect(server.client().get('/x')).rejects.toThrow(failure({ kind: 'network' }));
  });

  test('nothing listens', async () => {
    const client = server.client({ server: 'http://127.0.0.1:1' });
    await expect(client.put('/x', {})).rejects.toThrow(
      failure({ kind: 'network', reason: 'ECONNREFUSED', uncertain: false }),
    );
  });

  test.each([
    ['given up before', 0],
    ['given up while it waits', 50],
  ])('%s', async (_, ms) => {
    server.handle = () => undefined;
    const controller = new AbortController();
    if (ms === 0) controller.abort();
    else setTimeout(() => controller.abort(), ms);
    const client = server.client();
    await expect(client.get('/x', { signal: controller.signal })).rejects.toThrow(
      failure({ kind: 'aborted' }),
    );
    expect(server.seen).toHaveLength(ms === 0 ? 0 : 1);
  });

  test('a closed client', async () => {
    const client = server.client();
    await client.get('/x');
    await client.close();
    await expect(client.get('/x')).rejects.toThrow(failure({ kind: 'aborted' }));
  });

  test('plain HTTP, unless it is allowed', () => {
    expect(() => server.client({ allowPlainHttp: false })).toThrow('only https');
    expect(() => server.client({ server: 'ftp://x' })).toThrow('only https');
    expect(() => server.client({ server: 'not a url' })).toThrow('not a URL');
  });
});

describe('a proxy of the kubeconfig', () => {
  test('tunnels requests and watches', async () => {
    const tunnels: string[] = [];
    const proxy = createServer().on(
      'connect',
      ({ url = '' }: IncomingMessage, socket: Socket, head: Buffer) => {
        tunnels.push(url);
        const upstream = connect(Number(new URL(`http://${url}`).port), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          upstream.write(head);
          upstream.pipe(socket).pipe(upstream);
        });
        for (const end of [upstream, socket]) end.on('error', () => undefined);
      },
    );
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const client = server.client({ cluster: `, proxy-url: "http://127.0.0.1:${String(port)}"` });
    try {
      server.handle = ({ url }, response) => {
        if (url?.includes('watch') !== true) {
          json(response, 200, { a: 1 });
          return;
        }
        start(response);
        response.end(line('ADDED', 'a'));
      };
      expect(await client.get('/x')).toEqual({ a: 1 });
      expect((await collect(client.watch('/x'))).seen).toHaveLength(1);
      expect(tunnels).toEqual([server.url.slice(7), server.url.slice(7)]);
    } finally {
      await client.close();
      proxy.close();
    }
  });

  test('is http or https', () => {
    expect(() => server.client({ cluster: ', proxy-url: "socks5://x"' })).toThrow(
      'only http and https proxies',
    );
  });
});

test('what is no longer wanted when its credentials are there is not sent', async () => {
  const credential =
    '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}';
  const slow = server.file('slow.sh', `sleep 0.2; echo '${credential}'`);
  const client = server.client({
    user: `{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [${slow}]}}`,
  });
  let wanted = true;
  const answer = client.put('/x', {}, { wanted: () => wanted });
  wanted = false;
  await expect(answer).rejects.toMatchObject({ kind: 'aborted', uncertain: false });
  expect(server.seen).toEqual([]);
});

test('what is no longer wanted when a connection comes to it is not sent', async () => {
  const client = server.client({ connections: 1 });
  const answered = Promise.withResolvers<void>();
  server.handle = (_, response) => void answered.promise.then(() => json(response, 200, {}));
  const first = client.get('/first');
  let wanted = true;
  const second = client.put('/second', {}, { wanted: () => wanted });
  await eventually(() => (server.seen.length === 1 ? true : undefined));
  wanted = false;
  answered.resolve();
  await first;
  await expect(second).rejects.toMatchObject({ kind: 'aborted', uncertain: false });
  server.handle = (_, response) => json(response, 200, {});
  await client.get('/third');
  expect(server.seen.map(({ url }) => url)).toEqual(['/first', '/third']);
});

describe('401', () => {
  test('is tried once more with a token that has been rotated', async () => {
    const tokenFile = server.file('token', 'old\n');
    server.handle = ({ headers }, response) => {
      server.file('token', 'new\n');
      json(response, headers.authorization === 'Bearer new' ? 200 : 401, {});
    };
    const client = server.client({ user: `{tokenFile: ${tokenFile}}` });
    expect(await client.create('/x', {})).toEqual({});
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  test('is final when there is nothing better', async () => {
    server.handle = (_, response) => json(response, 401, {});
    const client = server.client();
    await expect(client.get('/x')).rejects.toThrow(failure({ kind: 'status', status: 401 }));
    expect(server.seen).toHaveLength(1);
  });

  test('is not tried once more for who no longer wants it', async () => {
    const tokenFile = server.file('token', 'old\n');
    let wanted = true;
    server.handle = (_, response) => {
      server.file('token', 'new\n');
      wanted = false;
      json(response, 401, {});
    };
    const client = server.client({ user: `{tokenFile: ${tokenFile}}` });
    const answer = client.put('/x', {}, { wanted: () => wanted });
    await expect(answer).rejects.toMatchObject({ kind: 'aborted', uncertain: false });
    expect(server.seen).toHaveLength(1);
  });

  test('many at once share one refresh', async () => {
    const marks = server.file('marks', '');
    const plugin = server.file(
      'plugin.sh',
      `echo x >> ${marks}
n=$(wc -l < ${marks})
echo "{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"t$n\\"}}"
`,
    );
    const user = `{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [${plugin}]}}`;
    server.handle = ({ headers }, response) =>
      json(response, headers.authorization === 'Bearer t2' ? 200 : 401, {});
    const client = server.client({ user });
    await Promise.all(Array.from({ length: 20 }, () => client.get('/x')));
    expect(server.seen.filter(({ headers }) => headers.authorization === 'Bearer t3')).toHaveLength(0);
  });
});

describe('a watch', () => {
  test('gives events as they come, in whatever pieces', async () => {
    server.handle = (_, response) => {
      start(response);
      const text = line('ADDED', 'a') + line('MODIFIED', 'ü') + line('BOOKMARK', '');
      const bytes = Buffer.from(text);
      const cut = bytes.indexOf('ü') + 1;
      response.write(bytes.subarray(0, cut));
      setTimeout(() => response.end(bytes.subarray(cut)), 20);
    };
    const { seen, error } = await collect(server.client().watch('/x', { query: { resourceVersion: '5' } }));
    expect(error).toBeUndefined();
    expect(seen).toEqual([
      { type: 'ADDED', object: { metadata: { name: 'a' } } },
      { type: 'MODIFIED', object: { metadata: { name: 'ü' } } },
      { type: 'BOOKMARK', object: { metadata: { name: '' } } },
    ]);
    expect(server.seen[0]?.url).toBe('/x?resourceVersion=5&watch=true');
  });

  test('lets no consumer, however slow, lose an event', async () => {
    server.handle = (_, response) => {
      start(response);
      for (let n = 0; n < 20_000; n += 1) response.write(line('ADDED', String(n)));
      response.end();
    };
    let count = 0;
    for await (const _ of server.client().watch('/x')) {
      count += 1;
      if (count % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(count).toBe(20_000);
  });

  test('does not wait in line behind requests', async () => {
    server.handle = ({ url }, response) => {
      if (url?.includes('watch') !== true) return;
      start(response);
      response.end(line('ADDED', 'a'));
    };
    const client = server.client({ connections: 1, timeoutMs: 500 });
    const stuck = client.get('/stuck');
    expect((await collect(client.watch('/x'))).seen).toHaveLength(1);
    await expect(stuck).rejects.toThrow(failure({ kind: 'timeout' }));
  });

  test.each([
    ['410 Gone', { code: 410, reason: 'Expired', message: 'too old' }, { kind: 'status', status: 410 }],
    ['500', { code: 500 }, { kind: 'status', status: 500 }],
  ])('throws an ERROR event of %s', async (_, object, expected) => {
    server.handle = (__, response) => {
      start(response);
      response.write(line('ADDED', 'a'));
      response.write(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', ...object } })}\n`);
    };
    const { seen, error } = await collect(server.client().watch('/x'));
    expect(seen).toHaveLength(1);
    expect(error).toEqual(failure(expected));
  });

  test.each<[string, (response: ServerResponse) => void, object]>([
    [
      '403',
      (r) => json(r, 403, { kind: 'Status', reason: 'Forbidden' }),
      { status: 403, reason: 'Forbidden' },
    ],
    ['a Retry-After', (r) => json(r, 429, {}, { 'retry-after': '3' }), { status: 429, retryAfterSeconds: 3 }],
    [
      'HTML',
      (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      { kind: 'protocol', reason: 'NotJSON' },
    ],
    [
      'an endless refusal',
      (r) => r.writeHead(500, { 'content-type': 'text/html' }).write('x'.repeat(200_000)),
      { kind: 'status', status: 500 },
    ],
    [
      'a line that is no JSON',
      (r) => (start(r), r.write('hello\n')),
      { kind: 'protocol', reason: 'NotJSON' },
    ],
    [
      'an unknown event',
      (r) => (start(r), r.write(line('NEW', 'a'))),
      { kind: 'protocol', reason: 'UnknownEvent' },
    ],
    [
      'a line too long',
      (r) => (start(r), r.write('x'.repeat(2_000))),
      { kind: 'protocol', reason: 'LineTooLong' },
    ],
    ['an end within a line', (r) => (start(r), r.end('{"type"')), { kind: 'protocol', reason: 'Truncated' }],
    ['a reset', (r) => (start(r), setTimeout(() => r.destroy(), 20)), { kind: 'network' }],
    ['silence', start, { kind: 'timeout', reason: 'WatchSilent' }],
    ['no answer at all', () => undefined, { kind: 'timeout', reason: undefined }],
  ])('fails on %s', async (_, handle, expected) => {
    server.handle = (__, response) => handle(response);
    const client = server.client({ maxEventBytes: 1_000, watchIdleMs: 200, timeoutMs: 400 });
    const { error } = await collect(client.watch('/x'));
    expect(error).toEqual(failure(expected));
  });

  test('every byte counts against silence', async () => {
    server.handle = (_, response) => {
      start(response);
      let beats = 0;
      const beat = setInterval(() => {
        beats += 1;
        if (beats < 8) response.write(line('BOOKMARK', ''));
        else response.end();
      }, 50);
      response.on('close', () => clearInterval(beat));
    };
    const { seen, error } = await collect(server.client({ watchIdleMs: 150 }).watch('/x'));
    expect(error).toBeUndefined();
    expect(seen).toHaveLength(7);
  });

  test('ends when it is given up, and closes its connection', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<void>();
    server.handle = (_, response) => {
      start(response);
      response.on('close', () => closed.resolve());
      setTimeout(() => controller.abort(), 50);
    };
    const { error } = await collect(server.client().watch('/x', { signal: controller.signal }));
    expect(error).toEqual(failure({ kind: 'aborted' }));
    await closed.promise;
  });

  test('closes its connection when nobody reads on', async () => {
    const closed = Promise.withResolvers<void>();
    server.handle = (_, response) => {
      start(response);
      response.on('close', () => closed.resolve());
      response.write(line('ADDED', 'a'));
    };
    for await (const event of server.client().watch('/x')) {
      expect(event.type).toBe('ADDED');
      break;
    }
    await closed.promise;
  });

  test('is tried once more after a 401', async () => {
    const tokenFile = server.file('token', 'old');
    server.handle = ({ headers }, response) => {
      if (headers.authorization === 'Bearer new') {
        start(response);
        response.end(line('ADDED', 'a'));
        return;
      }
      server.file('token', 'new');
      json(response, 401, {});
    };
    const client = server.client({ user: `{tokenFile: ${tokenFile}}` });
    expect((await collect(client.watch('/x'))).seen).toHaveLength(1);
  });
});

test('errors are of one class', async () => {
  server.handle = (_, response) => json(response, 404, {});
  await expect(server.client().get('/x')).rejects.toBeInstanceOf(KubeError);
});
