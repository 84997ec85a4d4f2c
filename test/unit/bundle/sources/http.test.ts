import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleLimits } from '../../../../src/bundle/files.ts';
import { SourceError } from '../../../../src/bundle/sources/error.ts';
import { defaultTimeouts, type Timeouts } from '../../../../src/bundle/sources/exchange.ts';
import { openSource, type SourceConfig } from '../../../../src/bundle/sources/open.ts';
import { parseRetryAfter } from '../../../../src/bundle/sources/web.ts';
import { tarGz } from '../../../support/bundle.ts';
import { type Handler, WebServer } from '../../../support/web-server.ts';

let archive: Uint8Array;
const longPollType = 'application/vnd.openpolicyagent.bundles';
const directory = mkdtempSync(join(tmpdir(), 'http-source-'));
let server: WebServer;
beforeAll(async () => {
  archive = await tarGz([{ name: '.manifest', content: '{}' }]);
});
beforeEach(async () => {
  server = await WebServer.start();
});
afterEach(() => server.stop());
afterAll(() => rmSync(directory, { recursive: true }));

interface More {
  readonly credentials?: SourceConfig['credentials'];
  readonly longPollSeconds?: number;
  readonly keys?: SourceConfig['keys'];
  readonly timeouts?: Partial<Timeouts>;
  readonly scheme?: 'https' | 'http';
}
const open = ({ credentials = {}, longPollSeconds = 0, keys, timeouts, scheme = 'http' }: More = {}) =>
  openSource(
    {
      bundle: `${scheme}://${server.host}/bundle.tar.gz`,
      polling: { minDelaySeconds: 60, maxDelaySeconds: 120, longPollSeconds },
      credentials,
      keys,
    },
    { timeouts: { ...defaultTimeouts, ...timeouts } },
  );
const { signal } = new AbortController();
const ok: Handler = (_, response) =>
  void response.writeHead(200, { 'content-type': 'application/gzip' }).end(archive);
const refusal = (code: string, message = /./) =>
  expect.objectContaining({ name: 'PolicyError', code, message: expect.stringMatching(message) });

/** Answers as a server with ETags does. */
const withTag =
  (etag: string, headers = {}): Handler =>
  (request, response) => {
    if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag, ...headers }).end(archive);
  };

const waits = () => server.seen.map(({ headers }) => headers['prefer']);
const html: Handler = (_, response) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>');
const drip: Handler = (_, response) => {
  response.writeHead(200, { 'content-length': archive.length });
  const timer = setInterval(() => response.write(archive.subarray(0, 1)), 20);
  response.on('close', () => clearInterval(timer));
};
const stall: Handler = (_, response) => {
  response.writeHead(200, { 'content-length': archive.length }).write(archive.subarray(0, 9));
};
const to =
  (location: string, status = 302): Handler =>
  (_, response) =>
    void response.writeHead(status, { location }).end();

test('asks for a snapshot, and gives what came', async () => {
  server.handle = ok;
  const fetched = await open().fetch(undefined, signal);
  expect([...(fetched?.files.keys() ?? [])]).toEqual(['.manifest']);
  expect(Buffer.from(fetched?.archive ?? [])).toEqual(Buffer.from(archive));
  expect(server.seen[0]).toMatchObject({
    method: 'GET',
    url: '/bundle.tar.gz',
    headers: { prefer: 'modes=snapshot', 'accept-encoding': 'identity', 'user-agent': 'rego-csr-approver' },
  });
  expect(server.seen[0]?.headers).not.toHaveProperty('authorization');
  expect(server.seen[0]?.headers).not.toHaveProperty('if-none-match');
});

describe('ETag', () => {
  test.each(['"1"', 'W/"weak"', 'bare'])(
    '%s is sent back with the version that it came with',
    async (etag) => {
      server.handle = withTag(etag);
      const source = open();
      const first = await source.fetch(undefined, signal);
      expect(await source.fetch(first?.version, signal)).toBeUndefined();
      expect(server.seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, etag]);
      expect(await source.fetch('sha256:other', signal)).toEqual(first);
      expect(server.seen.at(-1)?.headers).not.toHaveProperty('if-none-match');
    },
  );

  test.each(['"two" lines', `"${'x'.repeat(300)}"`])('%s is not sent back', async (etag) => {
    server.handle = withTag(etag);
    const source = open();
    const first = await source.fetch(undefined, signal);
    expect(await source.fetch(first?.version, signal)).toBeUndefined();
    expect(server.seen.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  test('that changes over the same content makes nothing new', async () => {
    server.handle = withTag('"1"');
    const source = open();
    const first = await source.fetch(undefined, signal);
    server.handle = withTag('"2"');
    expect(await source.fetch(first?.version, signal)).toBeUndefined();
    await source.fetch(first?.version, signal);
    expect(server.seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"2"']);
  });

  test('of a bundle that could not be read is not kept', async () => {
    const source = open();
    server.handle = withTag('"1"');
    const good = archive;
    archive = archive.subarray(0, -8);
    await expect(source.fetch(undefined, signal)).rejects.toThrow(refusal('BundleUnreadable'));
    archive = good;
    expect((await source.fetch(undefined, signal))?.files.size).toBe(1);
    expect(server.seen.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  test('a 304 that was not asked for is an error', async () => {
    server.handle = (_, response) => void response.writeHead(304).end();
    await expect(open().fetch(undefined, signal)).rejects.toThrow(refusal('SourceStatus', /304/));
  });
});

describe('long polling', () => {
  test('goes on while the server offers it; a 304 changes nothing', async () => {
    server.handle = withTag('"1"', { 'content-type': longPollType });
    const source = open({ longPollSeconds: 30 });
    const first = await source.fetch(undefined, signal);
    await source.fetch(first?.version, signal);
    expect(source.longPolling).toBe(true);
    expect(waits()).toEqual(['modes=snapshot;wait=30', 'modes=snapshot;wait=30']);
  });

  test('ends with the first bundle that does not offer it, and comes back with one that does', async () => {
    server.handle = withTag('"1"', { 'content-type': 'application/gzip' });
    const source = open({ longPollSeconds: 30 });
    const first = await source.fetch(undefined, signal);
    expect(source.longPolling).toBe(false);
    await source.fetch(first?.version, signal);
    server.handle = withTag('"2"', { 'content-type': longPollType });
    await source.fetch(first?.version, signal);
    expect(source.longPolling).toBe(true);
    expect(waits()).toEqual(['modes=snapshot;wait=30', 'modes=snapshot', 'modes=snapshot']);
  });

  test('is not done unless configured', async () => {
    server.handle = withTag('"1"', { 'content-type': longPollType });
    const source = open();
    await source.fetch(undefined, signal);
    expect(source.longPolling).toBe(false);
  });

  test('gives the server that much longer', async () => {
    const answer = Promise.withResolvers<void>();
    server.handle = (request, response, seen) => {
      void answer.promise.then(() => ok(request, response, seen));
    };
    const fetching = open({ longPollSeconds: 60, timeouts: { headersMs: 100, totalMs: 100 } }).fetch(
      undefined,
      signal,
    );
    const short = open({ timeouts: { headersMs: 100, totalMs: 100 } }).fetch(undefined, signal);
    await expect(short).rejects.toThrow(refusal('SourceTimeout'));
    answer.resolve();
    expect((await fetching)?.files.size).toBe(1);
  });
});

describe('bearer token', () => {
  const file = join(directory, 'token');
  const credentials = { bearerTokenFile: file };

  test('is read again for each request', async () => {
    server.handle = ok;
    const source = open({ credentials });
    writeFileSync(file, 'first\n');
    await source.fetch(undefined, signal);
    writeFileSync(file, 'second');
    await source.fetch(undefined, signal);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer second',
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['that is empty', '', /is empty/],
    ['of only a newline', '\n', /not one token/],
    ['of two lines', 'secret\r\nx-evil: 1', /not one token/],
    ['that is not ASCII', 'secrét', /not one token/],
  ])('a file %s is refused, and nothing is asked', async (_, content, message) => {
    writeFileSync(file, content);
    const fetching = open({ credentials }).fetch(undefined, signal);
    await expect(fetching).rejects.toThrow(refusal('SourceCredentials', message));
    await expect(fetching).rejects.not.toThrow(/secr/);
    expect(server.seen).toEqual([]);
  });

  test('a file that is not there is refused', async () => {
    await expect(
      open({ credentials: { bearerTokenFile: '/none' } }).fetch(undefined, signal),
    ).rejects.toThrow(refusal('SourceCredentials', /bearerTokenFile \/none.*ENOENT/));
  });
});

describe('an answer that is no bundle', () => {
  test.each<[string, Handler, string, RegExp]>([
    ['401', (_, r) => void r.writeHead(401).end('secret'), 'SourceUnauthorized', /401.*credentials/],
    ['403', (_, r) => void r.writeHead(403).end('secret'), 'SourceForbidden', /403/],
    ['404', (_, r) => void r.writeHead(404).end('secret'), 'SourceNotFound', /404/],
    ['400', (_, r) => void r.writeHead(400).end('secret'), 'SourceStatus', /400/],
    ['206', (_, r) => void r.writeHead(206).end(archive), 'SourceStatus', /206/],
    ['500', (_, r) => void r.writeHead(500).end('secret'), 'SourceUnavailable', /500/],
    ['a page', html, 'SourceContent', /text\/html.*URL of the bundle/],
    ['nothing', (_, r) => void r.writeHead(200).end(), 'SourceContent', /empty/],
    [
      'a type that moves the cursor',
      (_, r) => void r.writeHead(200, { 'content-type': 'a/\u009bb' }).end('x'),
      'SourceContent',
      /u\{9b\}/,
    ],
    ['half', (_, r) => void r.writeHead(200).end(archive.subarray(0, 40)), 'BundleUnreadable', /damaged/],
    [
      'less than announced',
      (_, r) => {
        r.writeHead(200, { 'content-length': archive.length });
        r.write(archive.subarray(0, 40), () => r.destroy());
      },
      'SourceTruncated',
      /ended early/,
    ],
    [
      'a chunk too few',
      (_, r) => {
        r.writeHead(200);
        r.write(archive, () => r.destroy());
      },
      'SourceTruncated',
      /ended early/,
    ],
    ['a reset', (request) => void request.socket.resetAndDestroy(), 'SourceUnreachable', /ECONNRESET/],
    ['an end', (request) => void request.socket.end(), 'SourceUnreachable', /other side closed/],
    ['no HTTP', (request) => void request.socket.end('SSH-2.0\r\n\r\n'), 'SourceUnreachable', /no answer/],
    [
      'a gzip bomb',
      (_, r) => void r.writeHead(200).end(gzipSync(Buffer.alloc(bundleLimits.totalBytes + 1))),
      'BundleTooLarge',
      /when unpacked/,
    ],
    [
      'more than a bundle may have, announced',
      (_, r) => {
        r.writeHead(200, { 'content-length': bundleLimits.totalBytes + 1 });
        r.write('x');
      },
      'BundleTooLarge',
      /answer is larger/,
    ],
    [
      'an endless answer',
      (_, r) => {
        r.writeHead(200);
        const more = (): void => void (r.destroyed || r.write(Buffer.alloc(1024 * 1024), more));
        more();
      },
      'BundleTooLarge',
      /answer is larger/,
    ],
  ])('%s', async (_, handle, code, message) => {
    server.handle = handle;
    const source = open({ timeouts: { idleMs: 20_000 } });
    const fetching = source.fetch(undefined, signal);
    await expect(fetching).rejects.toThrow(refusal(code, message));
    await expect(fetching).rejects.not.toThrow(/secret/);
    server.handle = ok;
    expect((await source.fetch(undefined, signal))?.files.size).toBe(1);
  });

  test('that does not come, stalls, or drips', async () => {
    const cases: [Handler, Partial<Timeouts>, RegExp][] = [
      [() => undefined, { headersMs: 100 }, /does not answer/],
      [stall, { idleMs: 100 }, /does not answer/],
      [drip, { idleMs: 10_000, totalMs: 300 }, /not whole after 0.3 seconds/],
    ];
    for (const [handle, timeouts, message] of cases) {
      server.handle = handle;
      // oxlint-disable-next-line no-await-in-loop -- one server
      await expect(open({ timeouts }).fetch(undefined, signal)).rejects.toThrow(
        refusal('SourceTimeout', message),
      );
    }
  });

  test('nobody there', async () => {
    const source = open();
    await server.stop();
    await expect(source.fetch(undefined, signal)).rejects.toThrow(
      refusal('SourceUnreachable', /ECONNREFUSED/),
    );
    server = await WebServer.start();
  });

  test('a server without TLS', async () => {
    const fetching = open({ scheme: 'https' }).fetch(undefined, signal);
    await expect(fetching).rejects.toThrow(refusal('SourceUntrusted', /WRONG_VERSION_NUMBER\)$/));
  });

  test('a stop gives up at once', async () => {
    const stopping = new AbortController();
    server.handle = () => stopping.abort();
    await expect(open().fetch(undefined, stopping.signal)).rejects.toThrow(refusal('SourceStopped'));
  });
});

describe('Retry-After', () => {
  test.each([
    [429, 'SourceThrottled'],
    [503, 'SourceUnavailable'],
  ])('of a %d goes with the error', async (status, code) => {
    server.handle = (_, response) => void response.writeHead(status, { 'retry-after': '7' }).end();
    const cause: unknown = await open()
      .fetch(undefined, signal)
      .catch((error: unknown) => error);
    expect(cause).toBeInstanceOf(SourceError);
    expect(cause).toMatchObject({ code, retryAfterMs: 7_000 });
  });

  test.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['0', 0],
    ['120', 120_000],
    ['-1', undefined],
    ['1e9', undefined],
    ['9999999999', undefined],
    ['soon', undefined],
    ['Sun, 06 Nov 1994 08:49:47 GMT', 10_000],
    ['Sun, 06 Nov 1994 08:49:27 GMT', 0],
    ['Sun, nonsense', undefined],
  ])('%s', (value, ms) => {
    expect(parseRetryAfter(value, Date.parse('1994-11-06T08:49:37Z'))).toBe(ms);
  });
});

describe('redirects', () => {
  const file = join(directory, 'redirect-token');
  writeFileSync(file, 'secret');
  const credentials = { bearerTokenFile: file };
  test.each([301, 302, 303, 307, 308])('%d within the server is followed, with the token', async (status) => {
    server.handle = (request, response, seen) =>
      (seen.url === '/moved' ? ok : to('/moved', status))(request, response, seen);
    expect((await open({ credentials }).fetch(undefined, signal))?.files.size).toBe(1);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer secret',
      'Bearer secret',
    ]);
  });

  test('to another origin is followed without the token, also when that leads back', async () => {
    await using other = await WebServer.start();
    other.handle = to(`${server.url}/back`);
    server.handle = (request, response, seen) =>
      (seen.url === '/back' ? ok : to(`${other.url}/away`))(request, response, seen);
    expect((await open({ credentials }).fetch(undefined, signal))?.files.size).toBe(1);
    expect(server.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/bundle.tar.gz', 'Bearer secret'],
      ['/back', undefined],
    ]);
    expect(other.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/away', undefined],
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['in a circle', '/bundle.tar.gz', /more than 5/],
    ['to nowhere', 'http://[', /without a usable Location/],
    ['to a file', 'file:///etc/passwd', /file:/],
    ['with a password', 'https://me:secret@example.com/', /credentials in the URL/],
    ['without TLS to another machine', 'http://bundles.example.com/b', /bundles\.example\.com, without TLS/],
  ])('%s are not followed', async (_, location, message) => {
    server.handle = to(location);
    const fetching = open().fetch(undefined, signal);
    await expect(fetching).rejects.toThrow(refusal('SourceRedirect', message));
    await expect(fetching).rejects.not.toThrow(/secret/);
  });

  test('without a Location are not followed', async () => {
    server.handle = (_, response) => void response.writeHead(302).end();
    await expect(open().fetch(undefined, signal)).rejects.toThrow(
      refusal('SourceRedirect', /usable Location/),
    );
  });
});
