import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { KubeError } from '../../../src/kube/errors.ts';
import { loadKubeConfig } from '../../../src/kube/kubeconfig.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'kubeconfig-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
function file(content: string): string {
  files += 1;
  const name = path.join(dir, `config-${String(files)}`);
  writeFileSync(name, content);
  return name;
}

interface Parts {
  cluster?: string;
  user?: string;
  context?: string;
  current?: string;
}
const config = ({ cluster, user, context, current }: Parts = {}): string => `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: ${cluster ?? '{server: "https://c.example:6443/"}'}}]
users: [{name: u, user: ${user ?? '{token: t}'}}]
contexts: [{name: x, context: ${context ?? '{cluster: c, user: u}'}}]
current-context: ${current ?? 'x'}
`;

test('reads cluster and user of the current context', () => {
  const loaded = loadKubeConfig({ kubeconfig: file(config()) });
  expect(loaded.getCurrentCluster()?.server).toBe('https://c.example:6443');
  expect(loaded.getCurrentUser()?.token).toBe('t');
});

test('paths in it are relative to it', () => {
  const cluster = '{server: "https://c", certificate-authority: ca.crt}';
  const user = '{client-certificate: tls/a.crt, client-key: /abs/a.key}';
  const loaded = loadKubeConfig({ kubeconfig: file(config({ cluster, user })) });
  expect(loaded.getCurrentCluster()?.caFile).toBe(path.join(dir, 'ca.crt'));
  expect(loaded.getCurrentUser()?.certFile).toBe(path.join(dir, 'tls/a.crt'));
  expect(loaded.getCurrentUser()?.keyFile).toBe('/abs/a.key');
});

test('tokenFile is a file to be read again, and stands before a token', () => {
  const loaded = loadKubeConfig({ kubeconfig: file(config({ user: '{tokenFile: tok, token: t}' })) });
  expect(loaded.getCurrentUser()?.token).toBeUndefined();
  expect(loaded.getCurrentUser()?.authProvider).toEqual({
    name: 'tokenFile',
    config: { tokenFile: path.join(dir, 'tok') },
  });
});

test.each([
  ['./bin/plugin', path.join(dir, 'bin/plugin')],
  ['plugin', 'plugin'],
  ['/opt/plugin', '/opt/plugin'],
])('exec command %s is %s, and learns its API version', (command, expected) => {
  const user = `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${command}, env: [{name: A, value: b}]}}`;
  const exec: unknown = loadKubeConfig({ kubeconfig: file(config({ user })) }).getCurrentUser()?.exec;
  expect(exec).toMatchObject({
    command: expected,
    env: [
      { name: 'A', value: 'b' },
      {
        name: 'KUBERNETES_EXEC_INFO',
        value:
          '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}',
      },
    ],
  });
});

describe('is found', () => {
  const one = file(config());
  const other = file(
    config()
      .replaceAll('c.example', 'other.example')
      .replace(/\b([cux])(?=[,}\n:])/g, '$12'),
  );

  test('by $KUBECONFIG, of which the first file with a current context decides', () => {
    const env = { KUBECONFIG: `${one}${path.delimiter}${path.delimiter}${other}` };
    const loaded = loadKubeConfig({ env });
    expect(loaded.getCurrentCluster()?.server).toBe('https://c.example:6443');
    expect(loaded.getContexts()).toHaveLength(2);
  });

  test('by --kubeconfig before $KUBECONFIG', () => {
    const loaded = loadKubeConfig({ kubeconfig: one, env: { KUBECONFIG: '/not/there' } });
    expect(loaded.getCurrentContext()).toBe('x');
  });

  test('by --context', () => {
    const env = { KUBECONFIG: `${one}${path.delimiter}${other}` };
    expect(loadKubeConfig({ env, context: 'x2' }).getCurrentCluster()?.server).toBe(
      'https://other.example:6443',
    );
  });

  test('by the service account of our pod', () => {
    const account = path.join(dir, 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(account, { recursive: true });
    writeFileSync(path.join(account, 'token'), 'sa-token\n');
    const saved = {
      host: process.env['KUBERNETES_SERVICE_HOST'],
      port: process.env['KUBERNETES_SERVICE_PORT'],
    };
    process.env['KUBERNETES_SERVICE_HOST'] = 'fd00::1';
    process.env['KUBERNETES_SERVICE_PORT'] = '443';
    try {
      const loaded = loadKubeConfig({ env: { KUBERNETES_SERVICE_HOST: 'fd00::1' }, root: dir });
      expect(loaded.getCurrentCluster()).toMatchObject({
        server: 'https://[fd00::1]:443',
        caFile: path.join(account, 'ca.crt'),
      });
      expect(loaded.getCurrentUser()?.authProvider).toMatchObject({
        config: { tokenFile: path.join(account, 'token') },
      });
    } finally {
      for (const [name, value] of [
        ['KUBERNETES_SERVICE_HOST', saved.host],
        ['KUBERNETES_SERVICE_PORT', saved.port],
      ] as const) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});

describe('says what is wrong', () => {
  test.each<[string, string, RegExp]>([
    ['no YAML', 'a: [', /kubeconfig .*config-\d+: /],
    ['nothing', '', /kubeconfig .*config-\d+/],
    ['a text', 'hello', /no current-context/],
    ['no current context', config({ current: '""' }), /no current-context: name one with --context/],
    ['a context that is not there', config({ current: 'y' }), /has no context "y"/],
    [
      'a cluster that is not there',
      config({ context: '{cluster: d, user: u}' }),
      /names a cluster that is not/,
    ],
    [
      'a user that is not there',
      config({ context: '{cluster: c, user: v}' }),
      /names a user that is not there/,
    ],
    ['no user', config({ context: '{cluster: c}' }), /names a user that is not there/],
    ['no server', config({ cluster: '{}' }), /server is missing/],
    ['impersonated groups', config({ user: '{as: a, as-groups: [b]}' }), /as-groups is not supported/],
  ])('with %s', (_, content, expected) => {
    const load = () => loadKubeConfig({ kubeconfig: file(content) });
    expect(load).toThrow(KubeError);
    expect(load).toThrow(expected);
  });

  test('when the file is not there', () => {
    expect(() => loadKubeConfig({ kubeconfig: '/not/there' })).toThrow(/kubeconfig \/not\/there: ENOENT/);
  });

  test('when two files disagree', () => {
    const env = { KUBECONFIG: [file(config()), file(config())].join(path.delimiter) };
    expect(() => loadKubeConfig({ env })).toThrow(/Duplicate cluster/);
  });

  test('when a pod has no token', () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    expect(() => loadKubeConfig({ env, root: '/not/there' })).toThrow(/automountServiceAccountToken/);
  });
});
