import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { run } from '../support/command-line.ts';
import { NODE_PATH } from '../../src/kube/calls.ts';
import { asObject } from '../../src/kube/objects.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { ensureTool } from '../tools/ensure.ts';
import { NAMESPACE, objectsOf } from './install.ts';
import type { Scene } from './scene.ts';

/** A cluster that `doctor` looks at: what it finds there, and its commands, run as they are printed. */

const root = new URL('../..', import.meta.url).pathname;

const reportSchema = z.object({
  findings: z.array(
    z.object({
      code: z.string(),
      severity: z.enum(['ok', 'info', 'warning', 'error', 'unknown']),
      seen: z.string(),
      mend: z.string(),
      commands: z.array(z.string()),
    }),
  ),
});
export type Found = z.infer<typeof reportSchema>['findings'][number];

export interface Visit {
  readonly args?: readonly string[];
  readonly kubeconfig?: string;
  /** Of the machine that it runs on. */
  readonly now?: () => Date;
}

export class Patient {
  readonly #scene: Scene;
  readonly #kubectl: string;

  private constructor(scene: Scene, kubectl: string) {
    this.#scene = scene;
    this.#kubectl = kubectl;
  }

  static async of(scene: Scene): Promise<Patient> {
    return new Patient(scene, await ensureTool('kubectl'));
  }

  /** Runs the command in this process. */
  async visit({ args = [], kubeconfig, now = () => new Date() }: Visit = {}) {
    const file = kubeconfig ?? this.#scene.cluster.adminKubeconfig;
    const stopping = new AbortController().signal;
    return run(['doctor', '--kubeconfig', file, ...args], '', { now, stopping });
  }

  /** Everything that is not ok. */
  async findings(visit: Visit = {}): Promise<Found[]> {
    const { out, err } = await this.visit({ ...visit, args: ['-o', 'json', ...(visit.args ?? [])] });
    if (out === '') throw new Error(err);
    return reportSchema.parse(JSON.parse(out)).findings.filter(({ severity }) => severity !== 'ok');
  }

  /** Waits until exactly these are found; the API server sees what changes RBAC, and Leases, a moment later. */
  has(codes: readonly string[], visit?: Visit): Promise<Found[]> {
    return eventually(
      async () => {
        const found = await this.findings(visit);
        const names = [...new Set(found.map(({ code }) => code))].sort();
        if (JSON.stringify(names) === JSON.stringify([...codes].sort())) return found;
        throw new NotYet(JSON.stringify(found, null, 1));
      },
      { withinMs: 30_000 },
    );
  }

  /** Makes exactly these findings go away by running what they say. */
  async mendedBy(codes: readonly string[]): Promise<Found[]> {
    const found = await this.has(codes);
    const commands = new Set(found.flatMap((one) => one.commands));
    if (commands.size === 0) throw new Error(`no command mends ${codes.join()}`);
    for (const command of commands) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as one would
      await this.run(command);
    }
    await this.has([]);
    return found;
  }

  /** In a shell, in a clone, as the cluster's administrator. */
  run(command: string): Promise<string> {
    const env = {
      PATH: [dirname(this.#kubectl), process.env['PATH']].join(delimiter),
      HOME: this.#scene.cluster.dir,
      KUBECONFIG: this.#scene.cluster.adminKubeconfig,
    };
    return new Promise((resolve, reject) => {
      const child = spawn('bash', ['--norc', '-c', command], { cwd: root, env, timeout: 30_000 });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      }
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve(output) : reject(new Error(`${command}\nexit ${String(code)}: ${output}`)),
      );
    });
  }
}

const configMap = (name: string, key: string, content: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
  data: { [key]: stringify(content) },
});

/** What kubeadm leaves behind. */
export function kubeadmConfigMaps(): string {
  return [
    configMap('kubeadm-config', 'ClusterConfiguration', {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      controlPlaneEndpoint: 'api.example.com:6443',
      networking: { podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16' },
    }),
    configMap('kubelet-config', 'kubelet', {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      serverTLSBootstrap: true,
    }),
  ]
    .map((object) => stringify(object))
    .join('---\n');
}

/** What a kubelet says of its Node, and when. */
export async function beat(scene: Scene, node: string, at = new Date()): Promise<void> {
  const path = `${NODE_PATH}/${node}`;
  const found = asObject(await scene.admin.get(path));
  const given = found['status'];
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }];
  await scene.admin.put(`${path}/status`, { ...found, status: { ...(given as object), conditions } });
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: node, namespace: 'kube-node-lease' },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: 40,
      renewTime: at.toISOString().replace('Z', '000Z'),
    },
  };
  await scene.cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(lease) });
}

const templateSchema = z.object({
  template: z.object({ metadata: z.looseObject({}), spec: z.looseObject({}) }),
});

export const digest = `sha256:${'ab'.repeat(32)}`;

/** The pods of the Deployment, bound to a node and ready, with nobody who runs them. */
export async function addPods(
  scene: Scene,
  text: string,
  node: string,
  names: readonly string[],
): Promise<void> {
  const deployment = objectsOf(text).find(({ kind }) => kind === 'Deployment');
  const { template } = templateSchema.parse(deployment?.['spec']);
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  await Promise.all(
    names.map(async (name) => {
      const created = await scene.admin.create(path, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...template.metadata, name },
        spec: { ...template.spec, nodeName: node },
      });
      const container = {
        name: 'rego-csr-approver',
        image: 'docker.io/library/rego-csr-approver:0.1.0',
        imageID: `docker.io/library/rego-csr-approver@${digest}`,
        ready: true,
        restartCount: 0,
      };
      await scene.admin.put(`${path}/${name}/status`, {
        ...created,
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True' }],
          containerStatuses: [container],
        },
      });
    }),
  );
}
