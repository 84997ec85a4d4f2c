import { existsSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { self, mayBeAlive } from '../tools/owner.ts';
import { buildCSR, type CSRSpec } from '../support/csr.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

const admin = { user: 'kubernetes-admin', groups: ['system:masters'] };
const isAlive = (pid: number): boolean => mayBeAlive({ pid, started: '', host: self.host });

function manifest(name: string, request: CSRSpec): string {
  return JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(buildCSR(request).pem).toString('base64'),
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'server auth'],
    },
  });
}

describe('two control planes at once', () => {
  let first: ControlPlane;
  let second: ControlPlane;
  let node: string;

  beforeAll(async () => {
    [first, second] = await Promise.all([startControlPlane(), startControlPlane()]);
    node = await first.kubeconfigFor({ user: 'system:node:n1', groups: ['system:nodes'] });
  });
  afterAll(async () => {
    await Promise.all([first?.stop(), second?.stop()]);
  });

  test('share nothing', async () => {
    expect(first.url).not.toBe(second.url);
    expect(first.dir).not.toBe(second.dir);
    await first.kubectl(['create', 'namespace', 'only-here']);
    await expect(second.kubectl(['get', 'namespace', 'only-here'])).rejects.toThrow(/not found/i);
    const elsewhere = ['get', 'namespaces', '--server', second.url];
    await expect(first.kubectl(elsewhere)).rejects.toThrow(/certificate signed by unknown authority/);
  });

  test('runs the pinned version and has endpoints for the kubernetes Service', async () => {
    expect(await first.kubectl(['version'])).toMatch(/Client Version: (v\S+)[^]*Server Version: \1/);
    const slices = await first.kubectl([
      'get',
      'endpointslices',
      'kubernetes',
      '-o',
      'jsonpath={.endpoints}',
    ]);
    expect(slices).toContain('192.0.2.10');
  });

  test("signs a node's own request once it is approved", async () => {
    await first.kubectl(['create', '-f', '-'], {
      kubeconfig: node,
      input: manifest('own', { node: 'n1', ip: ['10.0.0.1'] }),
    });
    await first.kubectl(['certificate', 'approve', 'own']);
    await first.kubectl(['wait', 'csr/own', '--for=jsonpath={.status.certificate}', '--timeout=20s']);
    const issued = await first.kubectl(['get', 'csr/own', '-o', 'jsonpath={.status.certificate}']);
    const certificate = new X509Certificate(Buffer.from(issued, 'base64'));
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n1');
    expect(certificate.subjectAltName).toBe('DNS:n1, IP Address:10.0.0.1');
  });

  test('keeps a node from asking in the name of another', async () => {
    const input = manifest('other', { node: 'n2', ip: ['10.0.0.1'] });
    await expect(first.kubectl(['create', '-f', '-'], { kubeconfig: node, input })).rejects.toThrow(
      /Forbidden.*can only create a node CSR with CN=system:node:n1/,
    );
  });

  test('signs service account tokens, and knows them', async () => {
    const token = await first.kubectl(['create', 'token', 'default']);
    const kubeconfig = first.tokenKubeconfig(token.trim());
    const whoami = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
    expect(await first.kubectl(whoami, { kubeconfig })).toBe('system:serviceaccount:default:default');
  });

  test('knows bootstrap tokens', async () => {
    await first.kubectl([
      'create',
      'secret',
      'generic',
      'bootstrap-token-abcdef',
      '--namespace=kube-system',
      '--type=bootstrap.kubernetes.io/token',
      '--from-literal=token-id=abcdef',
      '--from-literal=token-secret=0123456789abcdef',
      '--from-literal=usage-bootstrap-authentication=true',
    ]);
    const kubeconfig = first.tokenKubeconfig('abcdef.0123456789abcdef');
    const whoami = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.groups}'];
    await vi.waitFor(
      async () => expect(await first.kubectl(whoami, { kubeconfig })).toContain('system:bootstrappers'),
      10_000,
    );
  });

  test('refuses an expired client certificate', async () => {
    const validity = {
      notBefore: new Date(Date.now() - 7_200_000),
      notAfter: new Date(Date.now() - 3_600_000),
    };
    const expired = await first.kubeconfigFor({ ...admin, validity });
    await expect(first.kubectl(['get', 'nodes'], { kubeconfig: expired })).rejects.toThrow(/logged in/);
  });

  test('comes back with its data after each component was killed', async () => {
    await second.kubectl(['create', 'configmap', 'kept']);
    await second.apiserver.kill('SIGKILL');
    expect(second.apiserver.pid).toBeUndefined();
    await expect(second.kubectl(['get', 'configmap', 'kept'])).rejects.toThrow(/refused/);
    await second.apiserver.start();
    await second.etcd.kill();
    await second.etcd.start();
    await vi.waitFor(() => second.kubectl(['get', 'configmap', 'kept']), 20_000);
    await second.controllerManager?.kill();
    await second.controllerManager?.start();
    expect(new Set(second.pids).size).toBe(4);
  });

  test('leaves nothing when it is stopped', async () => {
    const { pids, dir } = second;
    expect(pids.every((pid) => isAlive(pid))).toBe(true);
    await second.stop();
    expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
    expect(existsSync(dir)).toBe(false);
    await second.stop();
  });
});
