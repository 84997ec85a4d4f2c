import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSubjectAccessReview } from '../../src/kube/calls.ts';
import type { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { bare, bootstrap, clientSigner, makeBootstrapToken } from './bootstrap.ts';
import { apply, manifests, startInstalled, token } from './install.ts';
import { addressesOf, Scene } from './scene.ts';

/** The shipped program instead of Kubernetes' own approver of kubelet client certificates, as deploy/ installs it. */

const role = (kind: string) => `system:certificates.k8s.io:certificatesigningrequests:${kind}`;
const staticTokens = `0123456789,kubelet-bootstrap,u1,"system:bootstrappers"
9876543210,cook,u2,"cooks"
`;

let directory: string;
let scene: Scene;
let approver: Approver;
let bootstrapToken: string;
const log = () => approver.log;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'static-tokens-'));
  const file = join(directory, 'tokens.csv');
  writeFileSync(file, staticTokens, { mode: 0o600 });
  scene = await Scene.open({
    controllers: ['*', '-certificatesigningrequest-approving-controller'],
    flags: { apiserver: [`--token-auth-file=${file}`] },
  });
  await apply(scene, await manifests(scene, 'client-certificates'));
  // As the Kubernetes documents on TLS bootstrapping have it; cooks may ask too.
  await bind('create-csrs-for-bootstrapping', 'system:node-bootstrapper', '--group=system:bootstrappers');
  await bind('create-csrs-for-cooks', 'system:node-bootstrapper', '--group=cooks');
  await bind('auto-approve-csrs-for-group', role('nodeclient'), '--group=system:bootstrappers');
  await bind('auto-approve-csrs-for-cooks', role('nodeclient'), '--group=cooks');
  await bindRenewals('--group=system:nodes');
  bootstrapToken = scene.cluster.tokenKubeconfig(await makeBootstrapToken(scene));
  approver = await startInstalled(scene, scene.cluster.tokenKubeconfig(await token(scene)));
});
afterAll(async () => {
  await scene?.close();
  rmSync(directory, { recursive: true, force: true });
});

const bind = (name: string, clusterRole: string, to: string) =>
  scene.cluster.kubectl(['create', 'clusterrolebinding', name, `--clusterrole=${clusterRole}`, to]);
const bindRenewals = (to: string) => bind('auto-approve-renewals-for-nodes', role('selfnodeclient'), to);
const unbind = (name: string) => scene.cluster.kubectl(['delete', 'clusterrolebinding', name]);

const renew = (number: number) => scene.request(number, bare, clientSigner);

/** Until the API server's own copy of its rules says so. */
async function renewalsAllowed(node: string, expected: boolean): Promise<void> {
  const resourceAttributes = {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    subresource: 'selfnodeclient',
    verb: 'create',
  };
  await eventually(async () => {
    const asked = { user: `system:node:${node}`, groups: ['system:nodes'], resourceAttributes };
    const { allowed } = await createSubjectAccessReview(scene.admin, asked);
    return allowed === expected ? true : undefined;
  });
}

async function issued(name: string): Promise<X509Certificate> {
  expect((await scene.condition(name, 'Approved', log)).message).toMatch(
    /^allowed by csr\/kubelet_client\/decision /,
  );
  return new X509Certificate(await scene.certificate(name));
}

describe('a node is bootstrapped', () => {
  test('by a bootstrap token', async () => {
    const certificate = await issued(await bootstrap(bootstrapToken, 'new-1'));
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:new-1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  test('by a user of a static token file', async () => {
    const name = await bootstrap(scene.cluster.tokenKubeconfig('0123456789'), 'new-2');
    expect((await issued(name)).subject).toBe('O=system:nodes\nCN=system:node:new-2');
  });

  test('but not by one of another group, though RBAC lets it', async () => {
    const name = await bootstrap(scene.cluster.tokenKubeconfig('9876543210'), 'new-3');
    await scene.event(name, /PolicyDenied BootstrapperNotAllowed: .*cook/, log);
    expect(await scene.conditions(name)).toEqual([]);
  });

  test('but not with names of its own', async () => {
    const name = await bootstrap(bootstrapToken, 'new-4', {});
    await scene.event(name, /PolicyDenied SANNotAllowed: .*10\.0\.0\.1/, log);
  });

  test('but not under the name of a Node that exists, until that is deleted', async () => {
    await scene.node(5);
    const name = await bootstrap(bootstrapToken, 'n5');
    await scene.event(name, /PolicyWaiting NodeExists: .*n5/, log);
    expect(await scene.conditions(name)).toEqual([]);
    await scene.cluster.kubectl(['delete', 'node', 'n5']);
    await issued(name);
  });
});

describe('a node renews', () => {
  test('its own certificate', async () => {
    const certificate = await issued(await renew(1));
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:n1');
  });

  test('and gets its serving certificate from the same program', async () => {
    const name = await scene.request(1);
    expect((await scene.condition(name, 'Approved', log)).message).toContain('csr/kubelet_serving/decision');
  });

  test('but not without its Node', async () => {
    const stranger = await scene.stranger('n9');
    const { metadata } = await stranger.request(bare, clientSigner);
    await scene.event(metadata.name, /PolicyWaiting NodeNotFound: .*n9/, log);
    // Creation times are in whole seconds.
    await sleep(1100);
    await stranger.register(addressesOf(9));
    // The Node may be another machine's by now: whoever runs it asks again.
    await scene.event(metadata.name, /PolicyWaiting NodeYoungerThanRequest: /, log);
    expect(await scene.conditions(metadata.name)).toEqual([]);
    const again = await stranger.request(bare, clientSigner);
    await issued(again.metadata.name);
  });

  test('only while the binding of its group is there, without a restart', async () => {
    await unbind('auto-approve-renewals-for-nodes');
    await scene.node(1);
    await renewalsAllowed('n1', false);
    const name = await renew(1);
    await scene.event(name, /PolicyWaiting AccessNotGranted: .*selfnodeclient/, log);
    expect(await scene.conditions(name)).toEqual([]);
    await bindRenewals('--group=system:nodes');
    await renewalsAllowed('n1', true);
    await issued(name);
  });

  test('only if the binding names it, where single users are bound', async () => {
    await Promise.all([scene.node(1), scene.node(2)]);
    await unbind('auto-approve-renewals-for-nodes');
    await bindRenewals('--user=system:node:n1');
    await Promise.all([renewalsAllowed('n1', true), renewalsAllowed('n2', false)]);
    const [kept, revoked] = await Promise.all([renew(1), renew(2)]);
    await issued(kept);
    await scene.event(revoked, /PolicyWaiting AccessNotGranted: system:node:n2 .*selfnodeclient/, log);
    expect(await scene.conditions(revoked)).toEqual([]);
    await unbind('auto-approve-renewals-for-nodes');
    await bindRenewals('--group=system:nodes');
    await issued(revoked);
  });
});

test('nothing was complained of', () => {
  expect(approver.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});
