import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Connections } from '../../../src/bundle/sources/connections.ts';
import { uploader, type UploadOptions } from '../../../src/decision-log/upload.ts';
import { type Handler, WebServer } from '../../support/web-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'upload-'));
afterAll(() => rmSync(folder, { recursive: true }));
const token = join(folder, 'token');

let server: WebServer;
beforeEach(async () => {
  server = await WebServer.start((_, response) => void response.writeHead(200).end());
});
afterEach(() => server.stop());

const body = gzipSync('[{"decision_id":"1"}]');
const send = (options: Partial<UploadOptions> = {}, signal = new AbortController().signal) =>
  uploader({
    url: new URL(`${server.url}/logs/mine`),
    connections: new Connections({}, 5000),
    bearerTokenFile: undefined,
    userAgent: 'mine/1',
    ...options,
  })(body, signal);

test('an upload is as OPA makes it', async () => {
  writeFileSync(token, 's3cret\n');
  server.handle = (_, response) => void response.writeHead(204).end();
  expect(await send({ bearerTokenFile: token })).toEqual({ kind: 'taken' });
  const [seen] = server.seen;
  expect(seen).toMatchObject({
    method: 'POST',
    url: '/logs/mine',
    headers: {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      authorization: 'Bearer s3cret',
      'user-agent': 'mine/1',
      'content-length': String(body.length),
    },
  });
});

test.each<[number, Record<string, string>, object]>([
  [413, {}, { kind: 'too large' }],
  [429, { 'retry-after': '7' }, { kind: 'failed', status: 429, retryAfterMs: 7000 }],
  [503, { 'retry-after': 'soon' }, { kind: 'failed', status: 503, retryAfterMs: undefined }],
  [500, {}, { kind: 'failed', message: 'the server answered 500' }],
  [400, {}, { kind: 'failed', status: 400 }],
  [401, {}, { kind: 'failed', message: expect.stringContaining('decisionLog.service.credentials') }],
  [404, {}, { kind: 'failed', message: expect.stringContaining('decisionLog.service.resource') }],
  [
    307,
    { location: 'http://127.0.0.1:9/' },
    { kind: 'failed', message: expect.stringContaining('redirects') },
  ],
])('%i is said with what to do', async (status, headers, expected) => {
  server.handle = (_, response) => void response.writeHead(status, headers).end('secret text');
  const answer = await send();
  expect(answer).toMatchObject(expected);
  expect(JSON.stringify(answer)).not.toContain('secret text');
});

describe('a server is not waited for', () => {
  test.each<[string, Handler]>([
    ['that says nothing', () => undefined],
    [
      'that never comes to the end of its answer',
      (_, response) => {
        response.writeHead(500).flushHeaders();
        response.write('x');
      },
    ],
  ])('%s', async (_, handle) => {
    server.handle = handle;
    expect(await send({ timeoutMs: 50 })).toMatchObject({ kind: 'failed' });
  });

  test('that hangs up', async () => {
    server.handle = (request) => void request.socket.destroy();
    expect(await send()).toMatchObject({ kind: 'failed', message: expect.stringContaining(server.host) });
  });

  test('when the program ends', async () => {
    server.handle = () => undefined;
    const ending = new AbortController();
    const sent = send({}, ending.signal);
    ending.abort();
    expect(await sent).toMatchObject({ kind: 'failed' });
  });
});

test.each([
  ['missing', undefined, /bearerTokenFile .*none: cannot be read/],
  ['empty', '', /is empty/],
  ['two lines', 'a\nb', /not one token/],
])('a token that is %s is said, and nothing is sent', async (name, text, message) => {
  const file = join(folder, text === undefined ? 'none' : name);
  if (text !== undefined) writeFileSync(file, text);
  expect(await send({ bearerTokenFile: file })).toMatchObject({
    kind: 'failed',
    message: expect.stringMatching(message),
  });
  expect(server.seen).toEqual([]);
});
