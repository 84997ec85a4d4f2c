import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { version } from '../../src/cli/version.ts';
import { apply, manifests, NAMESPACE, objectsOf, token } from '../integration/install.ts';
import { Scene } from '../integration/scene.ts';
import { eventually } from '../support/eventually.ts';
import { type Container, Unpacked } from './container.ts';
import { deploymentPod, type Pod } from './pod.ts';

/** The amd64 image under runc, confined as the Deployment says, on a real control plane with the rights of deploy/. */

let scene: Scene;
let image: Unpacked;
let pod: Pod;
let volumes: string;
let container: Container;

beforeAll(async () => {
  [scene, image] = await Promise.all([Scene.open(), Unpacked.of('amd64')]);
  const text = await manifests(scene);
  await apply(scene, text);
  pod = deploymentPod();
  volumes = mkdtempSync(join(tmpdir(), 'volumes-'));
  chmodSync(volumes, 0o755);
  const [{ volumeMounts }] = pod.containers;
  expect(volumeMounts.map(({ name }) => name)).toEqual(['config']);
  const configMap = objectsOf(text).find(({ kind }) => kind === 'ConfigMap');
  const { 'config.yaml': config = '' } = z.record(z.string(), z.string()).parse(configMap?.['data']);
  // The host's network is shared with other tests: a free port instead of the Deployment's.
  write('config.yaml', `${config}server: {address: 127.0.0.1, port: 0}\nadmin: {port: 0}\n`);
  write('token', await token(scene));
  write('ca.crt', readFileSync(scene.cluster.caFile, 'utf8'));
  write('namespace', NAMESPACE);
  await scene.node(1);
  const api = new URL(scene.cluster.url);
  container = image.start({
    pod,
    env: { KUBERNETES_SERVICE_HOST: api.hostname, KUBERNETES_SERVICE_PORT: api.port },
    mounts: {
      ...Object.fromEntries(volumeMounts.map(({ mountPath }) => [mountPath, volumes])),
      '/var/run/secrets/kubernetes.io/serviceaccount': volumes,
    },
  });
  await eventually(
    async () => (await fetch(`http://127.0.0.1:${String(port())}/readyz`)).status === 200 || undefined,
    { withinMs: 30_000, explain: log },
  );
});

afterAll(async () => {
  await container?.stop();
  await scene?.close();
  image?.remove();
  rmSync(volumes, { recursive: true, force: true });
});

const log = () => container.log;
/** A volume is root's, and readable to all, as the kubelet makes it. */
const write = (name: string, text: string) => {
  writeFileSync(join(volumes, name), text, { mode: 0o644 });
};
const lines = () =>
  log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => JSON.parse(line));
const port = () => lines().find((line) => typeof line['port'] === 'number')?.['port'];

test('approves a request, and leaves a forged one', async () => {
  const name = await scene.request(1);
  await scene.condition(name, 'Approved', log);
  const certificate = new X509Certificate(await scene.certificate(name));
  expect(certificate.subjectAltName).toContain('10.0.0.1');
  const forged = await scene.request(1, { dns: ['kubernetes.default.svc'] });
  await scene.event(forged, /NameReserved/, log);
  expect(await scene.conditions(forged)).toEqual([]);
  expect(lines().filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});

test('shows its version at /metrics', async () => {
  const text = await (await fetch(`http://127.0.0.1:${String(port())}/metrics`)).text();
  expect(text).toContain(`csr_approver_build_info{version="${version}"} 1`);
});

/** A line of what the kernel says of the container's first process. */
const status = async (field: string) => {
  const text = readFileSync(`/proc/${String(await container.pid())}/status`, 'utf8');
  return new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(text)?.[1]?.split(/\s+/);
};
const fourTimes = (id: number) => Array.from({ length: 4 }, () => String(id));

describe('is confined', () => {
  test('to a user who is not root', async () => {
    expect(await status('Uid')).toEqual(fourTimes(pod.securityContext.runAsUser));
    expect(await status('Gid')).toEqual(fourTimes(pod.securityContext.runAsGroup));
  });

  test('without capabilities, gaining any, or system calls beyond the default', async () => {
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      // oxlint-disable-next-line no-await-in-loop -- five
      expect(await status(set), set).toEqual(['0000000000000000']);
    }
    expect(await status('NoNewPrivs')).toEqual(['1']);
    expect(await status('Seccomp')).toEqual(['2']);
  });

  test('to a root filesystem that is read-only', async () => {
    const mounts = readFileSync(`/proc/${String(await container.pid())}/mountinfo`, 'utf8');
    const root = mounts.split('\n').find((line) => line.split(' ')[4] === '/');
    expect(root?.split(' ')[5]?.split(',')).toContain('ro');
  });
});

test.each([
  ['not without its CA', {}, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN/],
  [
    'with its CA in place of the shipped file',
    { '/etc/ssl/certs/ca-certificates.crt': 'ca.crt' },
    /^status \d+$/,
  ],
])('trusts a server %s', async (_, mounts: Readonly<Record<string, string>>, answer) => {
  const script = `fetch('${scene.cluster.url}/version').then(r => 'status ' + r.status, e => e.cause.code).then(console.log)`;
  const asked = image.start({
    pod,
    entrypoint: image.entrypoint.slice(0, -1),
    args: ['-e', script],
    mounts: Object.fromEntries(Object.entries(mounts).map(([at, file]) => [at, join(volumes, file)])),
  });
  await asked.end();
  expect(asked.stdout.trim(), asked.log).toMatch(answer);
});

test('trusts the CAs of the web that it ships', async () => {
  const script = "console.log(require('node:tls').getCACertificates('system').length)";
  const asked = image.start({
    pod,
    entrypoint: image.entrypoint.slice(0, -1),
    args: ['-e', script],
    mounts: {},
  });
  await asked.end();
  expect(Number(asked.stdout), asked.log).toBeGreaterThan(100);
});

test('keeps well below its memory limit', async () => {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(
    readFileSync(`/proc/${String(await container.pid())}/status`, 'utf8'),
  )?.[1];
  const limit = Number.parseInt(pod.containers[0].resources.limits.memory, 10);
  expect(Number(kilobytes) / 1024).toBeGreaterThan(20);
  expect(Number(kilobytes) / 1024).toBeLessThan(limit * 0.75);
});

test('ends at once when it is told to, with code 0', async () => {
  const begun = performance.now();
  expect(await container.stop()).toBe(0);
  expect(performance.now() - begun).toBeLessThan(10_000);
});
