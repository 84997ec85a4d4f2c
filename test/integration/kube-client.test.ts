import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import * as calls from '../../src/kube/calls.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { Credentials } from '../../src/kube/credentials.ts';
import { explain } from '../../src/kube/explain.ts';
import { recordOf, textOf } from '../../src/kube/json.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { listPage } from '../../src/kube/list.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { Pki } from '../control-plane/pki.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { approved, createCSR, open } from './kube-fixture.ts';

let cluster: ControlPlane;
let admin: KubeClient;
const clients: KubeClient[] = [];
const track = <T extends KubeClient>(client: T): T => {
  clients.push(client);
  return client;
};

beforeAll(async () => {
  cluster = await startControlPlane();
  admin = track(open(cluster.adminKubeconfig));
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await cluster?.stop();
});

const failure = (init: object) => expect.objectContaining({ name: 'KubeError', ...init });

/** Who the API server takes us for. */
async function whoami(client: KubeClient): Promise<string> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const { status } = await client.create(path, body);
  return textOf(recordOf(recordOf(status)['userInfo'])['username']);
}

let files = 0;
/** A kubeconfig as the test wants it, in the cluster's directory, which is removed with it. */
function kubeconfig(user: object, clusterFields: object = {}): string {
  files += 1;
  const file = join(cluster.dir, `kube-client-test-${String(files)}`);
  writeFileSync(
    file,
    stringify({
      clusters: [
        {
          name: 'c',
          cluster: { server: cluster.url, 'certificate-authority': cluster.caFile, ...clusterFields },
        },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  return file;
}

/** Looks at its files at every request. */
const watchful = (file: string): KubeClient =>
  track(
    new KubeClient({
      credentials: new Credentials({ load: () => loadKubeConfig({ kubeconfig: file }), maxAgeMs: 0 }),
      userAgent: 'rego-csr-approver/test',
    }),
  );

const token = async (): Promise<string> =>
  (await cluster.kubectl(['create', 'token', 'default', '--namespace=default'])).trim();

const told = (client: KubeClient): Promise<string> =>
  calls.getCSR(client, 'x').then(
    () => 'nothing',
    (error: unknown) => explain(error, client.server),
  );

describe('credentials', () => {
  test('client certificate', async () => {
    expect(await whoami(admin)).toBe('kubernetes-admin');
    expect(await calls.serverVersion(admin)).toMatch(/^v1\./);
  });

  test('token file, rotated', async () => {
    const tokenFile = join(cluster.dir, 'rotating-token');
    writeFileSync(tokenFile, 'wrong\n');
    const client = track(open(kubeconfig({ tokenFile })));
    await expect(whoami(client)).rejects.toThrow(failure({ status: 401 }));
    writeFileSync(tokenFile, `${await token()}\n`);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await whoami(client)).toBe('system:serviceaccount:default:default');
  });

  test('exec plugin', async () => {
    const plugin = join(cluster.dir, 'plugin.sh');
    const answer = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: await token() },
    };
    writeFileSync(plugin, `cat <<'END'\n${JSON.stringify(answer)}\nEND\n`);
    const exec = { apiVersion: answer.apiVersion, command: 'sh', args: [plugin], interactiveMode: 'Never' };
    expect(await whoami(track(open(kubeconfig({ exec }))))).toBe('system:serviceaccount:default:default');
  });

  test('client certificate files, rotated, and half rotated in between', async () => {
    const [certFile, keyFile] = [join(cluster.dir, 'rotating.crt'), join(cluster.dir, 'rotating.key')];
    const one = await cluster.clientCertificate({ user: 'one', groups: ['system:masters'] });
    const two = await cluster.clientCertificate({ user: 'two', groups: ['system:masters'] });
    writeFileSync(certFile, one.certificate);
    writeFileSync(keyFile, one.key);
    const client = watchful(kubeconfig({ 'client-certificate': certFile, 'client-key': keyFile }));
    expect(await whoami(client)).toBe('one');
    writeFileSync(certFile, two.certificate);
    expect(await whoami(client)).toBe('one');
    writeFileSync(keyFile, two.key);
    expect(await whoami(client)).toBe('two');
  });

  test('CA file, rotated', async () => {
    const caFile = join(cluster.dir, 'rotating-ca.crt');
    writeFileSync(caFile, (await Pki.create()).certificate);
    const client = watchful(kubeconfig({ token: await token() }, { 'certificate-authority': caFile }));
    const refused = await whoami(client).catch((error: unknown) => explain(error, client.server));
    expect(refused).toMatch(/cannot reach https:.*signed by an unknown authority/);
    writeFileSync(caFile, readFileSync(cluster.caFile));
    expect(await whoami(client)).toBe('system:serviceaccount:default:default');
  });

  test('rotation ends watches, and requests under way finish', async () => {
    const [certFile, keyFile] = [join(cluster.dir, 'w.crt'), join(cluster.dir, 'w.key')];
    const write = async (user: string): Promise<void> => {
      const { certificate, key } = await cluster.clientCertificate({ user, groups: ['system:masters'] });
      writeFileSync(certFile, certificate);
      writeFileSync(keyFile, key);
    };
    await write('one');
    const client = watchful(kubeconfig({ 'client-certificate': certFile, 'client-key': keyFile }));
    const { resourceVersion } = await listPage(client, calls.NODE_PATH);
    const next = client.watch(calls.NODE_PATH, { query: { resourceVersion } }).next();
    const ended = expect(next).rejects.toThrow(failure({ kind: 'network', reason: 'CredentialsRotated' }));
    await whoami(client);
    await write('two');
    expect(await whoami(client)).toBe('two');
    await ended;
  });
});

describe('says what is wrong', () => {
  test('expired client certificate', async () => {
    const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2020-01-02') };
    const client = open(await cluster.kubeconfigFor({ user: 'late', validity }));
    expect(await told(track(client))).toMatch(/does not accept our credentials: they have expired/);
  });

  test('client certificate of another cluster', async () => {
    const pki = await Pki.create();
    const { certificate, key } = await pki.issue({ commonName: 'stranger', usage: 'client' });
    const user = {
      'client-certificate-data': Buffer.from(certificate).toString('base64'),
      'client-key-data': Buffer.from(key).toString('base64'),
    };
    expect(await told(track(open(kubeconfig(user))))).toMatch(/does not accept our credentials/);
  });

  test('missing RBAC, with verb and resource', async () => {
    const client = track(open(await cluster.kubeconfigFor({ user: 'nobody' })));
    expect(await told(client)).toMatch(
      /grant it by RBAC.*User "nobody" cannot get resource "certificatesigningrequests" in API group "certificates.k8s.io"/,
    );
  });

  test('missing right to approve for the signer', async () => {
    await cluster.kubectl([
      'create',
      'clusterrole',
      'half',
      '--verb=get,update',
      '--resource=certificatesigningrequests,certificatesigningrequests/approval',
    ]);
    await cluster.kubectl(['create', 'clusterrolebinding', 'half', '--clusterrole=half', '--user=half']);
    const client = track(open(await cluster.kubeconfigFor({ user: 'half' })));
    const csr = await createCSR(admin, 'half');
    await expect(calls.putApproval(client, approved(csr))).rejects.toThrow(
      failure({
        status: 403,
        message: expect.stringContaining('user not permitted to approve requests with signerName'),
      }),
    );
  });

  test('a certificate for other names', async () => {
    const client = open(kubeconfig({ token: 't' }, { 'tls-server-name': 'elsewhere.example' }));
    expect(await told(track(client))).toMatch(/its certificate is for other names/);
  });

  test('nothing listens', async () => {
    const client = open(kubeconfig({ token: 't' }, { server: 'https://127.0.0.1:1' }));
    expect(await told(track(client))).toMatch(/cannot reach https:\/\/127.0.0.1:1: nothing listens there/);
  });
});

describe('requests', () => {
  test.each([
    ['space and newline', 'a b\nc'],
    ['what looks like a query', 'a?x=1&y#z'],
    ['beyond ASCII', 'ü\u{1f600}'],
    ['dots and backslash', '..\\..'],
    ['a control character', 'a\u0007b'],
  ])('a name with %s is created, read and approved', async (_, name) => {
    const created = await createCSR(admin, name);
    expect(created.metadata.name).toBe(name);
    const read = await calls.getCSR(admin, name);
    expect(read.metadata.uid).toBe(created.metadata.uid);
    const written = await calls.putApproval(admin, approved(read));
    expect(written['status']).toMatchObject({ conditions: [{ type: 'Approved', reason: 'Test' }] });
  });

  test('an approval is a precondition on version and uid', async () => {
    const csr = await createCSR(admin, 'preconditions');
    const other = { ...csr, metadata: { ...csr.metadata, uid: '00000000-0000-0000-0000-000000000000' } };
    await expect(calls.putApproval(admin, approved(other))).rejects.toThrow(
      failure({ status: 409, uncertain: false }),
    );
    await calls.putApproval(admin, approved(csr));
    await expect(calls.putApproval(admin, approved(csr))).rejects.toThrow(
      failure({ status: 409, reason: 'Conflict' }),
    );
    const without = { ...csr, metadata: { ...csr.metadata, resourceVersion: '' } };
    await expect(calls.putApproval(admin, without)).rejects.toThrow(TypeError);
    await expect(calls.getCSR(admin, 'gone')).rejects.toThrow(failure({ status: 404, reason: 'NotFound' }));
  });

  test('a write whose answer is lost is uncertain, and may have been applied', async () => {
    const proxy = await FaultProxy.start(cluster.adminKubeconfig);
    const file = join(cluster.dir, 'fault-kubeconfig');
    writeFileSync(file, proxy.kubeconfig());
    const client = track(open(file));
    try {
      const csr = await createCSR(client, 'lost');
      proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'lost-answer' } : undefined);
      await expect(calls.putApproval(client, approved(csr))).rejects.toThrow(
        failure({ kind: 'network', uncertain: true }),
      );
      expect((await calls.getCSR(client, 'lost'))['status']).toMatchObject({
        conditions: [{ type: 'Approved' }],
      });
      proxy.fault = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '4' } });
      await expect(calls.getCSR(client, 'lost')).rejects.toThrow(
        failure({ status: 429, retryAfterSeconds: 4 }),
      );
    } finally {
      await proxy.stop();
    }
  });

  test('Nodes', async () => {
    await cluster.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n1', labels: { a: 'b' } },
        spec: { providerID: 'test://n1' },
      }),
    });
    const status = JSON.stringify({ status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } });
    await cluster.kubectl(['patch', 'node', 'n1', '--subresource=status', '--type=merge', '-p', status]);
    expect(await calls.getNode(admin, 'n1')).toMatchObject({
      metadata: { name: 'n1', labels: { a: 'b' }, deletionTimestamp: undefined },
      spec: { providerID: 'test://n1' },
      status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
    });
    expect(await calls.getNode(admin, 'n2')).toBeUndefined();
    expect(calls.NODE_PATH).toBe('/api/v1/nodes');
  });

  test('access reviews', async () => {
    const resourceAttributes = {
      group: 'certificates.k8s.io',
      resource: 'certificatesigningrequests',
      subresource: 'selfnodeserver',
      verb: 'create',
    };
    const review = { user: 'x', groups: ['system:masters'], resourceAttributes };
    expect(await calls.createSubjectAccessReview(admin, review)).toMatchObject({
      allowed: true,
      denied: false,
    });
    const refused = await calls.createSubjectAccessReview(admin, { ...review, groups: ['y'] });
    expect(refused).toMatchObject({ allowed: false, denied: false });
  });

  test('what the cluster says of itself', async () => {
    const service = await calls.getService(admin, 'default', 'kubernetes');
    const slices = await calls.listEndpointSlices(admin, 'default', 'kubernetes');
    const cidrs = await calls.listServiceCIDRs(admin);
    expect(service.spec.clusterIPs).toEqual([service.spec.clusterIP]);
    expect(slices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))).toEqual([
      '192.0.2.10',
    ]);
    expect(cidrs?.flatMap(({ spec }) => spec.cidrs)).toHaveLength(1);
  });

  test('an API that the server has not is told from a refusal', async () => {
    // What listServiceCIDRs takes for absence, said of a resource that no server has.
    const group = '/apis/networking.k8s.io/v1';
    await expect(admin.get(`${group}/nosuch`)).rejects.toThrow(failure({ status: 404, reason: 'NotFound' }));
    expect(await admin.get(group)).toMatchObject({ kind: 'APIResourceList' });
    const nobody = track(open(await cluster.kubeconfigFor({ user: 'nobody' })));
    await expect(calls.listServiceCIDRs(nobody)).rejects.toThrow(failure({ status: 403 }));
  });

  test('Events on cluster-scoped objects', async () => {
    const { metadata } = await createCSR(admin, 'eventful');
    await calls.createEvent(admin, 'default', {
      metadata: { generateName: 'eventful-' },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      reportingController: 'rego-csr-approver',
      reportingInstance: 'test',
      action: 'Decide',
      reason: 'Test',
      type: 'Normal',
      note: 'hello',
      regarding: {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        name: metadata.name,
        uid: metadata.uid,
      },
    });
    expect(await cluster.kubectl(['describe', 'csr', 'eventful'])).toMatch(/Test.*hello/);
  });
});
