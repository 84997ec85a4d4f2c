/** What a test holds of a running control plane. */
import { join } from 'node:path';
import { ensureTool } from '../tools/ensure.ts';
import type { Component } from './component.ts';
import { files } from './flags.ts';
import { kubeconfig, type Credential } from './kubeconfig.ts';
import { runKubectl, type KubectlOptions } from './kubectl.ts';
import type { KeyAndCertificate, Pki, Validity } from './pki.ts';
import { writePrivate } from './pki-files.ts';
import type { Supervisor } from './supervisor.ts';

export type Identity = {
  readonly user: string;
  readonly groups?: readonly string[];
  /** Of the client certificate; a year unless said. In the past, for expired credentials. */
  readonly validity?: Validity;
};

export class ControlPlane {
  readonly dir: string;
  readonly url: string;
  readonly caFile: string;
  /** User kubernetes-admin, group system:masters. */
  readonly adminKubeconfig: string;
  readonly etcd: Component;
  readonly apiserver: Component;
  /** Undefined where the options say that there is none. */
  readonly controllerManager: Component | undefined;
  readonly #supervisor: Supervisor;
  readonly #pki: Pki;
  readonly #kubectl: string;
  #kubeconfigs = 0;

  constructor(parts: Parts) {
    this.dir = parts.supervisor.dir;
    this.url = parts.url;
    this.caFile = join(this.dir, files.caCertificate);
    this.etcd = parts.etcd;
    this.apiserver = parts.apiserver;
    this.controllerManager = parts.controllerManager;
    this.#supervisor = parts.supervisor;
    this.#pki = parts.pki;
    this.#kubectl = parts.kubectl;
    this.adminKubeconfig = this.#writeKubeconfig('kubernetes-admin', parts.admin);
  }

  /** The processes that run, the supervisor among them. */
  get pids(): readonly number[] {
    const components = [this.etcd, this.apiserver, this.controllerManager];
    return [this.#supervisor.pid, ...components.flatMap((component) => component?.pid ?? [])];
  }

  /** A client certificate of the cluster's CA: the name is the CN, the groups are the organizations. */
  clientCertificate(identity: Identity): Promise<KeyAndCertificate> {
    return this.#pki.issue({
      commonName: identity.user,
      organizations: identity.groups ?? [],
      usage: 'client',
      validity: identity.validity,
    });
  }

  /** A serving certificate of the cluster's CA, as its signer would issue it to a node, or would not. */
  servingCertificate(
    node: string,
    names: readonly string[],
    validity?: Validity,
  ): Promise<KeyAndCertificate> {
    return this.#pki.issue({
      commonName: `system:node:${node}`,
      organizations: ['system:nodes'],
      usage: 'server',
      names,
      validity,
    });
  }

  /** The path of a new kubeconfig with a client certificate. */
  async kubeconfigFor(identity: Identity): Promise<string> {
    return this.#writeKubeconfig(identity.user, await this.clientCertificate(identity));
  }

  /** The path of a new kubeconfig with a bearer token: of a service account, or a bootstrap token. */
  tokenKubeconfig(token: string): string {
    return this.#writeKubeconfig('token', { token });
  }

  /** What kubectl of the cluster's own version prints on stdout; throws KubectlError unless it exits with 0. */
  async kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    return runKubectl(await ensureTool(this.#kubectl), this.dir, args, {
      kubeconfig: this.adminKubeconfig,
      ...options,
    });
  }

  /** Ends every process and removes the directory. */
  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  #writeKubeconfig(user: string, credential: Credential): string {
    const name = `${++this.#kubeconfigs}-${user.replaceAll(/[^\w.-]/g, '_').slice(0, 100)}.kubeconfig`;
    return writePrivate(this.dir, name, kubeconfig(this.url, this.#pki.certificate, credential));
  }
}

export type Parts = {
  readonly supervisor: Supervisor;
  readonly pki: Pki;
  readonly admin: KeyAndCertificate;
  readonly url: string;
  /** The tool's name. */
  readonly kubectl: string;
  readonly etcd: Component;
  readonly apiserver: Component;
  readonly controllerManager: Component | undefined;
};
