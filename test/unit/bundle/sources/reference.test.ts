import { expect, test } from 'vitest';
import { delaysOf, openSource, type SourceConfig } from '../../../../src/bundle/sources/open.ts';
import { parseReference } from '../../../../src/bundle/sources/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  '/policy/bundle.tar.gz',
  'bundle.tar.gz',
  './a directory',
  'odd:name.tar.gz',
  '/policy/https:/bundle',
])('%s is a path', (path) => {
  expect(parseReference(path)).toEqual({ kind: 'file', path });
});

test.each<[string, object]>([
  ['oci://r.example.com/kubelet:1.2', { origin: 'https://r.example.com', repository: 'kubelet', tag: '1.2' }],
  [
    'oci://r.example.com:5000/a/b-c/d__e:V_1',
    { origin: 'https://r.example.com:5000', repository: 'a/b-c/d__e', tag: 'V_1' },
  ],
  ['oci+http://[::1]:5000/a:1', { origin: 'http://[::1]:5000', repository: 'a', tag: '1' }],
  [`oci://r/a@${digest}`, { origin: 'https://r', repository: 'a', tag: undefined, digest }],
  [`oci://r/a:1@${digest}`, { tag: '1', digest }],
])('%s is in a registry', (text, reference) => {
  expect(parseReference(text)).toMatchObject({ kind: 'oci', reference });
});

test.each<[string, string, RegExp]>([
  ['ftp://h/secret', 'SourceUnsupported', /ftp:….*https:/],
  ['s3://bucket/secret', 'SourceUnsupported', /s3/],
  ['file:///secret', 'SourceUnsupported', /a path/],
  ['HTTPS://h/secret', 'SourceUnsupported', /HTTPS/],
  ['https:h/secret', 'SourceInvalid', /\/\/ is expected/],
  ['oci:h/secret:1', 'SourceInvalid', /\/\/ is expected/],
  ['https://', 'SourceInvalid', /not a URL/],
  ['https://h:99999/secret', 'SourceInvalid', /not a URL/],
  ['https://me:secret@h/b.tar.gz', 'SourceInvalid', /bearerTokenFile/],
  ['https://secret@h/b.tar.gz', 'SourceInvalid', /do not belong in the URL/],
  ['https://h/b.tar.gz#secret', 'SourceInvalid', /fragment/],
  ['oci://me:secret@r/a:1', 'SourceInvalid', /dockerConfigFile/],
  ['oci://me:secret@r.example.com:1/a/b:1', 'SourceInvalid', /dockerConfigFile/],
  ['oci://r/a', 'SourceInvalid', /tag or a digest/],
  ['oci://r', 'SourceInvalid', /host/],
  ['oci:///a:1', 'SourceInvalid', /host/],
  ['oci://r/A:1', 'SourceInvalid', /repository/],
  ['oci://r/../a:1', 'SourceInvalid', /repository/],
  ['oci://r/a?x:1', 'SourceInvalid', /repository/],
  ['oci://r/a:-1', 'SourceInvalid', /no tag/],
  ['oci://r/a:', 'SourceInvalid', /no tag/],
  [`oci://r/a:${'1'.repeat(129)}`, 'SourceInvalid', /no tag/],
  [`oci://r/a@sha512:${'a'.repeat(128)}`, 'SourceInvalid', /sha256/],
  ['oci://r/a@sha256:abc', 'SourceInvalid', /sha256/],
  ['oci://r/a b:1', 'SourceInvalid', /repository/],
])('%s is refused, without showing what may be secret', (text, code, message) => {
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ name: 'PolicyError', code }));
  expect(() => parseReference(text)).toThrow(message);
  expect(() => parseReference(text)).not.toThrow(/secret/);
});

const config = (bundle: string, more: Partial<SourceConfig> = {}): SourceConfig => ({
  bundle,
  polling: { minDelaySeconds: 10, maxDelaySeconds: 20, longPollSeconds: 0 },
  credentials: {},
  ...more,
});
const keys = { release: {} };

test.each<[string, Partial<SourceConfig>]>([
  ['https://h/b.tar.gz', {}],
  ['https://h/b.tar.gz', { credentials: { bearerTokenFile: '/t' } }],
  ['http://127.0.0.1:1/b.tar.gz', { credentials: { bearerTokenFile: '/t' } }],
  ['http://127.8.0.1/b.tar.gz', {}],
  ['http://localhost/b.tar.gz', {}],
  ['http://[::1]/b.tar.gz', {}],
  ['http://h/b.tar.gz', { keys }],
  ['oci+http://h/a:1', { keys }],
  [`oci+http://h/a@${digest}`, {}],
  ['oci+http://localhost:5000/a:1', {}],
  ['oci://h/a:1', { credentials: { dockerConfigFile: '/d' } }],
])('%s is opened with %j', (bundle, more) => {
  expect(openSource(config(bundle, more)).name).toBe(bundle);
});

test.each<[string, Partial<SourceConfig>, string, RegExp]>([
  ['http://h/b.tar.gz', {}, 'SourceInsecure', /https:.*keys/],
  ['http://h/b.tar.gz', { keys: {} }, 'SourceInsecure', /keys/],
  ['http://localhost.example.com/b', {}, 'SourceInsecure', /keys/],
  ['http://127.0.0.1.example.com/b', {}, 'SourceInsecure', /keys/],
  ['http://10.0.0.1/b', {}, 'SourceInsecure', /keys/],
  ['oci+http://h/a:1', {}, 'SourceInsecure', /digest.*keys/],
  ['http://h/b', { keys, credentials: { bearerTokenFile: '/t' } }, 'SourceInsecure', /token is not sent/],
  ['oci://h/a:1', { credentials: { bearerTokenFile: '/t' } }, 'SourceCredentials', /dockerConfigFile/],
  ['https://h/b', { credentials: { dockerConfigFile: '/t' } }, 'SourceCredentials', /bearerTokenFile/],
  ['https://h/b', { credentials: { clientKeyFile: '/t' } }, 'SourceCredentials', /go together/],
  ['https://h/b', { credentials: { clientCertificateFile: '/t' } }, 'SourceCredentials', /go together/],
])('%s with %j is refused', (bundle, more, code, message) => {
  expect(() => openSource(config(bundle, more))).toThrow(expect.objectContaining({ code }));
  expect(() => openSource(config(bundle, more))).toThrow(message);
});

test('a query is not shown, but tells two sources apart', () => {
  const one = openSource(config('https://h/b.tar.gz?sig=secret')).name;
  expect(one).toMatch(/^https:\/\/h\/b\.tar\.gz\?\([0-9a-f]{8}\)$/);
  expect(openSource(config('https://h/b.tar.gz?sig=other')).name).not.toBe(one);
});

test('files are looked at every second, servers as the configuration says', () => {
  expect(delaysOf(config('/policy'))).toEqual({
    minMs: 900,
    maxMs: 1_100,
    retryBaseMs: 1_000,
    retryCapMs: 5_000,
  });
  const asked = { minMs: 10_000, maxMs: 20_000, retryBaseMs: 1_000, retryCapMs: 20_000 };
  expect(delaysOf(config('https://h/b'))).toEqual(asked);
  expect(delaysOf(config('oci://h/a:1'))).toEqual(asked);
});
