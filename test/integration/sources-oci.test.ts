import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { openSource, type SourceConfig } from '../../src/bundle/sources/open.ts';
import { Pki } from '../control-plane/pki.ts';
import { Registry } from '../image/registry.ts';
import { tarGz } from '../support/bundle.ts';
import { run } from '../support/command-line.ts';
import { csrObject } from '../support/csr-object.ts';
import { startTokenServer } from '../support/token-server.ts';
import { ensureTool } from '../tools/ensure.ts';
import { cluster, nodes } from '../unit/cli/files.ts';

/** Bundles that oras pushes to a real registry. */

const exec = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'sources-oci-'));
const at = (name: string) => join(directory, name);
const { signal } = new AbortController();
const repository = 'policies/kubelet';
const password = 'swordfish';
/** Of that password, by bcrypt: the only kind that the registry takes. */
const htpasswd = 'me:$2b$05$lo0oov95dLk1p52Cw41souXQP3ePGos6IpOhzINOP./1YJ2qnrH6G\n';
let oras: string;
let pki: Pki;
/** For anybody, without TLS. */
let open: Registry;
/** For whoever has the password, with TLS. */
let closed: Registry;

beforeAll(async () => {
  oras = await ensureTool('oras');
  pki = await Pki.create();
  const server = await pki.issue({ commonName: 'registry', names: ['127.0.0.1'], usage: 'server' });
  const files = {
    'ca.crt': pki.certificate,
    'server.crt': server.certificate,
    'server.key': server.key,
    htpasswd,
    'config.json': '{}',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
  copyFileSync(new URL('../../dist/default.tar.gz', import.meta.url).pathname, at('bundle.tar.gz'));
  open = await Registry.start();
  closed = await Registry.start({
    tls: { certificate: at('server.crt'), key: at('server.key') },
    more: `auth: {htpasswd: {realm: test, path: ${at('htpasswd')}}}`,
  });
});
afterAll(async () => {
  await open.stop();
  await closed.stop();
  rmSync(directory, { recursive: true });
});

const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** As deploy/README.md says; gives the manifest's digest. */
async function push(
  host: string,
  tag: string,
  flags: readonly string[],
  layers = [`bundle.tar.gz:${layerType}`],
): Promise<string> {
  const target = `${host}/${repository}:${tag}`;
  const config = ['--config', 'config.json:application/vnd.oci.image.config.v1+json'];
  const args = ['push', ...flags, ...config, '--format', 'go-template={{.digest}}', target, ...layers];
  const { stdout } = await exec(oras, args, { cwd: directory });
  return stdout.trim();
}
const login = (host: string, file: string, flags: readonly string[]) => {
  const args = ['login', '--registry-config', at(file), '-u', 'me', '-p', password, ...flags, host];
  return exec(oras, args, { cwd: directory });
};

const config = (bundle: string, more: Partial<SourceConfig> = {}): SourceConfig => ({
  bundle,
  polling: { minDelaySeconds: 60, maxDelaySeconds: 120, longPollSeconds: 0 },
  credentials: {},
  ...more,
});
const fetch = (...args: Parameters<typeof config>) => openSource(config(...args)).fetch(undefined, signal);
const refusal = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const digestOf = (file: string) =>
  `sha256:${createHash('sha256')
    .update(readFileSync(at(file)))
    .digest('hex')}`;

test('by tag: what was pushed, then what was pushed over it', async () => {
  await push(open.host, 'moving', ['--plain-http']);
  const source = openSource(config(`oci+http://${open.host}/${repository}:moving`));
  const first = await source.fetch(undefined, signal);
  expect(first?.version).toBe(digestOf('bundle.tar.gz'));
  expect(first?.files.has('policy.wasm')).toBe(true);
  expect(await source.fetch(first?.version, signal)).toBeUndefined();
  writeFileSync(at('other.tar.gz'), await tarGz([{ name: '.manifest', content: '{}' }]));
  await push(open.host, 'moving', ['--plain-http'], [`other.tar.gz:${layerType}`]);
  expect((await source.fetch(first?.version, signal))?.version).toBe(digestOf('other.tar.gz'));
});

test('by digest: what it names, whatever the tag does; also after skopeo has copied it', async () => {
  const digest = await push(open.host, '1.0', ['--plain-http']);
  const copy = ['copy', '--src-tls-verify=false', '--dest-tls-verify=false'];
  const to = `${open.host}/promoted/kubelet`;
  await exec('skopeo', [...copy, `docker://${open.host}/${repository}@${digest}`, `docker://${to}:1.0`]);
  for (const where of [`${open.host}/${repository}`, to]) {
    // oxlint-disable-next-line no-await-in-loop -- two
    expect((await fetch(`oci+http://${where}@${digest}`))?.version).toBe(digestOf('bundle.tar.gz'));
  }
});

test('over TLS, with the password that oras has written to a docker config.json', async () => {
  const bundle = `oci://${closed.host}/${repository}:1.0`;
  await login(closed.host, 'docker.json', ['--ca-file', 'ca.crt']);
  await push(closed.host, '1.0', ['--ca-file', 'ca.crt', '--registry-config', 'docker.json']);
  const caFile = at('ca.crt');
  const credentials = { dockerConfigFile: at('docker.json') };
  expect((await fetch(bundle, { caFile, credentials }))?.version).toBe(digestOf('bundle.tar.gz'));
  await expect(fetch(bundle, { caFile })).rejects.toThrow(refusal('SourceUnauthorized', /dockerConfigFile/));
  await expect(fetch(bundle, { credentials })).rejects.toThrow(refusal('SourceUntrusted', /caFile/));
  const wrong = { auths: { [closed.host]: { username: 'me', password: 'other' } } };
  writeFileSync(at('wrong.json'), JSON.stringify(wrong));
  await expect(
    fetch(bundle, { caFile, credentials: { dockerConfigFile: at('wrong.json') } }),
  ).rejects.toThrow(refusal('SourceUnauthorized', /401/));
});

test('with tokens of an authorization service, for anybody and for a password', async () => {
  const signer = await pki.issue({ commonName: 'tokens', usage: 'client' });
  await using tokens = await startTokenServer(signer, 'test-registry', password);
  const service = `realm: '${tokens.url}/token', service: test-registry, issuer: test`;
  const registry = await Registry.start({
    more: `auth: {token: {${service}, rootcertbundle: ${at('ca.crt')}}}`,
  });
  try {
    await push(registry.host, '1.0', ['--plain-http', '-u', 'me', '-p', password]);
    const bundle = `oci+http://${registry.host}/${repository}:1.0`;
    expect((await fetch(bundle))?.version).toBe(digestOf('bundle.tar.gz'));
    const auths = { [registry.host]: { auth: Buffer.from(`me:${password}`).toString('base64') } };
    writeFileSync(at('tokens.json'), JSON.stringify({ auths }));
    const credentials = { dockerConfigFile: at('tokens.json') };
    expect((await fetch(bundle, { credentials }))?.version).toBe(digestOf('bundle.tar.gz'));
    auths[registry.host] = { auth: Buffer.from('me:other').toString('base64') };
    writeFileSync(at('tokens.json'), JSON.stringify({ auths }));
    await expect(fetch(bundle, { credentials })).rejects.toThrow(refusal('SourceUnauthorized', /401/));
  } finally {
    await registry.stop();
  }
});

test.each<[string, readonly string[], RegExp]>([
  [
    'without the type of its layer',
    ['bundle.tar.gz'],
    /application\/vnd\.oci\.image\.layer\.v1\.tar.*push it as/,
  ],
  ['with a second layer', [`bundle.tar.gz:${layerType}`, `config.json:${layerType}`], /2 layers/],
])('what was pushed %s is refused', async (_, layers, message) => {
  await push(open.host, 'odd', ['--plain-http'], [...layers]);
  const fetching = fetch(`oci+http://${open.host}/${repository}:odd`);
  await expect(fetching).rejects.toThrow(refusal('SourceManifest', message));
});

test('an index is refused', async () => {
  const digest = await push(open.host, 'one', ['--plain-http']);
  const index = ['manifest', 'index', 'create', '--plain-http', `${open.host}/${repository}:index`, digest];
  await exec(oras, index, { cwd: directory });
  await expect(fetch(`oci+http://${open.host}/${repository}:index`)).rejects.toThrow(
    refusal('SourceManifest', /an index of several/),
  );
});

test('what was never pushed is not found', async () => {
  await expect(fetch(`oci+http://${open.host}/${repository}:none`)).rejects.toThrow(
    refusal('SourceNotFound', /404/),
  );
});

test('review --bundle decides by a bundle of a registry', async () => {
  const digest = await push(open.host, 'review', ['--plain-http']);
  const files = { 'nodes.yaml': nodes, 'cluster.yaml': cluster };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), stringify(content));
  const told = [
    '--nodes',
    at('nodes.yaml'),
    '--cluster',
    at('cluster.yaml'),
    '--assume',
    'sar.selfnodeserver=allowed',
  ];
  const review = [
    'review',
    '-f',
    '-',
    ...told,
    '--bundle',
    `oci+http://${open.host}/${repository}@${digest}`,
  ];
  expect(await run(review, stringify(csrObject()))).toMatchObject({
    code: 0,
    out: expect.stringContaining('verdict: approve'),
  });
});
