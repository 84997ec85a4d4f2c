import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestBytes } from '../../../../src/bundle/digest.ts';
import { bundleLimits } from '../../../../src/bundle/files.ts';
import { Connections } from '../../../../src/bundle/sources/connections.ts';
import { defaultTimeouts } from '../../../../src/bundle/sources/exchange.ts';
import { OciSource } from '../../../../src/bundle/sources/oci.ts';
import { parseOciReference } from '../../../../src/bundle/sources/oci-reference.ts';
import { Web } from '../../../../src/bundle/sources/web.ts';
import { credentialFor } from '../../../../src/bundle/sources/docker-config.ts';
import { parseChallenges, RegistryAuth } from '../../../../src/bundle/sources/oci-auth.ts';
import { openSource } from '../../../../src/bundle/sources/open.ts';
import { tarGz } from '../../../support/bundle.ts';
import { type Handler, WebServer } from '../../../support/web-server.ts';

const ociType = 'application/vnd.oci.image.manifest.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
const directory = mkdtempSync(join(tmpdir(), 'oci-source-'));
const { signal } = new AbortController();
const refusal = (code: string, message = /./) =>
  expect.objectContaining({ name: 'PolicyError', code, message: expect.stringMatching(message) });
const base64 = (text: string) => Buffer.from(text).toString('base64');

let archive: Uint8Array;
let server: WebServer;
/** What the registry holds, by path under /v2/a/b/. */
let store: Map<string, { readonly body: Uint8Array; readonly type: string }>;
/** Headers of its answers beside the type. */
let extra: (path: string) => Record<string, string>;
/** Refuses before anything else. */
let guard: (...args: Parameters<Handler>) => boolean;

beforeAll(async () => {
  archive = await tarGz([{ name: '.manifest', content: '{}' }]);
});
beforeEach(async () => {
  store = new Map();
  extra = () => ({});
  guard = () => true;
  server = await WebServer.start((request, response, seen) => {
    if (!guard(request, response, seen)) return;
    const path = seen.url.replace('/v2/a/b/', '');
    const found = store.get(path);
    if (found === undefined) return void response.writeHead(404).end();
    const headers = {
      'content-type': found.type,
      'docker-content-digest': digestBytes(found.body),
      ...extra(path),
    };
    response.writeHead(200, headers).end(found.body);
  });
});
afterEach(() => server.stop());
afterAll(() => rmSync(directory, { recursive: true }));

interface Manifest {
  schemaVersion: number;
  mediaType?: string;
  layers: { mediaType: string; digest: string; size: number }[];
  [more: string]: unknown;
}

/** Puts a bundle under a tag, its manifest changed as the test wants it; gives the manifest's digest. */
function push(
  tag: string,
  content = archive,
  change: (manifest: Manifest) => unknown = () => undefined,
): string {
  const digest = digestBytes(content);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: ociType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestBytes(Buffer.from('{}')),
      size: 2,
    },
    layers: [{ mediaType: layerType, digest, size: content.length }],
  };
  const changed = change(manifest) ?? manifest;
  const body = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed));
  store.set(`blobs/${digest}`, { body: content, type: 'application/octet-stream' });
  for (const name of [tag, digestBytes(body)]) store.set(`manifests/${name}`, { body, type: ociType });
  return digestBytes(body);
}

const open = (at = ':1', dockerConfigFile?: string) =>
  openSource({
    bundle: `oci+http://${server.host}/a/b${at}`,
    polling: { minDelaySeconds: 60, maxDelaySeconds: 120, longPollSeconds: 0 },
    credentials: { dockerConfigFile },
  });
const asked = () =>
  server.seen.map(({ method, url }) => `${method} ${url.replace('/v2/a/b/', '').replace(/sha256:.*/, '…')}`);

const layers =
  (change: (layer: Manifest['layers'][number]) => object | object[]) =>
  (manifest: Manifest): object => ({
    ...manifest,
    layers: manifest.layers.flatMap((layer) => change(layer)),
  });

describe('by tag', () => {
  test('what is new is fetched, what is known is asked for with HEAD', async () => {
    push('1');
    const source = open();
    const first = await source.fetch(undefined, signal);
    expect(first).toMatchObject({ version: digestBytes(archive) });
    expect(Buffer.from(first?.archive ?? [])).toEqual(Buffer.from(archive));
    expect(await source.fetch(first?.version, signal)).toBeUndefined();
    const second = await tarGz([{ name: '.manifest', content: '{"revision": "2"}' }]);
    push('1', second);
    expect((await source.fetch(first?.version, signal))?.version).toBe(digestBytes(second));
    expect(asked()).toEqual([
      'GET manifests/1',
      'GET blobs/…',
      'HEAD manifests/1',
      'HEAD manifests/1',
      'GET manifests/1',
      'GET blobs/…',
    ]);
  });

  test('another manifest of the same layer is nothing new', async () => {
    push('1');
    const source = open();
    const first = await source.fetch(undefined, signal);
    push('1', archive, (manifest) => ({ ...manifest, annotations: { a: 'b' } }));
    expect(await source.fetch(first?.version, signal)).toBeUndefined();
    expect(asked().filter((line) => line.includes('blobs'))).toHaveLength(1);
  });

  test('a version known from a cache needs no blob', async () => {
    push('1');
    expect(await open().fetch(digestBytes(archive), signal)).toBeUndefined();
    expect(asked()).toEqual(['GET manifests/1']);
  });
});

test('by digest is asked for once', async () => {
  const source = open(`@${push('1')}`);
  const first = await source.fetch(undefined, signal);
  expect(await source.fetch(first?.version, signal)).toBeUndefined();
  expect(asked()).toEqual(['GET manifests/…', 'GET blobs/…']);
  expect((await source.fetch('sha256:other', signal))?.version).toBe(first?.version);
});

test('a layer of the type that OPA had first', async () => {
  push('1', archive, (manifest) => {
    manifest.layers = manifest.layers.map((layer) => ({
      ...layer,
      mediaType: 'application/vnd.cncf.openpolicyagent.layer.v1.tar+gzip',
    }));
  });
  expect((await open().fetch(undefined, signal))?.files.size).toBe(1);
});

describe('is refused', () => {
  test.each<[string, (manifest: Manifest) => unknown, string, RegExp]>([
    ['an index', () => ({ schemaVersion: 2, manifests: [] }), 'SourceManifest', /an index/],
    [
      'an index by its type',
      (m) => ({ ...m, mediaType: 'application/vnd.oci.image.index.v1+json' }),
      'SourceManifest',
      /an index/,
    ],
    [
      "docker's own kind",
      (m) => ({ ...m, mediaType: 'application/vnd.docker.distribution.manifest.v2+json' }),
      'SourceManifest',
      /docker.*push it as/,
    ],
    ['no layer', layers(() => []), 'SourceManifest', /0 layers/],
    ['two layers', layers((layer) => [layer, layer]), 'SourceManifest', /2 layers/],
    [
      'an uncompressed layer',
      layers((l) => ({ ...l, mediaType: 'application/vnd.oci.image.layer.v1.tar' })),
      'SourceManifest',
      /layer of type.*push it as/,
    ],
    [
      'a layer of another digest',
      layers((l) => ({ ...l, digest: `sha512:${'a'.repeat(128)}` })),
      'SourceManifest',
      /sha256/,
    ],
    [
      'a digest that leads elsewhere',
      layers((l) => ({ ...l, digest: '../../x' })),
      'SourceManifest',
      /sha256/,
    ],
    ['a layer without a size', layers((l) => ({ ...l, size: undefined })), 'SourceManifest', /size/],
    ['a layer of nothing', layers((l) => ({ ...l, size: 0 })), 'SourceManifest', /size/],
    [
      'too large a layer',
      layers((l) => ({ ...l, size: bundleLimits.totalBytes + 1 })),
      'BundleTooLarge',
      /larger/,
    ],
    ['a layer larger than it says', layers((l) => ({ ...l, size: l.size - 1 })), 'BundleTooLarge', /larger/],
    ['an old schema', (m) => ({ ...m, schemaVersion: 1 }), 'SourceManifest', /schemaVersion/],
    ['a list', () => [], 'SourceManifest', /OCI image manifest/],
    ['what is no JSON', () => '<html>', 'SourceManifest', /not JSON/],
  ])('%s', async (_, change, code, message) => {
    push('1');
    expect((await open().fetch(undefined, signal))?.files.size).toBe(1);
    push('1', archive, change);
    await expect(open().fetch(undefined, signal)).rejects.toThrow(refusal(code, message));
  });

  test('a manifest that is not the digest that was asked for', async () => {
    const digest = push('1');
    const other = Buffer.from(JSON.stringify({ schemaVersion: 2 }));
    store.set(`manifests/${digest}`, { body: other, type: ociType });
    await expect(open(`@${digest}`).fetch(undefined, signal)).rejects.toThrow(
      refusal('SourceDigest', /manifest/),
    );
  });

  test('a manifest that is not the digest that it came with', async () => {
    const digest = push('1');
    push('1', archive, (manifest) => ({ ...manifest, annotations: {} }));
    extra = () => ({ 'docker-content-digest': digest });
    await expect(open().fetch(undefined, signal)).rejects.toThrow(refusal('SourceDigest', /manifest/));
  });

  test('a layer that is not its digest', async () => {
    push('1');
    const tampered = Uint8Array.from(archive).fill(0, 30, 31);
    store.set(`blobs/${digestBytes(archive)}`, { body: tampered, type: 'application/octet-stream' });
    await expect(open().fetch(undefined, signal)).rejects.toThrow(refusal('SourceDigest', /layer/));
  });

  test('a tag that is not there', async () => {
    await expect(open().fetch(undefined, signal)).rejects.toThrow(refusal('SourceNotFound', /404/));
  });

  test('a manifest of more than a megabyte', async () => {
    push('1', archive, (manifest) => ({ ...manifest, annotations: { a: 'x'.repeat(1024 * 1024) } }));
    await expect(open().fetch(undefined, signal)).rejects.toThrow(refusal('BundleTooLarge'));
  });
});

function configFile(content: unknown): string {
  const file = join(directory, 'config.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}
const me = () => configFile({ auths: { [server.host]: { auth: base64('me:secret') } } });

describe('basic authentication', () => {
  beforeEach(() => {
    push('1');
    guard = (_, response, { headers }) => {
      if (headers.authorization === `Basic ${base64('me:secret')}`) return true;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end();
      return false;
    };
  });

  test('when the registry asks for it, and not before', async () => {
    const source = open(':1', me());
    expect((await source.fetch(undefined, signal))?.files.size).toBe(1);
    expect(server.seen.map(({ headers }) => headers.authorization !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('a password that was changed is read again', async () => {
    const file = configFile({ auths: { [server.host]: { auth: base64('me:old') } } });
    const source = open(':1', file);
    await expect(source.fetch(undefined, signal)).rejects.toThrow(
      refusal('SourceUnauthorized', /dockerConfigFile/),
    );
    me();
    expect((await source.fetch(undefined, signal))?.files.size).toBe(1);
  });

  test('without credentials it is an error', async () => {
    await expect(open().fetch(undefined, signal)).rejects.toThrow(refusal('SourceUnauthorized', /401/));
    expect(server.seen).toHaveLength(1);
  });
});

describe('tokens', () => {
  let auth: WebServer;
  let realm: string;
  beforeEach(async () => {
    push('1');
    auth = await WebServer.start((_, response) => void response.end(JSON.stringify({ token: 'token-1' })));
    realm = `${auth.url}/token`;
    guard = (_, response, { headers }) => {
      if (headers.authorization === 'Bearer token-1') return true;
      const challenge = `Bearer realm="${realm}",service="the registry",scope="repository:other:pull,push"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return false;
    };
  });
  afterEach(() => auth.stop());

  test('for nobody, for our repository only, and kept', async () => {
    const source = open();
    const first = await source.fetch(undefined, signal);
    await source.fetch(first?.version, signal);
    expect(auth.seen.map(({ method, url }) => `${method} ${decodeURIComponent(url)}`)).toEqual([
      'GET /token?scope=repository:a/b:pull&service=the+registry',
    ]);
    expect(auth.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  test('by a service on another origin, which is not shown our client certificate', async () => {
    const shown: string[] = [];
    class Recorded extends Connections {
      override to(whose: 'own' | 'foreign') {
        shown.push(whose);
        return super.to(whose);
      }
    }
    const timeouts = defaultTimeouts;
    const connections = new Recorded({}, timeouts.connectMs);
    const web = new Web({ connections, timeouts, userAgent: 'test', verified: false });
    const reference = parseOciReference(false, `${server.host}/a/b:1`, 'bundle');
    const source = () => new OciSource(reference, web, undefined).fetch(undefined, signal);
    await source();
    expect(shown).toEqual(['own', 'foreign', 'own', 'own']);
    realm = `${server.url}/token`;
    const before = guard;
    guard = (request, response, seen) => {
      if (!seen.url.startsWith('/token')) return before(request, response, seen);
      response.end(JSON.stringify({ token: 'token-1' }));
      return false;
    };
    await source();
    expect(shown.slice(4)).toEqual(['own', 'own', 'own', 'own']);
  });

  test('of this machine are not asked for, if a registry of another one says so', async () => {
    const timeouts = defaultTimeouts;
    const connections = new Connections({}, timeouts.connectMs);
    const web = new Web({ connections, timeouts, userAgent: 'test', verified: false });
    const reference = parseOciReference(true, 'registry.example.com/a/b:1', 'bundle');
    const demand = `Bearer realm="${realm.replace('http:', 'https:')}"`;
    await expect(new RegistryAuth('b', reference, web, undefined).renew(demand, signal)).rejects.toThrow(
      refusal('SourceCredentials', /that is this machine/),
    );
    expect(auth.seen).toEqual([]);
  });

  test('for a password', async () => {
    await open(':1', me()).fetch(undefined, signal);
    expect(auth.seen[0]?.headers.authorization).toBe(`Basic ${base64('me:secret')}`);
    expect(server.seen.some(({ headers }) => headers.authorization?.startsWith('Basic') === true)).toBe(
      false,
    );
  });

  test('for an identity token', async () => {
    const file = configFile({
      auths: { [server.host]: { auth: base64('<token>:'), identitytoken: 'refresh' } },
    });
    await open(':1', file).fetch(undefined, signal);
    expect(auth.seen[0]?.method).toBe('POST');
    expect(Object.fromEntries(new URLSearchParams(auth.seen[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh',
      client_id: 'rego-csr-approver',
      service: 'the registry',
      scope: 'repository:a/b:pull',
    });
  });

  test('that have expired are asked for again', async () => {
    const source = open();
    const first = await source.fetch(undefined, signal);
    const before = guard;
    guard = (request, response, seen) => {
      seen.headers.authorization = seen.headers.authorization?.replace('token-1', 'expired');
      return before(request, response, {
        ...seen,
        headers: { authorization: seen.headers.authorization?.replace('token-2', 'token-1') },
      });
    };
    auth.handle = (_, response) => void response.end(JSON.stringify({ access_token: 'token-2' }));
    expect(await source.fetch(first?.version, signal)).toBeUndefined();
    expect(auth.seen).toHaveLength(2);
  });

  test.each<[string, Handler, string, RegExp]>([
    ['that are none', (_, r) => void r.end('{"other": "secret"}'), 'SourceContent', /no token/],
    ['that are no JSON', (_, r) => void r.end('secret'), 'SourceContent', /no token/],
    [
      'that would make a header',
      (_, r) => void r.end('{"token": "secret\\r\\nx: y"}'),
      'SourceContent',
      /no token/,
    ],
    ['of too many bytes', (_, r) => void r.end('x'.repeat(70_000)), 'BundleTooLarge', /larger than 65536/],
    ['that are refused', (_, r) => void r.writeHead(401).end(), 'SourceUnauthorized', /401/],
  ])('%s', async (_, handle, code, message) => {
    auth.handle = handle;
    const fetching = open().fetch(undefined, signal);
    await expect(fetching).rejects.toThrow(refusal(code, message));
    await expect(fetching).rejects.not.toThrow(/secret/);
  });

  test.each<[string, string, RegExp]>([
    ['nowhere', 'nowhere', /not a usable URL/],
    ['a URL with a password', 'https://u:secret@h/', /not a usable URL/],
    ['another machine without TLS', 'http://auth.example.com/', /no TLS/],
    ['a stranger', 'https://auth.example.com/', /gets no credentials/],
  ])('from %s are not asked for', async (_, where, message) => {
    realm = where;
    const fetching = open(':1', me()).fetch(undefined, signal);
    await expect(fetching).rejects.toThrow(refusal('SourceCredentials', message));
    await expect(fetching).rejects.not.toThrow(/secret/);
  });
});

test('a blob that a redirect leads away for is fetched without credentials', async () => {
  push('1');
  await using storage = await WebServer.start((_, response) => void response.end(archive));
  guard = (_, response, { url, headers }) => {
    if (headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
    } else if (url.includes('blobs')) {
      response.writeHead(307, { location: `${storage.url}/signed` }).end();
    } else return true;
    return false;
  };
  expect((await open(':1', me()).fetch(undefined, signal))?.files.size).toBe(1);
  expect(storage.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ['/signed', undefined],
  ]);
});

describe('docker config.json', () => {
  const auth = base64('me:pass:word');
  const basic = { kind: 'basic', username: 'me', password: 'pass:word' };
  test.each<[string, object, object | undefined]>([
    ['by host', { auths: { 'r:5000': { auth } } }, basic],
    ['by URL', { auths: { 'https://r:5000/v2/': { auth } } }, basic],
    ['of another port', { auths: { r: { auth } } }, undefined],
    ['user name and password', { auths: { 'r:5000': { username: 'me', password: 'pass:word' } } }, basic],
    ['the nearest key', { auths: { 'r:5000': { auth: base64('x:y') }, 'r:5000/a': { auth } } }, basic],
    ['not of a neighbour', { auths: { 'r:5000/ab': { auth } } }, undefined],
    [
      'an identity token',
      { auths: { 'r:5000': { auth, identitytoken: 't' } } },
      { kind: 'identity', token: 't' },
    ],
    ['a store, where auths has it', { auths: { 'r:5000': { auth } }, credsStore: 'desktop' }, basic],
    ['a helper of another host', { credHelpers: { x: 'y' } }, undefined],
    ['nothing', {}, undefined],
    ['padding', { auths: { 'r:5000': { auth: base64('me:pass:word\0\0') } } }, basic],
  ])('%s', async (_, config, expected) => {
    expect(await credentialFor(configFile(config), 'r:5000', 'a/b')).toEqual(expected);
  });

  test.each<[string, unknown, RegExp]>([
    [
      'a store',
      { auths: { 'r:5000': {} }, credsStore: 'secretservice' },
      /helper program.*kubectl create secret/,
    ],
    ['a helper', { credHelpers: { 'r:5000': 'ecr-login' } }, /helper program/],
    ['no JSON', 'password: hunter2', /not JSON$/],
    ['another shape', { auths: [] }, /auths: not as docker/],
    ['a bad auth', { auths: { 'r:5000': { auth: base64('hunter2') } } }, /user:password/],
  ])('%s is refused', async (_, config, message) => {
    const reading = credentialFor(configFile(config), 'r:5000', 'a/b');
    await expect(reading).rejects.toThrow(refusal('SourceCredentials', message));
    await expect(reading).rejects.not.toThrow(/hunter2/);
  });

  test('a file that is not there is refused', async () => {
    await expect(credentialFor('/none', 'r', 'a')).rejects.toThrow(
      refusal('SourceCredentials', /\/none.*ENOENT/),
    );
  });
});

test.each<[string, object[]]>([
  ['', []],
  ['Basic', [{ scheme: 'basic', parameters: new Map() }]],
  [
    'Bearer realm="https://a/t?x=1,2",service=s, Basic realm="a \\"b\\""',
    [
      {
        scheme: 'bearer',
        parameters: new Map([
          ['realm', 'https://a/t?x=1,2'],
          ['service', 's'],
        ]),
      },
      { scheme: 'basic', parameters: new Map([['realm', 'a "b"']]) },
    ],
  ],
  ['realm="x"', []],
  [
    'Bearer realm="unclosed',
    [
      { scheme: 'bearer', parameters: new Map() },
      { scheme: 'realm', parameters: new Map() },
      { scheme: 'unclosed', parameters: new Map() },
    ],
  ],
])('challenge %j', (text, expected) => {
  expect(parseChallenges(text)).toEqual(expected);
});
