import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CSR_PATH } from '../../src/kube/calls.ts';
import { asObject } from '../../src/kube/objects.ts';
import { Pki, type KeyAndCertificate } from '../control-plane/pki.ts';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { freeLoopback, reachAt, serveKubelet } from './fake-kubelet.ts';
import { Reader } from './guide.ts';
import { Scene } from './scene.ts';

/** The operating guide's troubleshooting: certificates that are approved, and not issued, not served, or not believed. */

const run = promisify(execFile);
const hour = 3_600_000;
const ADDRESS = freeLoopback();
const NODE = 'n1';
const pod = { NAMESPACE: 'default', POD: 'p' };
let scene: Scene;
let reader: Reader;
let kubelet: { close(): Promise<void> } | undefined;
beforeAll(async () => {
  const lease = ['--leader-elect-lease-duration=3s', '--leader-elect-renew-deadline=2s'];
  const elect = ['--leader-elect=true', ...lease, '--leader-elect-retry-period=1s'];
  scene = await Scene.open({ flags: { controllerManager: elect } });
  reader = await Reader.of(scene);
  await scene.node(1);
  await reachAt(scene, NODE, ADDRESS);
  const spec = { nodeName: NODE, containers: [{ name: 'c', image: 'none' }] };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
  await scene.cluster.kubectl(['create', '-f', '-'], { input });
});
afterAll(() => scene?.close());
afterEach(async () => {
  await kubelet?.close();
  kubelet = undefined;
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
});

async function serve(shown: KeyAndCertificate | undefined): Promise<void> {
  await kubelet?.close();
  kubelet = await serveKubelet(ADDRESS, shown);
}

/** A request of the node with a key that it holds, as openssl makes it. */
async function request(): Promise<{ name: string; key: string }> {
  const file = join(scene.cluster.dir, 'node.key');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
  const subject = ['-subj', `/O=system:nodes/CN=system:node:${NODE}`];
  const names = ['-addext', `subjectAltName=DNS:${NODE},IP:${ADDRESS}`];
  const { stdout } = await run('openssl', ['req', '-new', ...key, ...subject, ...names]);
  const { client } = await scene.node(1);
  const created = await client.create(CSR_PATH, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'csr-' },
    spec: {
      request: Buffer.from(stdout).toString('base64'),
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'server auth'],
    },
  });
  return { name: asObject(created).metadata.name, key: readFileSync(file, 'utf8') };
}

/** As a kubelet without serverTLSBootstrap makes one for itself. */
async function selfSigned(): Promise<KeyAndCertificate> {
  const [key, certificate] = ['self.key', 'self.crt'].map((name) => join(scene.cluster.dir, name));
  const files = ['-keyout', key ?? '', '-out', certificate ?? ''];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names = ['-subj', `/CN=${NODE}-ca@1795212345`, '-addext', `subjectAltName=DNS:${NODE}`];
  await run('openssl', ['req', ...kind, ...files, ...names]);
  const [keyText = '', text = ''] = [key, certificate].map((file) => readFileSync(file ?? '', 'utf8'));
  return { key: keyText, certificate: text };
}

// A loopback address is one that our own program approves for nobody: a person does.
const approve = (name: string) => scene.cluster.kubectl(['certificate', 'approve', name]);

const renewed = async () => /^\S+ (\S+)/.exec(await reader.follow('Approved, not issued'))?.[1];
const renews = async () => {
  const before = await renewed();
  await eventually(async () => ((await renewed()) === before ? undefined : true));
};
/** What a static pod's mirror shows of the program that really runs. */
const mirror = async (flags: readonly string[]) => {
  const metadata = {
    name: 'kube-controller-manager',
    namespace: 'kube-system',
    labels: { component: 'kube-controller-manager' },
  };
  const command = ['kube-controller-manager', ...flags];
  const spec = { nodeName: NODE, containers: [{ name: 'c', image: 'none', command }] };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
  const at = ['pod', metadata.name, '-n', metadata.namespace];
  await scene.cluster.kubectl(['delete', ...at, '--force', '--grace-period=0', '--ignore-not-found']);
  await scene.cluster.kubectl(['create', '-f', '-'], { input });
};
const issued = async (name: string) => /Issued/.test(await scene.cluster.kubectl(['get', 'csr', name]));

describe('approved, not issued', () => {
  test('kube-controller-manager does not run', async () => {
    await mirror(['--cluster-signing-cert-file=ca.crt', '--cluster-signing-key-file=ca.key']);
    await renews();
    await scene.cluster.controllerManager?.stop();
    const { name } = await request();
    await approve(name);
    // Its lease is renewed every second here.
    await eventually(async () => {
      const printed = await reader.follow('Approved, not issued');
      const [last = 0, now = 0] = (printed.match(/\S+Z$/gm) ?? []).map((time) => Date.parse(time));
      return now - last > 4000 ? true : undefined;
    });
    expect(await issued(name)).toBe(false);
    await scene.cluster.controllerManager?.start();
    await scene.certificate(name);
  });

  test('it runs without a key', async () => {
    const none = ['--cluster-signing-cert-file=', '--cluster-signing-key-file='];
    await mirror(none);
    await scene.cluster.controllerManager?.restart(none);
    const { name } = await request();
    await approve(name);
    await renews();
    const printed = await reader.follow('Approved, not issued');
    expect(printed).toContain('cluster-signing-cert-file=\n');
    expect(await issued(name)).toBe(false);
    await scene.cluster.controllerManager?.restart();
    await scene.certificate(name);
  });
});

const issue = async () => {
  const { name, key } = await request();
  await approve(name);
  return { name, key, certificate: await scene.certificate(name) };
};
const compare = async (name: string) => {
  const printed = await reader.follow('Issued, not served', { ADDRESS, CSR: name });
  const [served = '', stored = ''] = [...printed.matchAll(/^serial=(.*)$/gm)].map(([, serial]) => serial);
  return { same: served === stored, issuer: /^issuer=CN ?= ?(.*)$/m.exec(printed)?.[1] };
};

describe('issued, not served', () => {
  test('it is served: the reader is wrong', async () => {
    const { name, ...shown } = await issue();
    await serve(shown);
    expect(await compare(name)).toEqual({ same: true, issuer: 'kubernetes' });
    const printed = await reader.try('x509 errors', { ...pod, ADDRESS });
    expect(printed).toMatch(/^hi\n.*Verify return code: 0 \(ok\)\n$/s);
  });

  test('the kubelet serves that of another request', async () => {
    const { name } = await issue();
    const { key, certificate } = await issue();
    await serve({ key, certificate });
    expect(await compare(name)).toEqual({ same: false, issuer: 'kubernetes' });
  });

  test('the kubelet signs its own', async () => {
    const { name } = await issue();
    await serve(await selfSigned());
    expect(await compare(name)).toEqual({ same: false, issuer: `${NODE}-ca@1795212345` });
  });

  test('the kubelet has none', async () => {
    const { name } = await issue();
    await serve(undefined);
    const printed = await reader.try('Issued, not served', { ADDRESS, CSR: name });
    expect(printed).toMatch(/^(Could not (read|find) certificate|unable to load certificate)/);
  });
});

const certificate = (names: readonly string[], from = -hour, to = hour) =>
  scene.cluster.servingCertificate(NODE, names, {
    notBefore: new Date(Date.now() + from),
    notAfter: new Date(Date.now() + to),
  });
const ofAnother = async () => {
  const other = await Pki.create();
  return other.issue({ commonName: NODE, usage: 'server', names: [NODE, ADDRESS] });
};

describe('x509 errors, of the API server', () => {
  test.each<[string, () => Promise<KeyAndCertificate> | undefined, RegExp, RegExp]>([
    ['no certificate yet', () => undefined, /remote error: tls: internal error\n/, /no peer certificate/],
    [
      'another authority',
      ofAnother,
      /x509: certificate signed by unknown authority/,
      /Verify return code: (?!0 )/,
    ],
    ['self-signed', selfSigned, /because it doesn't contain any IP SANs/, /Verify return code: (?!0 )/],
    [
      'names only',
      () => certificate([NODE]),
      /x509: cannot validate certificate for 127\.\S+ because it doesn't contain any IP SANs/,
      /Verify return code: \d+ \(IP address mismatch\)/,
    ],
    [
      'another address',
      () => certificate([NODE, '10.0.0.1']),
      /x509: certificate is valid for 10\.0\.0\.1, not 127\./,
      /Verify return code: \d+ \(IP address mismatch\)/,
    ],
    [
      'expired',
      () => certificate([NODE, ADDRESS], -2 * hour, -hour),
      /x509: certificate has expired or is not yet valid: current time \S+ is after /,
      /Verify return code: \d+ \(certificate has expired\)/,
    ],
    [
      'not yet valid',
      () => certificate([NODE, ADDRESS], hour, 2 * hour),
      /x509: certificate has expired or is not yet valid: current time \S+ is before /,
      /Verify return code: \d+ \(certificate is not yet valid\)/,
    ],
  ])('%s', async (_, make, said, verified) => {
    await serve(await make());
    const printed = await reader.follow('x509 errors', { ...pod, ADDRESS });
    expect(printed).toMatch(said);
    expect(printed).toMatch(verified);
  });
});

test('rotation is stuck, since the Node does not list what is asked for', async () => {
  const notAfter = new Date(Date.now() + 60_000);
  await serve(
    await scene.cluster.servingCertificate(NODE, [NODE, ADDRESS], { notBefore: new Date(0), notAfter }),
  );
  const approver = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig }));
  const name = await scene.request(1);
  const printed = await reader.follow('Rotation is stuck', { ADDRESS, NODE });
  expect(new Date(/notAfter=(.*)/.exec(printed)?.[1] ?? '').getTime()).toBe(
    Math.floor(notAfter.getTime() / 1000) * 1000,
  );
  expect(printed).toMatch(new RegExp(`^${name} .* Pending$`, 'm'));
  const why = await reader.follow('Pending, with an Event', { CSR: name });
  expect(why).toMatch(/SANNotListed: .*10\.0\.0\.1/);
  await approver.stop();
});
