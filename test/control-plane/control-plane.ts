/**
 * A real control plane for tests: etcd, kube-apiserver and kube-controller-manager as programs of their own, with
 * their own PKI, on loopback. Everything lives in one temporary directory and ends with the process that started
 * it, whatever ends that; several run side by side.
 *
 *     const cluster = await startControlPlane();
 *     const node = await cluster.kubeconfigFor({ user: 'system:node:n1', groups: ['system:nodes'] });
 *     await cluster.kubectl(['get', 'csr'], { kubeconfig: node });
 *     await cluster.stop();
 */
import { join } from 'node:path';
import { ensureTool } from '../tools/ensure.ts';
import { Component } from './component.ts';
import { ControlPlaneError } from './error.ts';
import { apiserverFlags, controllerManagerFlags, etcdFlags, files } from './flags.ts';
import { ControlPlane } from './handle.ts';
import { kubeconfig } from './kubeconfig.ts';
import { settingsOf, type ControlPlaneOptions, type Settings } from './options.ts';
import type { KeyAndCertificate, Pki } from './pki.ts';
import { writePki, writePrivate } from './pki-files.ts';
import { freePort } from './ports.ts';
import { getStatus } from './probe.ts';
import { Supervisor } from './supervisor.ts';

export { ControlPlaneError } from './error.ts';
export type { ControlPlane } from './handle.ts';
export type { ControlPlaneOptions } from './options.ts';

/** How often a port may turn out to be taken between finding it and binding it. */
const portAttempts = 5;

/** Builds what is missing of the tools (minutes, the first time), then takes seconds. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const settings = settingsOf(options);
  const tools = {
    etcd: await ensureTool('etcd'),
    apiserver: await ensureTool(`kube-apiserver${settings.toolSuffix}`),
    controllerManager: settings.controllerManager
      ? await ensureTool(`kube-controller-manager${settings.toolSuffix}`)
      : '',
  };
  const supervisor = await Supervisor.start();
  try {
    const etcd = new Component(supervisor, {
      name: 'etcd',
      file: tools.etcd,
      args: etcdFlags(settings),
      readyTimeoutMs: settings.readyTimeoutMs,
      isReady: async () => {
        const status = await getStatus('http://etcd/health', {
          socketPath: join(supervisor.dir, files.etcdSocket),
        });
        return status === 200;
      },
    });
    const [pki] = await Promise.all([writePki(supervisor.dir, settings), etcd.start()]);
    const admin = await pki.issue({
      commonName: 'kubernetes-admin',
      organizations: ['system:masters'],
      usage: 'client',
    });
    const { apiserver, url } = await startApiserver(supervisor, tools.apiserver, settings, pki, admin);
    const controllerManager = settings.controllerManager
      ? await startControllerManager(supervisor, tools.controllerManager, settings, pki, admin, url)
      : undefined;
    const kubectl = `kubectl${settings.toolSuffix}`;
    return new ControlPlane({ supervisor, pki, admin, url, kubectl, etcd, apiserver, controllerManager });
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

type Apiserver = { readonly apiserver: Component; readonly url: string };

async function startApiserver(
  supervisor: Supervisor,
  file: string,
  settings: Settings,
  pki: Pki,
  admin: KeyAndCertificate,
): Promise<Apiserver> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(settings.bindAddress);
    // Bound to every address it answers on loopback too, and its certificate says so.
    const url = `https://${settings.bindAddress === '0.0.0.0' ? '127.0.0.1' : settings.bindAddress}:${port}`;
    const tls = { ca: pki.certificate, cert: admin.certificate, key: admin.key };
    const apiserver = new Component(supervisor, {
      name: 'kube-apiserver',
      file,
      args: apiserverFlags(settings, port),
      readyTimeoutMs: settings.readyTimeoutMs,
      isReady: async () => (await getStatus(`${url}/readyz`, tls)) === 200,
    });
    try {
      await apiserver.start();
      return { apiserver, url };
    } catch (error) {
      const clash =
        error instanceof ControlPlaneError && apiserver.logTail().includes('address already in use');
      if (!clash || attempt === portAttempts) throw error;
    }
  }
}

async function startControllerManager(
  supervisor: Supervisor,
  file: string,
  settings: Settings,
  pki: Pki,
  admin: KeyAndCertificate,
  url: string,
): Promise<Component> {
  const credential = await pki.issue({
    commonName: 'system:kube-controller-manager',
    organizations: ['system:masters'], // Its own role covers only what it does without its controllers' accounts.
    usage: 'client',
  });
  writePrivate(
    supervisor.dir,
    files.controllerManagerKubeconfig,
    kubeconfig(url, pki.certificate, credential),
  );
  const tls = { ca: pki.certificate, cert: admin.certificate, key: admin.key };
  const controllerManager = new Component(supervisor, {
    name: 'kube-controller-manager',
    file,
    args: controllerManagerFlags(settings),
    readyTimeoutMs: settings.readyTimeoutMs,
    // It serves nothing; the default service account is the first thing that its controllers make.
    isReady: async () => {
      if (!settings.controllers.includes('serviceaccount-controller')) return true;
      return (await getStatus(`${url}/api/v1/namespaces/default/serviceaccounts/default`, tls)) === 200;
    },
  });
  await controllerManager.start();
  return controllerManager;
}
