import { readFileSync } from 'node:fs';
import { CSR_PATH, getCSR } from '../../src/kube/calls.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { connect } from '../../src/kube/connect.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import { listAll } from '../../src/kube/list.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { apiPath } from '../../src/kube/path.ts';
import {
  startControlPlane,
  type ControlPlane,
  type ControlPlaneOptions,
} from '../control-plane/control-plane.ts';
import type { Approver } from '../support/approver.ts';
import type { CSRSpec } from '../support/csr.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { SimulatedNode, type RequestOptions } from '../support/simulated-node.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The switch that deploy/ ships: who may ask for a serving certificate at all. */
const selfNodeServer = new URL('../../deploy/kustomize/base/selfnodeserver.yaml', import.meta.url);

/** A real control plane, an administrator, and nodes that join as they are needed. */
export class Scene {
  readonly cluster: ControlPlane;
  readonly admin: KubeClient;
  readonly #nodes = new Map<string, Promise<SimulatedNode>>();
  readonly #programs: Approver[] = [];

  private constructor(cluster: ControlPlane) {
    this.cluster = cluster;
    this.admin = connect({ kubeconfig: cluster.adminKubeconfig }, { userAgent: 'admin', connections: 4 });
  }

  static async open(options?: ControlPlaneOptions): Promise<Scene> {
    const scene = new Scene(await startControlPlane(options));
    const input = readFileSync(selfNodeServer, 'utf8');
    await scene.cluster.kubectl(['apply', '-f', '-'], { input });
    return scene;
  }

  /** Ends with the scene, however the test ends. */
  async keep(starting: Promise<Approver>): Promise<Approver> {
    const approver = await starting;
    this.#programs.push(approver);
    return approver;
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.map((approver) => approver.stop('SIGKILL')));
    const nodes = await Promise.all(this.#nodes.values());
    await Promise.all([...nodes, this.admin].map((one) => one.close()));
    await this.cluster.stop();
  }

  /** Node number N is called nN, and has 10.0.0.N. */
  node(number: number): Promise<SimulatedNode> {
    const name = `n${String(number)}`;
    const joined = this.#nodes.get(name) ?? SimulatedNode.join(this.cluster, name, addressesOf(number));
    this.#nodes.set(name, joined);
    return joined;
  }

  /** A node that has credentials, and no Node object yet. */
  async stranger(name: string): Promise<SimulatedNode> {
    const node = await SimulatedNode.credentials(this.cluster, name);
    this.#nodes.set(name, Promise.resolve(node));
    return node;
  }

  /** A good request of a node, with whatever is changed; gives its name. */
  async request(number: number, changed: CSRSpec = {}, options: RequestOptions = {}): Promise<string> {
    const node = await this.node(number);
    const created = await node.request({ ip: [`10.0.0.${String(number)}`], ...changed }, options);
    return created.metadata.name;
  }

  csr(name: string): Promise<KubeObject> {
    return getCSR(this.admin, name);
  }

  async conditions(name: string): Promise<readonly Condition[]> {
    return statusOf(await this.csr(name)).conditions;
  }

  /** Waits until it has that condition; gives it. */
  async condition(name: string, type: string, explain?: () => string): Promise<Condition> {
    return eventually(async () => {
      const found = (await this.conditions(name)).find((condition) => condition.type === type);
      if (found === undefined) throw new NotYet(`${name} is not ${type}`);
      return found;
    }, explain && { explain });
  }

  /** Waits for the certificate (PEM). */
  async certificate(name: string): Promise<string> {
    return eventually(async () => {
      const { certificate } = statusOf(await this.csr(name));
      return certificate === '' ? undefined : Buffer.from(certificate, 'base64').toString();
    });
  }

  /** Notes of the Events on a request, oldest first, as `REASON NOTE`. */
  async events(name: string): Promise<string[]> {
    const path = apiPath('apis', 'events.k8s.io', 'v1', 'namespaces', 'default', 'events');
    // oxlint-disable-next-line no-unsafe-type-assertion -- what the API server answers
    const items = (await listAll(this.admin, path)) as Record<string, unknown>[];
    const mine = items.filter(({ regarding }) => JSON.stringify(regarding).includes(JSON.stringify(name)));
    return mine
      .sort((a, b) => (time(a) < time(b) ? -1 : 1))
      .map(({ reason, note }) => `${String(reason)} ${String(note)}`);
  }

  /** Waits for an Event on a request. */
  async event(name: string, pattern: RegExp, explain?: () => string): Promise<string> {
    return eventually(async () => {
      const events = await this.events(name);
      const found = events.find((event) => pattern.test(event));
      if (found === undefined) throw new NotYet(`Events of ${name}: ${JSON.stringify(events)}`);
      return found;
    }, explain && { explain });
  }

  async exists(name: string): Promise<boolean> {
    try {
      await this.csr(name);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async deleteCSR(name: string): Promise<void> {
    await this.cluster.kubectl(['delete', 'csr', '--', name]);
  }
}

const time = ({ eventTime }: Record<string, unknown>): string => String(eventTime);

export const csrPath = (name: string, ...rest: string[]): string => CSR_PATH + apiPath(name, ...rest);

export const addressesOf = (number: number) =>
  [
    { type: 'InternalIP', address: `10.0.0.${String(number)}` },
    { type: 'Hostname', address: `n${String(number)}` },
  ] as const;

export function statusOf(csr: KubeObject): { conditions: readonly Condition[]; certificate: string } {
  // oxlint-disable-next-line no-unsafe-type-assertion -- what the API server answers
  const { conditions = [], certificate = '' } = csr['status'] as {
    conditions?: Condition[];
    certificate?: string;
  };
  return { conditions, certificate };
}
