import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { kubeconfig } from '../control-plane/kubeconfig.ts';
import { Pki } from '../control-plane/pki.ts';
import { Approver } from '../support/approver.ts';
import { runToEnd } from './program.ts';
import { Scene } from './scene.ts';

/** Ways to a real API server, good and bad. */

const masters = { user: 'approver', groups: ['system:masters'] };
const hour = 3_600_000;

let scene: Scene;
let other: Pki;
beforeAll(async () => {
  scene = await Scene.open();
  other = await Pki.create();
  await scene.node(1);
});
afterAll(() => scene?.close());

const file = (name: string, text: string): string => {
  const path = join(scene.cluster.dir, name);
  writeFileSync(path, text);
  return path;
};
const ca = () => readFileSync(scene.cluster.caFile, 'utf8');

/** A token of an administrator's service account. */
async function adminToken(name: string): Promise<string> {
  await scene.cluster.kubectl(['create', 'serviceaccount', name]);
  const role = ['--clusterrole=cluster-admin', `--serviceaccount=default:${name}`];
  await scene.cluster.kubectl(['create', 'clusterrolebinding', name, ...role]);
  return (await scene.cluster.kubectl(['create', 'token', name])).trim();
}

/** The kubeconfig with its user replaced. */
const withUser = (user: object): string => {
  const config: Record<string, unknown> = parse(readFileSync(scene.cluster.adminKubeconfig, 'utf8'));
  return stringify({ ...config, users: [{ name: 'test', user }] });
};

/** A credential plugin that prints what it is given. */
function plugin(name: string, status: object): object {
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
  const path = file(name, `#!/bin/sh\ncat <<'EOF'\n${JSON.stringify(credential)}\nEOF\n`);
  chmodSync(path, 0o700);
  return { exec: { apiVersion: credential.apiVersion, command: path, interactiveMode: 'Never' } };
}

describe('works with', () => {
  test.each<[string, () => Promise<string> | string]>([
    ['a client certificate', () => scene.cluster.kubeconfigFor(masters)],
    ['a token', async () => scene.cluster.tokenKubeconfig(await adminToken('by-token'))],
    [
      'a token in a file',
      async () => {
        const tokenFile = file('token', `${await adminToken('by-file')}\n`);
        return file('token-file.kubeconfig', withUser({ tokenFile }));
      },
    ],
    [
      'a plugin that gives a token',
      async () =>
        file('exec.kubeconfig', withUser(plugin('token.sh', { token: await adminToken('by-plugin') }))),
    ],
    [
      'a plugin that gives a certificate',
      async () => {
        const { certificate, key } = await scene.cluster.clientCertificate(masters);
        const status = { clientCertificateData: certificate, clientKeyData: key };
        return file('exec-cert.kubeconfig', withUser(plugin('certificate.sh', status)));
      },
    ],
  ])('%s', async (_, make) => {
    const approver = await scene.keep(Approver.start({ kubeconfig: await make() }));
    await scene.condition(await scene.request(1), 'Approved', () => approver.log);
    expect(await approver.stop()).toBe(0);
  });

  test('the context that is asked for, and KUBECONFIG', async () => {
    const good: Record<string, unknown> = parse(readFileSync(scene.cluster.adminKubeconfig, 'utf8'));
    const contexts = [
      { name: 'here', context: { cluster: 'test', user: 'test' } },
      { name: 'there', context: { cluster: 'gone', user: 'test' } },
    ];
    const clusters = [
      ...(good['clusters'] as object[]),
      { name: 'gone', cluster: { server: 'https://127.0.0.1:1' } },
    ];
    const path = file(
      'two.kubeconfig',
      stringify({ ...good, clusters, contexts, 'current-context': 'here' }),
    );
    const approver = await scene.keep(
      Approver.start({ kubeconfig: path, env: { KUBECONFIG: '/nowhere/kubeconfig' } }),
    );
    expect(await approver.stop()).toBe(0);
    const args = ['run', '--context', 'there'];
    const { code, stderr } = await runToEnd(args, { env: { KUBECONFIG: path } });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/127\.0\.0\.1:1.*nothing listens there/)]);
  });
});

describe('ends with exit code 2, and says why', () => {
  test.concurrent.each<[string, () => Promise<string> | string, RegExp]>([
    [
      'nothing listens there',
      async () => kubeconfig('https://127.0.0.1:1', ca(), await scene.cluster.clientCertificate(masters)),
      /^error: ClusterUnreachable: .*https:\/\/127\.0\.0\.1:1: nothing listens there/m,
    ],
    [
      'a name that does not resolve',
      async () => kubeconfig('https://api.invalid', ca(), await scene.cluster.clientCertificate(masters)),
      /^error: ClusterUnreachable: .*(does not resolve|could not be resolved)/m,
    ],
    [
      'an expired client certificate',
      async () => {
        const validity = {
          notBefore: new Date(Date.now() - 2 * hour),
          notAfter: new Date(Date.now() - hour),
        };
        const expired = await scene.cluster.clientCertificate({ ...masters, validity });
        return kubeconfig(scene.cluster.url, ca(), expired);
      },
      /does not accept our credentials: they have expired, were revoked, or belong to another cluster/,
    ],
    [
      'a client certificate of another cluster',
      async () => {
        const foreign = await other.issue({
          commonName: 'a',
          organizations: ['system:masters'],
          usage: 'client',
        });
        return kubeconfig(scene.cluster.url, ca(), foreign);
      },
      /does not accept our credentials|does not know the authority/,
    ],
    [
      'a token of nobody',
      () => kubeconfig(scene.cluster.url, ca(), { token: 'nobody' }),
      /does not accept our credentials/,
    ],
    [
      'the wrong authority',
      async () =>
        kubeconfig(scene.cluster.url, other.certificate, await scene.cluster.clientCertificate(masters)),
      /signed by an unknown authority: is certificate-authority the right one\?/,
    ],
    [
      'http instead of https',
      () => kubeconfig(scene.cluster.url.replace('https', 'http'), ca(), { token: 't' }),
      /http/,
    ],
  ])('%s', async (name, make, message) => {
    const path = file(`${name.replaceAll(' ', '-')}.kubeconfig`, await make());
    const { code, stdout, stderr } = await runToEnd(['run', '--kubeconfig', path]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([code, stdout]).toEqual([2, '']);
  });
});
