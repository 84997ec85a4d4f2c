import type { KubeClient } from '../../src/kube/client.ts';
import { connect } from '../../src/kube/connect.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';
import { CSR_PATH, NODE_PATH } from '../../src/kube/calls.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { buildCSR, type CSRSpec } from './csr.ts';

export interface NodeAddress {
  readonly type: 'InternalIP' | 'ExternalIP' | 'Hostname' | 'InternalDNS' | 'ExternalDNS';
  readonly address: string;
}

export interface RequestOptions {
  readonly signerName?: string;
  readonly usages?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly expirationSeconds?: number;
  readonly name?: string;
}

/**
 * A node as the API server sees one: user system:node:NAME with a client certificate of the cluster's CA, held to what
 * NodeRestriction allows. It does what a kubelet does before its serving certificate is there, and what a compromised
 * one could do.
 */
export class SimulatedNode {
  readonly name: string;
  readonly client: KubeClient;

  private constructor(name: string, client: KubeClient) {
    this.name = name;
    this.client = client;
  }

  static async join(
    cluster: ControlPlane,
    name: string,
    addresses: readonly NodeAddress[],
  ): Promise<SimulatedNode> {
    const node = await SimulatedNode.credentials(cluster, name);
    await node.register(addresses);
    return node;
  }

  /** Whoever holds a node's credentials: its kubelet, or a thief. */
  static holding(kubeconfig: string, name: string): SimulatedNode {
    return new SimulatedNode(
      name,
      connect({ kubeconfig }, { userAgent: `simulated-node/${name}`, connections: 8 }),
    );
  }

  /** The node's identity alone: it has registered nothing yet. */
  static async credentials(cluster: ControlPlane, name: string): Promise<SimulatedNode> {
    const kubeconfig = await cluster.kubeconfigFor({ user: `system:node:${name}`, groups: ['system:nodes'] });
    return new SimulatedNode(
      name,
      connect({ kubeconfig }, { userAgent: `simulated-node/${name}`, connections: 2 }),
    );
  }

  async register(addresses: readonly NodeAddress[]): Promise<void> {
    await this.client.create(NODE_PATH, { apiVersion: 'v1', kind: 'Node', metadata: { name: this.name } });
    await this.setAddresses(addresses);
  }

  /** Writes its own status, as every kubelet may; again where a controller has written to the Node in between. */
  async setAddresses(addresses: readonly NodeAddress[], tries = 5): Promise<void> {
    const node = asObject(await this.client.get(`${NODE_PATH}/${this.name}`));
    try {
      await this.client.put(`${NODE_PATH}/${this.name}/status`, { ...node, status: { addresses } });
    } catch (cause) {
      // A conflict, or a taint that came in between, which a node may not take back.
      if (!(cause instanceof KubeError) || tries <= 1) throw cause;
      await this.setAddresses(addresses, tries - 1);
    }
  }

  /** Files a request of the kubelet's form, with whatever is changed. */
  async request(spec: CSRSpec, options: RequestOptions = {}): Promise<KubeObject> {
    const { pem } = buildCSR({ node: this.name, ...spec });
    const { signerName = 'kubernetes.io/kubelet-serving', usages = ['digital signature', 'server auth'] } =
      options;
    const metadata = options.name === undefined ? { generateName: 'csr-' } : { name: options.name };
    return asObject(
      await this.client.create(CSR_PATH, {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { ...metadata, labels: options.labels },
        spec: {
          request: Buffer.from(pem).toString('base64'),
          signerName,
          usages,
          expirationSeconds: options.expirationSeconds,
        },
      }),
    );
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
