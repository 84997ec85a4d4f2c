import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { serverVersion } from '../../src/kube/calls.ts';
import { connect } from '../../src/kube/connect.ts';
import { isStatus } from '../../src/kube/errors.ts';
import { Pki } from '../control-plane/pki.ts';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { apply, manifests, NAMESPACE } from './install.ts';
import { Scene } from './scene.ts';

/**
 * Whatever the program proves itself with, or the API server, is replaced while it runs, with its watches open; what was
 * before is then good for nothing.
 */

/** The API server has another certificate by this name, of an authority that a test replaces. */
const otherName = 'rotated.example.com';

let directory: string;
let scene: Scene;
let first: Pki;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rotation-'));
  first = await Pki.create();
  await serve(first);
  const flag = `--tls-sni-cert-key=${join(directory, 'server.crt')},${join(directory, 'server.key')}:${otherName}`;
  scene = await Scene.open({ flags: { apiserver: [flag] } });
  await apply(scene, await manifests(scene));
  await scene.node(1);
});
afterAll(async () => {
  await scene?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** At once, as kubelets and kubeadm do it: nobody reads half a file. */
function put(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return path;
}

async function serve(pki: Pki): Promise<void> {
  const { certificate, key } = await pki.issue({ commonName: 'other', usage: 'server', names: [otherName] });
  put('server.key', key);
  put('server.crt', certificate);
}

function kubeconfig(cluster: object, user: object): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: scene.cluster.url, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });
}

/** A token of the program that is good for as long as a Secret is there. */
async function boundToken(secret: string): Promise<string> {
  await scene.cluster.kubectl(['create', 'secret', 'generic', secret, '-n', NAMESPACE]);
  const bound = ['--bound-object-kind=Secret', `--bound-object-name=${secret}`];
  const args = ['create', 'token', 'rego-csr-approver', '-n', NAMESPACE, ...bound];
  return (await scene.cluster.kubectl(args)).trim();
}
const revoke = (secret: string) => scene.cluster.kubectl(['delete', 'secret', secret, '-n', NAMESPACE]);

/** Waits until the API server refuses who comes with that kubeconfig. It remembers good tokens for ten seconds. */
async function refused(config: string): Promise<void> {
  const client = connect({ kubeconfig: config }, { userAgent: 'test' });
  await eventually(
    async () => {
      try {
        await serverVersion(client);
        return undefined;
      } catch (error) {
        if (isStatus(error, 401)) return true;
        throw error;
      }
    },
    { withinMs: 40_000 },
  );
  await client.close();
}

async function approves(approver: Approver): Promise<void> {
  const name = await scene.request(1);
  await eventually(
    async () => ((await scene.conditions(name)).some(({ type }) => type === 'Approved') ? true : undefined),
    { withinMs: 40_000, explain: () => approver.log },
  );
}

const unwelcome = (approver: Approver) => approver.log.match(/does not accept our credentials/g)?.length ?? 0;

async function restarts(approver: Approver, reason: string): Promise<number> {
  const { body } = await approver.get('/metrics');
  const lines = body.split('\n').filter((line) => line.startsWith('csr_approver_watch_restarts_total{'));
  const found = lines.filter((line) => line.includes(`reason="${reason}"`));
  return found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('a token in a file', () => {
  let approver: Approver;
  beforeAll(async () => {
    const tokenFile = put('token', await boundToken('one'));
    const config = kubeconfig({ 'certificate-authority': scene.cluster.caFile }, { tokenFile });
    approver = await scene.keep(Approver.start({ kubeconfig: put('token.kubeconfig', config) }));
    await approves(approver);
  });

  test('that is replaced in time: nobody notices, the watches stay', async () => {
    const old = scene.cluster.tokenKubeconfig(readFileSync(join(directory, 'token'), 'utf8'));
    put('token', `${await boundToken('two')}\n`);
    await revoke('one');
    await refused(old);
    await approves(approver);
    expect(unwelcome(approver)).toBe(0);
    expect(await restarts(approver, 'rotated')).toBe(0);
  });

  test('that has run out: said, and mended as soon as there is another', async () => {
    const old = scene.cluster.tokenKubeconfig(readFileSync(join(directory, 'token'), 'utf8').trim());
    await revoke('two');
    await refused(old);
    const name = await scene.request(1);
    await eventually(() => (unwelcome(approver) > 0 ? true : undefined), { explain: () => approver.log });
    expect(await scene.conditions(name)).toEqual([]);
    put('token', await boundToken('three'));
    await eventually(async () => ((await scene.conditions(name)).length > 0 ? true : undefined), {
      withinMs: 60_000,
      explain: () => approver.log,
    });
    expect((await approver.get('/livez')).status).toBe(200);
    expect(await approver.stop()).toBe(0);
  });
});

test('a client certificate in files: replaced before it expires, with the watches open', async () => {
  const user = { user: 'approver', groups: ['system:masters'] };
  const expires = new Date(Date.now() + 25_000);
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: expires };
  const paths = {
    'client-certificate': join(directory, 'client.crt'),
    'client-key': join(directory, 'client.key'),
  };
  const write = ({ certificate, key }: { certificate: string; key: string }) => {
    put('client.key', key);
    put('client.crt', certificate);
  };
  const ending = await scene.cluster.clientCertificate({ ...user, validity });
  write(ending);
  const cluster = { 'certificate-authority': scene.cluster.caFile };
  const config = put('certificate.kubeconfig', kubeconfig(cluster, paths));
  const old = put(
    'old.kubeconfig',
    kubeconfig(cluster, {
      'client-certificate-data': Buffer.from(ending.certificate).toString('base64'),
      'client-key-data': Buffer.from(ending.key).toString('base64'),
    }),
  );
  const approver = await scene.keep(Approver.start({ kubeconfig: config }));
  await approves(approver);
  write(await scene.cluster.clientCertificate(user));
  await refused(old);
  await approves(approver);
  expect(unwelcome(approver)).toBe(0);
  // Both watches had been opened by the old one.
  expect(await restarts(approver, 'rotated')).toBe(2);
  expect((await approver.get('/readyz')).status).toBe(200);
  expect(await approver.stop()).toBe(0);
});

/** Whether the API server shows a certificate of that authority by the other name. */
function shows(pki: Pki): Promise<true | undefined> {
  const { hostname, port } = new URL(scene.cluster.url);
  return new Promise((resolve) => {
    const options = { host: hostname, port: Number(port), servername: otherName, ca: pki.certificate };
    const socket = tlsConnect(options, () => {
      resolve(true);
      socket.end();
    });
    socket.on('error', () => resolve(undefined));
  });
}

test("the API server's authority: both for a while, then only the new one", async () => {
  const second = await Pki.create();
  const authority = put('ca.crt', first.certificate);
  const tokenFile = put('ca-token', await boundToken('four'));
  const cluster = { 'certificate-authority': authority, 'tls-server-name': otherName };
  const config = put('ca.kubeconfig', kubeconfig(cluster, { tokenFile }));
  const approver = await scene.keep(Approver.start({ kubeconfig: config }));
  await approves(approver);
  put('ca.crt', first.certificate + second.certificate);
  await serve(second);
  await eventually(() => shows(second), { withinMs: 90_000 });
  await approves(approver);
  put('ca.crt', second.certificate);
  const before = await restarts(approver, 'rotated');
  await eventually(
    async () => {
      // What asks for credentials is a request; the last authority is in use when the watches have begun again by it.
      await approves(approver);
      return (await restarts(approver, 'rotated')) > before ? true : undefined;
    },
    { withinMs: 40_000, explain: () => approver.log },
  );
  await approves(approver);
  expect(approver.log).not.toMatch(/unknown authority/);
  expect(await approver.stop()).toBe(0);
});
