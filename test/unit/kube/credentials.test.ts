import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Credentials } from '../../../src/kube/credentials.ts';
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts';

let dir: string;
let now: number;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'credentials-'));
  now = 0;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (name: string, content: string): string => {
  const file = path.join(dir, name);
  writeFileSync(file, content);
  return file;
};

function credentials(user: string, cluster = '', options: { timeoutMs?: number } = {}): Credentials {
  const kubeconfig = write(
    'kubeconfig',
    `clusters: [{name: c, cluster: {server: "https://c"${cluster}}}]
users: [{name: u, user: ${user}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`,
  );
  return new Credentials({ load: () => loadKubeConfig({ kubeconfig }), now: () => now, ...options });
}

const script = (body: string): string =>
  `{exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [${write('plugin.sh', body)}]}}`;
const credential = (status: object): string =>
  JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status });

describe('kinds', () => {
  test.each([
    ['a token', '{token: abc}', { authorization: 'Bearer abc' }],
    ['a password', '{username: a, password: b}', { authorization: 'Basic YTpi' }],
    [
      'an impersonated user',
      '{token: abc, as: jane}',
      { authorization: 'Bearer abc', 'impersonate-user': 'jane' },
    ],
    ['nothing', '{}', {}],
  ])('%s', async (_, user, headers) => {
    expect((await credentials(user).get()).headers).toEqual(headers);
  });

  test('client certificate, CA and server name', async () => {
    write('ca.crt', 'CA');
    const data = Buffer.from('CERT').toString('base64');
    write('key', 'KEY');
    const { tls } = await credentials(
      `{client-certificate-data: ${data}, client-key: key}`,
      ', certificate-authority: ca.crt, tls-server-name: kubernetes',
    ).get();
    expect(tls).toEqual({
      ca: Buffer.from('CA'),
      cert: Buffer.from('CERT'),
      key: Buffer.from('KEY'),
      servername: 'kubernetes',
      rejectUnauthorized: undefined,
    });
  });

  test('the server is not verified only where the kubeconfig says so', async () => {
    const { tls } = await credentials('{token: t}', ', insecure-skip-tls-verify: true').get();
    expect(tls.rejectUnauthorized).toBe(false);
  });

  test('an exec plugin: token, certificate, and its API version', async () => {
    const user = script(`echo '${credential({ token: 'x', clientCertificateData: 'C', clientKeyData: 'K' })}'
[ "$KUBERNETES_EXEC_INFO" = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}' ]`);
    const { headers, tls } = await credentials(user).get();
    expect(headers).toEqual({ authorization: 'Bearer x' });
    expect([tls.cert, tls.key]).toEqual([Buffer.from('C'), Buffer.from('K')]);
  });
});

describe('rotation', () => {
  test('files are read again after a while, and not before', async () => {
    write('token', 'one\n');
    const mine = credentials('{tokenFile: token}', ', certificate-authority: ca.crt');
    await expect(Promise.resolve(mine.get())).rejects.toThrow(/ENOENT.*ca\.crt/);
    write('ca.crt', 'CA1');
    const first = await mine.get();
    write('ca.crt', 'CA2');
    now = 9_999;
    expect(mine.get()).toBe(first);
    now = 10_000;
    expect((await mine.get()).tls.ca?.toString()).toBe('CA2');
  });

  test('what has not changed is the same object', async () => {
    const mine = credentials('{token: t}');
    const first = await mine.get();
    now = 20_000;
    expect(await mine.get()).toBe(first);
  });

  test('a file that is missing for a moment is forgiven', async () => {
    write('ca.crt', 'CA1');
    const mine = credentials('{token: t}', ', certificate-authority: ca.crt');
    const first = await mine.get();
    rmSync(path.join(dir, 'ca.crt'));
    now = 10_000;
    expect(await mine.get()).toBe(first);
  });

  test('a refusal reads everything anew, the kubeconfig itself too', async () => {
    const mine = credentials('{token: one}');
    const first = await mine.get();
    write(
      'kubeconfig',
      'clusters: [{name: c, cluster: {server: "https://c"}}]\nusers: [{name: u, user: {token: two}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n',
    );
    expect(await mine.refresh(first)).toBe(true);
    expect((await mine.get()).headers).toEqual({ authorization: 'Bearer two' });
    // Another request that was refused with the old one need not refresh again.
    expect(await mine.refresh(first)).toBe(true);
  });

  test('credentials that are wrong for good are not tried in a loop', async () => {
    const user = script(`echo x >> ${dir}/runs\necho '${credential({ token: 'x' })}'`);
    const mine = credentials(user);
    const first = await mine.get();
    for (let n = 0; n < 10; n += 1) expect(await mine.refresh(first)).toBe(false);
    expect(readFileSync(`${dir}/runs`, 'utf8')).toBe('x\nx\n');
    now = 5_000;
    expect(await mine.refresh(first)).toBe(false);
    expect(readFileSync(`${dir}/runs`, 'utf8')).toBe('x\nx\nx\n');
  });

  test('an exec credential is used until it expires', async () => {
    const user = script(`echo x >> ${dir}/runs
echo '${credential({ token: 'x', expirationTimestamp: '2999-01-01T00:00:00Z' })}'`);
    const mine = credentials(user);
    await mine.get();
    now = 60_000;
    await mine.get();
    expect(readFileSync(`${dir}/runs`, 'utf8')).toBe('x\n');
  });
});

describe('an exec plugin', () => {
  test.each([
    ['fails', 'echo no luck >&2; exit 3', /credentials for the API server: no luck/],
    ['says nothing', 'true', /credentials for the API server: /],
    ['says something else', 'echo hello', /credentials for the API server: /],
    ['has no status', "echo '{}'", /credentials for the API server: /],
  ])('that %s is an error of ours', async (_, body, expected) => {
    await expect(Promise.resolve(credentials(script(body)).get())).rejects.toThrow(expected);
  });

  test('that is not there', async () => {
    const user = '{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin-here}}';
    await expect(Promise.resolve(credentials(user).get())).rejects.toThrow(/no-such-plugin-here.*ENOENT/);
  });

  test('that hangs is not waited for', async () => {
    const mine = credentials(script('exec sleep 3'), '', { timeoutMs: 100 });
    await expect(Promise.resolve(mine.get())).rejects.toThrow(/not obtained within 100 ms/);
  });
});
