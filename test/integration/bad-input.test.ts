import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { kubeconfig } from '../control-plane/kubeconfig.ts';
import { Pki } from '../control-plane/pki.ts';
import { csrObject } from '../support/csr-object.ts';
import { tarGz } from '../support/bundle.ts';
import { runToEnd } from './program.ts';

/** What ends before there is a cluster to talk to: exit code 2, one line that begins with its code. */

const directory = mkdtempSync(join(tmpdir(), 'bad-input-'));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

/** Accepts connections, counts them, and says nothing. */
let silent: Server;
let connections = 0;
let good: string;
beforeAll(async () => {
  silent = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const pki = await Pki.create();
  good = file(
    'good.kubeconfig',
    kubeconfig(`https://127.0.0.1:${portOf(silent)}`, pki.certificate, { token: 't' }),
  );
});
afterAll(async () => {
  await new Promise((resolve) => {
    silent.close(resolve);
  });
  rmSync(directory, { recursive: true });
});

function portOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? String(address.port) : '';
}

const head = 'apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n';
const manifest = '{"roots": ["csr/x"]}';

describe('run ends before it touches the cluster', () => {
  test.each<[string, () => Promise<string[]> | string[], RegExp]>([
    [
      'a data overlay that is missing',
      () => ['--data', 'missing.yaml'],
      /^error: OverlayUnreadable: missing\.yaml: there is no such file: check `policy\.data` or `--data`/,
    ],
    [
      'a data overlay of another type',
      () => ['--data', file('knobs.yaml', 'csr:\n  kubelet_serving: {config: {newest_only: 1}}\n')],
      /^error: OverlayTypeWrong: \S+knobs\.yaml:2: csr\.kubelet_serving\.config\.newest_only: /,
    ],
    [
      'a bundle that is missing',
      () => ['--bundle', 'missing.tar.gz'],
      /^error: BundleNotFound: bundle missing\.tar\.gz: there is no such file: check `policy\.bundle`/,
    ],
    [
      'a bundle that is none',
      () => ['--bundle', file('text.tar.gz', 'hello')],
      /^error: BundleUnreadable: bundle \S+text\.tar\.gz: /,
    ],
    [
      'a bundle without manifest',
      async () => ['--bundle', file('bare.tar.gz', await tarGz([{ name: '/data.json', content: '{}' }]))],
      /^error: ManifestMissing: /,
    ],
    [
      'a bundle without WebAssembly',
      async () => ['--bundle', file('rego.tar.gz', await tarGz([{ name: '/.manifest', content: manifest }]))],
      /^error: WasmMissing: bundle \S+rego\.tar\.gz: /,
    ],
    [
      'the configuration names a missing bundle',
      () => config('policy: {bundle: gone.tar.gz}'),
      /BundleNotFound: .*gone/,
    ],
    [
      'a configuration that is missing',
      () => ['--config', 'missing.yaml'],
      /^error: ConfigUnreadable: missing\.yaml: there is no such file: check `--config`/,
    ],
    ['an unknown key', () => config('onDenny: deny'), /^error: ConfigInvalid: .*:3: onDenny: unknown field/],
    [
      'what a newer version knows, after going back to this one',
      () => config('fromTheFuture: {a: 1}\nalsoNew: 1\nlimits:\n  maxSANs: 10\n  newLimit: 1'),
      /^error: ConfigInvalid: .*:7: limits\.newLimit: unknown field\n.*:3: fromTheFuture: unknown field\n.*:4: alsoNew: unknown field\n$/,
    ],
    [
      'a wrong type',
      () => config('limits:\n  maxSANs: many'),
      /^error: ConfigInvalid: .*:4: limits\.maxSANs: /,
    ],
    [
      'another signer',
      () => config('signers: [example.com/x]'),
      /^error: SignerNotSupported: .*example\.com\/x/,
    ],
    ['an unknown option', () => ['--dry-run'], /^error: unknown option '--dry-run'/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runToEnd(['run', '--kubeconfig', good, ...(await args())]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([code, stdout, connections]).toEqual([2, '', 0]);
  });
});

function config(line: string): string[] {
  return ['--config', file('config.yaml', `${head}${line}\n`)];
}

const user = (fields: object) => ({ users: [{ name: 'test', user: fields }] });
/** The good kubeconfig with one thing changed. */
const changed = (replaced: object): string =>
  file(
    'changed.kubeconfig',
    stringify({
      clusters: [{ name: 'test', cluster: { server: 'https://127.0.0.1:1' } }],
      ...user({ token: 't' }),
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
      ...replaced,
    }),
  );
const exec = (command: string, ...args: string[]) =>
  user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args, interactiveMode: 'Never' } });

describe('a way to the cluster that cannot be gone', () => {
  test.each<[string, () => string[], RegExp]>([
    ['no kubeconfig and no pod', () => [], /^error: KubeconfigInvalid: .*kubeconfig/],
    [
      'a kubeconfig that is missing',
      () => ['--kubeconfig', '/nowhere/kubeconfig'],
      /^error: KubeconfigInvalid: .*\/nowhere\/kubeconfig/,
    ],
    [
      'a kubeconfig of garbage',
      () => ['--kubeconfig', file('garbage', '\u0000\u0001}{')],
      /^error: KubeconfigInvalid: .*garbage/,
    ],
    [
      'a kubeconfig of something else',
      () => ['--kubeconfig', file('other', 'kind: Pod\n')],
      /^error: KubeconfigInvalid: .*(context|cluster)/,
    ],
    [
      'an unknown context',
      () => ['--kubeconfig', good, '--context', 'other'],
      /^error: KubeconfigInvalid: .*other/,
    ],
    [
      'a context of an unknown user',
      () => ['--kubeconfig', changed({ users: [] })],
      /^error: KubeconfigInvalid: .*context "test" .* names a user that is not there/,
    ],
    [
      'a context of an unknown cluster',
      () => ['--kubeconfig', changed({ clusters: [] })],
      /^error: KubeconfigInvalid: .*context "test" .* names a cluster that is not there/,
    ],
    [
      'a certificate that is missing',
      () => ['--kubeconfig', changed(user({ 'client-certificate': '/gone.crt', 'client-key': '/gone.key' }))],
      /^error: ClusterUnreachable: .*\/gone\.(crt|key)/m,
    ],
    [
      'a certificate that is none',
      () => [
        '--kubeconfig',
        changed(user({ 'client-certificate-data': 'aGVsbG8=', 'client-key-data': 'aGVsbG8=' })),
      ],
      /^error: ClusterUnreachable: .*(certificate|PEM|key)/im,
    ],
    [
      'a plugin that is missing',
      () => ['--kubeconfig', changed(exec('no-such-plugin'))],
      /^error: ClusterUnreachable: .*no-such-plugin/m,
    ],
    [
      'a plugin that fails',
      () => ['--kubeconfig', changed(exec('sh', '-c', 'echo no ticket >&2; exit 1'))],
      /^error: ClusterUnreachable: .*credentials for the API server: .*no ticket/m,
    ],
    [
      'a plugin that says nonsense',
      () => ['--kubeconfig', changed(exec('echo', 'hello'))],
      /^error: ClusterUnreachable: .*(echo|ExecCredential|JSON)/m,
    ],
    [
      'an address that is none',
      () => ['--kubeconfig', changed({ clusters: [{ name: 'test', cluster: { server: 'x:y' } }] })],
      /^error: KubeconfigInvalid: .*(server|URL|x:y)/i,
    ],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runToEnd(['run', ...args()]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('review and decode, as processes', () => {
  const csr = stringify(csrObject());
  test.each<[string, string[], string, number, RegExp]>([
    ['decode', ['decode', '-f', '-'], csr, 0, /"common_name": "system:node:n1"/],
    [
      'decode of garbage',
      ['decode', '-f', '-'],
      csr.replace(/request: .*/, 'request: aGVsbG8='),
      1,
      /csr-7lh9z: /,
    ],
    ['decode of no CSR', ['decode', '-f', '-'], 'kind: Pod\n', 2, /NotACSR/],
    ['review without facts', ['review', '-f', '-', '--as-new'], csr, 2, /--nodes FILE/],
    ['help', ['--help'], '', 0, /Usage: rego-csr-approver/],
    ['no command', [], '', 2, /Usage: rego-csr-approver/],
  ])('%s', async (_, args, input, code, message) => {
    const ended = await runToEnd(args, { input });
    expect(ended.stdout + ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
  });

  test('a long output is whole', async () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      stringify(csrObject({ name: `c${String(index)}` })),
    );
    const { code, stdout } = await runToEnd(['decode', '-f', '-'], { input: many.join('---\n') });
    expect([code, stdout.match(/"version": 1/g)?.length]).toEqual([0, 40]);
  });
});
