import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { KubeObject } from '../../src/kube/objects.ts';
import { NAMESPACE } from '../integration/install.ts';
import { Scene } from '../integration/scene.ts';
import type { Approver } from '../support/approver.ts';
import { guideBlocks } from '../support/guide.ts';
import { ensureTool } from '../tools/ensure.ts';
import { run } from '../tools/run.ts';
import { chart, Helm, RELEASE, type Values } from './helm.ts';
import { startDeployed } from './installed.ts';

const root = new URL('../../', import.meta.url).pathname;
const kinds =
  'serviceaccount,configmap,deployment,role,rolebinding,clusterrole,clusterrolebinding,poddisruptionbudget,networkpolicy,flowschema';
/** What the API server writes. */
const serverSet = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'managedFields',
  'annotations',
]);
const selfNodeServer = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeserver';

/** The chart's release on a control plane, and the program as that runs it. */
export class Release {
  readonly scene: Scene;
  readonly helm: Helm;
  approver: Approver | undefined;

  private constructor(scene: Scene, helm: Helm) {
    this.scene = scene;
    this.helm = helm;
  }

  static async open(): Promise<Release> {
    const scene = await Scene.open();
    // Scene applies the off switch, which is a release's own here.
    await scene.cluster.kubectl(['delete', 'clusterrolebinding', 'node-server-auto-renew-crt']);
    await scene.cluster.kubectl(['delete', 'clusterrole', selfNodeServer]);
    await scene.node(1);
    return new Release(scene, await Helm.open(scene.cluster.adminKubeconfig));
  }

  async close(): Promise<void> {
    await this.scene.close();
    this.helm.close();
  }

  /** With these values, and those of the chart; Helm would keep the last ones where none are given. */
  upgrade(...values: readonly Values[]): Promise<string> {
    const flags = ['--create-namespace', '--reset-values', ...this.helm.flags(values)];
    return this.helm.said('upgrade', '--install', RELEASE, chart, '-n', NAMESPACE, ...flags);
  }

  async uninstall(name = RELEASE, namespace = NAMESPACE): Promise<void> {
    await this.helm.said('uninstall', name, '-n', namespace);
  }

  /** Every object of it, without what the API server adds. */
  async objects(): Promise<string[]> {
    const list = ['get', kinds, '-A', '-l', `app.kubernetes.io/instance=${RELEASE}`, '-o', 'json'];
    const { items }: { items: KubeObject[] } = JSON.parse(await this.scene.cluster.kubectl(list));
    return items
      .map(({ kind, metadata, ...rest }) =>
        JSON.stringify({ kind, ...metadata, ...rest, status: undefined }, (key, value: unknown) =>
          serverSet.has(key) ? undefined : value,
        ),
      )
      .sort();
  }

  /** The program, as the Deployment runs it. */
  async start(name = RELEASE, namespace = NAMESPACE, ready = true): Promise<Approver> {
    this.approver = await startDeployed(this.scene, { name, namespace, ready });
    return this.approver;
  }

  /** Ends it; nobody else is there, so that the next one need not wait for its Lease. */
  async end(): Promise<void> {
    await this.approver?.stop('SIGKILL');
    this.approver = undefined;
    const leases = ['lease', '-A', '--field-selector', `metadata.name=${RELEASE}-leader`];
    await this.scene.cluster.kubectl(['delete', ...leases]);
  }

  readonly log = (): string => this.approver?.log ?? '';

  get complaints(): unknown[] | undefined {
    return this.approver?.lines.filter(({ level }) => level === 'error' || level === 'warn');
  }

  /** A good request is approved, a forged one has its Event, and nothing is complained of. */
  async approves(): Promise<void> {
    const { scene, log } = this;
    await scene.condition(await scene.request(1), 'Approved', log);
    await scene.event(await scene.request(1, { dns: ['kubernetes.default.svc'] }), /NameReserved/, log);
    expect(this.complaints).toEqual([]);
  }

  /** Commands of the guide that match, beside a clone, with a values.yaml of these. */
  async follow(section: string, values: Values, only: RegExp): Promise<string> {
    const beside = mkdtempSync(join(this.scene.cluster.dir, 'beside-'));
    symlinkSync(root, join(beside, 'rego-csr-approver'));
    writeFileSync(join(beside, 'values.yaml'), JSON.stringify(values));
    const tools = await Promise.all(['helm', 'kubectl'].map(async (name) => dirname(await ensureTool(name))));
    const env = {
      PATH: [...tools, process.env['PATH']].join(delimiter),
      HOME: this.helm.home,
      KUBECONFIG: this.scene.cluster.adminKubeconfig,
    };
    const commands = guideBlocks(section, 'sh')
      .flatMap((block) => block.split('\n'))
      .filter((line) => only.test(line))
      .join('\n');
    const result = await run('sh', ['-ec', commands], { cwd: beside, env });
    if (result.kind === 'exit' && result.code === 0) return result.stdout;
    throw new Error(`${commands}: ${result.stderr}`);
  }
}
