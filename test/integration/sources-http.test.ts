import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BundleCache } from '../../src/bundle/sources/cache.ts';
import { openSource, type SourceConfig } from '../../src/bundle/sources/open.ts';
import { Poller } from '../../src/bundle/sources/poll.ts';
import { Pki } from '../control-plane/pki.ts';
import { freePort } from '../control-plane/ports.ts';
import { tarGz } from '../support/bundle.ts';
import { run } from '../support/command-line.ts';
import { csrObject } from '../support/csr-object.ts';
import { eventually } from '../support/eventually.ts';
import { Nginx } from '../support/nginx.ts';
import { WebServer } from '../support/web-server.ts';
import { cluster, nodes } from '../unit/cli/files.ts';

/** Bundles from a real nginx, over TLS. */

const defaultBundle = new URL('../../dist/default.tar.gz', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'sources-http-'));
const at = (name: string) => join(directory, name);
const { signal } = new AbortController();
let nginx: Nginx;
let base: string;
let clients: string;
let pki: Pki;

beforeAll(async () => {
  pki = await Pki.create();
  const server = await pki.issue({ commonName: 'nginx', names: ['127.0.0.1'], usage: 'server' });
  const client = await pki.issue({ commonName: 'approver', usage: 'client' });
  mkdirSync(at('www'));
  copyFileSync(defaultBundle, at('www/bundle.tar.gz'));
  const files = {
    'ca.crt': pki.certificate,
    'other-ca.crt': (await Pki.create()).certificate,
    'server.crt': server.certificate,
    'server.key': server.key,
    'client.crt': client.certificate,
    'client.key': client.key,
    token: 'swordfish\n',
    'www/page.html': '<html></html>',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
  const [port, clientPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  base = `https://127.0.0.1:${String(port)}`;
  clients = `https://127.0.0.1:${String(clientPort)}`;
  const tls = `ssl_certificate ${directory}/server.crt; ssl_certificate_key ${directory}/server.key; root ${directory}/www;`;
  nginx = await Nginx.start(
    `server {
      listen 127.0.0.1:${String(port)} ssl; ${tls}
      location /token/ {
        if ($http_authorization != "Bearer swordfish") { return 401; }
        alias ${directory}/www/;
      }
      location /forbidden { return 403; }
      location /busy { add_header Retry-After 7 always; return 503; }
      location /away { return 302 ${clients}/bundle.tar.gz; }
      location /plain { return 302 http://127.0.0.1:${String(port)}/bundle.tar.gz; }
      location = /page { types {} default_type text/html; alias ${directory}/www/page.html; }
    }
    server {
      listen 127.0.0.1:${String(clientPort)} ssl; ${tls}
      ssl_client_certificate ${directory}/ca.crt; ssl_verify_client on;
    }`,
    port,
  );
});
afterAll(async () => {
  await nginx.stop();
  rmSync(directory, { recursive: true });
});

const config = (bundle: string, more: Partial<SourceConfig> = {}): SourceConfig => ({
  bundle,
  polling: { minDelaySeconds: 1, maxDelaySeconds: 1, longPollSeconds: 0 },
  credentials: {},
  caFile: at('ca.crt'),
  ...more,
});
const clientFiles = { clientCertificateFile: at('client.crt'), clientKeyFile: at('client.key') };
const fetch = (...args: Parameters<typeof config>) => openSource(config(...args)).fetch(undefined, signal);
const refusal = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

test('a bundle comes once; then nginx says 304', async () => {
  const source = openSource(config(`${base}/bundle.tar.gz`));
  const first = await source.fetch(undefined, signal);
  expect(first?.files.has('policy.wasm')).toBe(true);
  expect(await source.fetch(first?.version, signal)).toBeUndefined();
  await eventually(() => nginx.accesses().find((line) => /^304 GET \/bundle\.tar\.gz "[^"]+"$/.test(line)));
});

test('polling sees the file replaced, keeps it, and outlives the server', async () => {
  const url = `${base}/polled.tar.gz`;
  // Of another length each: nginx makes the ETag of size and time, and that in seconds.
  const write = async (revision: string) => {
    writeFileSync(at('www/polled.new'), await tarGz([{ name: '.manifest', content: revision }]));
    renameSync(at('www/polled.new'), at('www/polled.tar.gz'));
  };
  await write('1');
  const cache = new BundleCache(at('cache'), url, (message) => {
    throw new Error(message);
  });
  const seen: string[] = [];
  const errors: unknown[] = [];
  const poller = new Poller({
    source: openSource(config(url)),
    delays: { minMs: 100, maxMs: 200, retryBaseMs: 100, retryCapMs: 200 },
    onBundle: async (fetched) => {
      await cache.write(fetched);
      seen.push(Buffer.from(fetched.files.get('.manifest') ?? []).toString());
    },
    onError: (cause) => errors.push(cause),
  });
  poller.start();
  await eventually(() => (seen.length === 1 ? true : undefined));
  await write('a second');
  await eventually(() => (seen.length === 2 ? true : undefined));
  rmSync(at('www/polled.tar.gz'));
  await eventually(() => (errors.length > 1 ? true : undefined));
  expect(errors[0]).toEqual(refusal('SourceNotFound', /404/));
  await write('and a third');
  await eventually(() => (seen.length === 3 ? true : undefined));
  await poller.stop();
  expect(seen).toEqual(['1', 'a second', 'and a third']);
  const kept = await cache.read();
  expect(Buffer.from(kept?.files.get('.manifest') ?? []).toString()).toBe('and a third');
});

test('a bearer token lets in, another does not, and a rotated one is read again', async () => {
  const source = openSource(
    config(`${base}/token/bundle.tar.gz`, { credentials: { bearerTokenFile: at('token') } }),
  );
  const first = await source.fetch(undefined, signal);
  expect(first?.files.has('policy.wasm')).toBe(true);
  writeFileSync(at('token'), 'stale');
  await expect(source.fetch(first?.version, signal)).rejects.toThrow(refusal('SourceUnauthorized', /401/));
  writeFileSync(at('token'), 'swordfish\n');
  expect(await source.fetch(first?.version, signal)).toBeUndefined();
  await expect(fetch(`${base}/token/bundle.tar.gz`)).rejects.toThrow(
    refusal('SourceUnauthorized', /bearerTokenFile/),
  );
});

describe('a client certificate', () => {
  test('lets in, and is read again when it changes', async () => {
    const source = openSource(config(`${clients}/bundle.tar.gz`, { credentials: clientFiles }));
    const first = await source.fetch(undefined, signal);
    expect(first?.files.has('policy.wasm')).toBe(true);
    const stranger = await (await Pki.create()).issue({ commonName: 'x', usage: 'client' });
    const old = await pki.issue({ commonName: 'approver', usage: 'client' });
    writeFileSync(at('client.key'), stranger.key);
    // The certificate is still the old one: the two do not fit, and what was read before goes on.
    expect(await source.fetch(first?.version, signal)).toBeUndefined();
    writeFileSync(at('client.crt'), stranger.certificate);
    await expect(source.fetch(first?.version, signal)).rejects.toThrow(refusal('SourceStatus', /400/));
    writeFileSync(at('client.crt'), old.certificate);
    writeFileSync(at('client.key'), old.key);
    expect(await source.fetch(first?.version, signal)).toBeUndefined();
  });

  test('is missed', async () => {
    await expect(fetch(`${clients}/bundle.tar.gz`)).rejects.toThrow(refusal('SourceStatus', /400/));
  });

  test('is not shown where a redirect leads to', async () => {
    await expect(fetch(`${base}/away`, { credentials: clientFiles })).rejects.toThrow(
      refusal('SourceStatus', /400/),
    );
  });

  test('that is none is refused', async () => {
    const credentials = { ...clientFiles, clientCertificateFile: at('token') };
    await expect(fetch(`${clients}/bundle.tar.gz`, { credentials })).rejects.toThrow(
      refusal('SourceCredentials', /not usable for TLS/),
    );
  });
});

test.each<[string, string, Partial<SourceConfig>, string, RegExp]>([
  ['a server of another CA', '/bundle.tar.gz', { caFile: at('other-ca.crt') }, 'SourceUntrusted', /caFile/],
  ['a server of no CA of the system', '/bundle.tar.gz', { caFile: undefined }, 'SourceUntrusted', /caFile/],
  ['a CA file that is not there', '/bundle.tar.gz', { caFile: at('none') }, 'SourceCredentials', /ENOENT/],
  ['a page', '/page', {}, 'SourceContent', /text\/html/],
  ['what is not there', '/none.tar.gz', {}, 'SourceNotFound', /404/],
  ['what is forbidden', '/forbidden', {}, 'SourceForbidden', /403/],
  ['a busy server', '/busy', {}, 'SourceUnavailable', /503/],
  ['a redirect to no TLS', '/plain', {}, 'SourceRedirect', /without TLS/],
])('%s', async (_, path, more, code, message) => {
  await expect(fetch(`${base}${path}`, more)).rejects.toThrow(refusal(code, message));
});

test('a server by a name that is not in its certificate', async () => {
  await expect(fetch(`${base.replace('127.0.0.1', 'localhost')}/bundle.tar.gz`)).rejects.toThrow(
    refusal('SourceUntrusted', /ERR_TLS_CERT_ALTNAME_INVALID/),
  );
});

test('long polling: the server holds the request until there is something new', async () => {
  const bundles = [
    await tarGz([{ name: '.manifest', content: '1' }]),
    await tarGz([{ name: '.manifest', content: '2' }]),
  ];
  let current = 0;
  let held: (() => void) | undefined;
  await using server = await WebServer.start((request, response) => {
    const etag = `"${String(current)}"`;
    const answer = (): void => {
      const headers = {
        etag: `"${String(current)}"`,
        'content-type': 'application/vnd.openpolicyagent.bundles',
      };
      response.writeHead(200, headers).end(bundles[current]);
    };
    if (request.headers['if-none-match'] === etag) held = answer;
    else answer();
  });
  const seen: string[] = [];
  const poller = new Poller({
    source: openSource(
      config(`${server.url}/b.tar.gz`, {
        polling: { minDelaySeconds: 3600, maxDelaySeconds: 3600, longPollSeconds: 300 },
      }),
    ),
    delays: { minMs: 3_600_000, maxMs: 3_600_000, retryBaseMs: 1_000, retryCapMs: 1_000 },
    onBundle: ({ files }) => void seen.push(Buffer.from(files.get('.manifest') ?? []).toString()),
    onError: (cause) => void seen.push(String(cause)),
  });
  poller.start();
  const release = await eventually(() => held);
  current = 1;
  release();
  await eventually(() => (seen.length === 2 ? true : undefined));
  // What is held is given up.
  await poller.stop();
  expect(seen).toEqual(['1', '2']);
  expect(server.seen[0]?.headers['prefer']).toBe('modes=snapshot;wait=300');
});

test('review --bundle decides by a bundle of a server', async () => {
  const files = { 'csr.json': csrObject(), 'nodes.json': nodes, 'cluster.json': cluster };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), JSON.stringify(content));
  writeFileSync(
    at('config.yaml'),
    `apiVersion: rego-csr-approver/v1alpha1
kind: ApproverConfiguration
policy:
  bundle: ${base}/token/bundle.tar.gz
  credentials: {bearerTokenFile: ${at('token')}}
  caFile: ${at('ca.crt')}
`,
  );
  const told = [
    '--nodes',
    at('nodes.json'),
    '--cluster',
    at('cluster.json'),
    '--assume',
    'sar.selfnodeserver=allowed',
  ];
  const review = ['review', '-f', at('csr.json'), ...told, '--config', at('config.yaml')];
  const reviewed = await run(review);
  expect(reviewed).toMatchObject({ code: 0, out: expect.stringContaining('verdict: approve') });
  const other = await run([...review, '--bundle', `${base}/none.tar.gz`]);
  expect(other).toMatchObject({ code: 2, err: expect.stringMatching(/^error: SourceNotFound: .*404/) });
});
