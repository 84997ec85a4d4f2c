import { stringify } from 'yaml';
import { kubeconfig, type Credential } from '../control-plane/kubeconfig.ts';
import type { Stage } from '../demo/stage.ts';
import { ensureTool } from '../tools/ensure.ts';
import { runtimeEndpoint } from './containerd.ts';
import type { Daemon, Machine } from './machine.ts';

const directory = '/run/kubelet';
const bootstrapKubeconfig = '/run/kubernetes/bootstrap.kubeconfig';
const nodeKubeconfig = '/run/kubernetes/kubelet.kubeconfig';
const caFile = '/run/kubernetes/ca.crt';
const manifests = '/run/kubernetes/manifests';
const clientFile = `${directory}/pki/kubelet-client-current.pem`;
const servingFile = `${directory}/pki/kubelet-server-current.pem`;
export const kubeletPort = 10250;

export interface KubeletOptions {
  /** Of the API server, as the machines reach it. */
  readonly server: string;
  readonly ca: string;
  /** Who it is before it is a node. */
  readonly bootstrap: Credential;
  /** Addresses of its Node come from a cloud's controller; its own one is only the first. */
  readonly cloud: boolean;
  /** Asks for a serving certificate by the flag that older clusters use, not by its configuration. */
  readonly flagForm: boolean;
  /** Name of the kubelet in the table of tools. */
  readonly tool: string;
}

/** A real kubelet on a machine. It may be stopped, told otherwise, and started again. */
export class Kubelet {
  readonly #machine: Machine;
  readonly #options: KubeletOptions;
  #daemon: Daemon | undefined;

  constructor(stage: Stage, machine: Machine, options: KubeletOptions) {
    this.#machine = machine;
    this.#machine.makeDirectory(manifests);
    this.#options = options;
    stage.guard(() => this.#daemon?.expectRunning());
    stage.record(() => `kubelet of ${machine.name}, the end of its log:\n${this.#daemon?.logTail() ?? ''}`);
    machine.write(caFile, options.ca);
    machine.write(bootstrapKubeconfig, kubeconfig(options.server, options.ca, options.bootstrap));
  }

  get hasClientCertificate(): boolean {
    return this.#machine.has(clientFile);
  }

  /** Certificate and key of its client certificate, as they lie on its disk; undefined while there is none. */
  get clientCredential(): { readonly certificate: string; readonly key: string } | undefined {
    const text = this.#machine.find(clientFile);
    return text === undefined ? undefined : splitPem(text);
  }

  /** The file that its serving certificate is in; undefined while there is none. */
  get servingCertificate(): string | undefined {
    const text = this.#machine.find(servingFile);
    return text === undefined ? undefined : splitPem(text).certificate;
  }

  /** @param asks whether it has its serving certificate signed by the cluster, or signs it itself */
  async start({ asks = true } = {}): Promise<void> {
    const kubelet = await ensureTool(this.#options.tool);
    this.#machine.write('/run/kubernetes/kubelet.yaml', stringify(this.#configuration(asks)));
    const { flagForm, cloud } = this.#options;
    this.#daemon = this.#machine.start('kubelet', kubelet, [
      '--config=/run/kubernetes/kubelet.yaml',
      `--bootstrap-kubeconfig=${bootstrapKubeconfig}`,
      `--kubeconfig=${nodeKubeconfig}`,
      `--root-dir=${directory}`,
      `--cert-dir=${directory}/pki`,
      `--node-ip=${this.#machine.address}`,
      ...(cloud ? ['--cloud-provider=external'] : []),
      ...(flagForm ? ['--rotate-certificates', `--rotate-server-certificates=${String(asks)}`] : []),
    ]);
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    await daemon?.stop();
  }

  /** The pod is run by the kubelet itself, whatever the cluster says. */
  addStaticPod(pod: object): void {
    this.#machine.write(`${manifests}/pod.yaml`, stringify(pod));
  }

  #configuration(asks: boolean): object {
    return {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      ...(this.#options.flagForm ? {} : { serverTLSBootstrap: asks, rotateCertificates: true }),
      authentication: {
        x509: { clientCAFile: caFile },
        webhook: { enabled: true },
        anonymous: { enabled: false },
      },
      authorization: { mode: 'Webhook' },
      containerRuntimeEndpoint: runtimeEndpoint,
      staticPodPath: manifests,
      // What it wants of a machine, and these need not have.
      failCgroupV1: false,
      failSwapOn: false,
      cgroupDriver: 'cgroupfs',
      cgroupsPerQOS: false,
      enforceNodeAllocatable: [],
      localStorageCapacityIsolation: false,
      resolvConf: '',
      imageGCHighThresholdPercent: 100,
      evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
      // A change of its addresses is seen at once, not within minutes.
      nodeStatusUpdateFrequency: '1s',
      nodeStatusReportFrequency: '2s',
    };
  }
}

function splitPem(pem: string): { certificate: string; key: string } {
  const blocks = pem.match(/-----BEGIN ([A-Z ]+)-----[^]*?-----END \1-----\n?/g) ?? [];
  return {
    certificate: blocks.filter((block) => block.includes('CERTIFICATE')).join(''),
    key: blocks.filter((block) => block.includes('PRIVATE KEY')).join(''),
  };
}
