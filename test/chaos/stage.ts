import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { apply, manifests, startInstalled, token } from '../integration/install.ts';
import { Scene } from '../integration/scene.ts';
import { Traffic, type TrafficOptions } from './traffic.ts';

export interface StageOptions {
  readonly traffic?: Partial<TrafficOptions>;
  /** Whether the program goes to the API server past the proxies: it then sees connections refused. */
  readonly direct?: true;
  readonly env?: NodeJS.ProcessEnv;
  /** How many of the program run at once; one, unless said. */
  readonly replicas?: number;
  /** Lines of YAML of its configuration. */
  readonly config?: string;
  /** Where its credentials come from, if not a token of the kind that kubectl makes. */
  readonly kubeconfig?: (scene: Scene) => Promise<string> | string;
}

export interface Usage {
  readonly residentMiB: number;
  readonly descriptors: number;
}

/**
 * A control plane, the shipped program installed in it with deploy/'s own permissions, and the machines that ask it for
 * certificates. Between program and API server stand two proxies: bytes go through `wire`, requests through `proxy`.
 */
export class Stage {
  readonly scene: Scene;
  readonly traffic: Traffic;
  readonly wire: TcpProxy;
  readonly proxy: FaultProxy;
  readonly #kubeconfig: string;
  readonly #options: StageOptions;
  readonly #approvers: Approver[] = [];
  /** Of the present process, when it had warmed up. */
  before: Usage = { residentMiB: 0, descriptors: 0 };

  private constructor(
    parts: { scene: Scene; traffic: Traffic; wire: TcpProxy; proxy: FaultProxy; kubeconfig: string },
    options: StageOptions,
  ) {
    this.scene = parts.scene;
    this.traffic = parts.traffic;
    this.wire = parts.wire;
    this.proxy = parts.proxy;
    this.#kubeconfig = parts.kubeconfig;
    this.#options = options;
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const scene = await Scene.open();
    await apply(scene, await manifests(scene));
    const own = await (options.kubeconfig?.(scene) ?? scene.cluster.tokenKubeconfig(await token(scene)));
    const proxy = await FaultProxy.start(own);
    const wire = await TcpProxy.start(proxy.url);
    const kubeconfig = options.direct === true ? own : join(scene.cluster.dir, 'proxies.kubeconfig');
    if (options.direct !== true) {
      writeFileSync(kubeconfig, proxy.kubeconfig(await token(scene)).replace(proxy.url, wire.url));
    }
    const traffic = new Traffic(scene, { kubelets: 8, thieves: 4, pauseMs: 300, ...options.traffic });
    const stage = new Stage({ scene, traffic, wire, proxy, kubeconfig }, options);
    try {
      await stage.#begin();
    } catch (cause) {
      await stage.close();
      throw new Error(`the stage cannot begin; the end of the approver's log:\n${stage.logTail}`, { cause });
    }
    return stage;
  }

  async #begin(): Promise<void> {
    await this.traffic.open();
    for (let replica = 0; replica < (this.#options.replicas ?? 1); replica += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as a rollout does
      await this.startApprover();
    }
    this.traffic.start();
    await this.progress(3 * this.traffic.size);
    this.before = await this.approver.usage();
  }

  /** Starts the program, again after one that has ended; does not wait until it is ready. */
  async startApprover(): Promise<void> {
    this.#approvers.push(await startInstalled(this.scene, this.#kubeconfig, false, this.#options));
  }

  /** The process that was started last. */
  get approver(): Approver {
    const last = this.#approvers.at(-1);
    if (last === undefined) throw new Error('the approver has not been started');
    return last;
  }

  /** How many have been started, those that have ended included. */
  get started(): number {
    return this.#approvers.length;
  }

  /** All that have not ended. */
  get running(): readonly Approver[] {
    return this.#approvers.filter(
      ({ process: { exitCode, signalCode } }) => exitCode === null && signalCode === null,
    );
  }

  /** What all processes have logged, as objects. */
  get lines(): readonly Record<string, unknown>[] {
    return this.#approvers.flatMap(({ lines }) => lines);
  }

  /** The end of the log, for whoever has to find out what went wrong. */
  get logTail(): string {
    return this.#approvers
      .map(({ log }) => log)
      .join('')
      .split('\n')
      .slice(-60)
      .join('\n');
  }

  /** Waits for so many further approvals: whatever is broken, the honest nodes get what they ask for. */
  async progress(approvals: number, withinMs = 60_000): Promise<void> {
    const goal = this.traffic.approved + approvals;
    await eventually(() => (this.traffic.approved >= goal ? true : undefined), { withinMs });
  }

  /** After a failure: whatever was lost must not fail the next scenario as well. */
  async abandon(): Promise<void> {
    this.proxy.fault = () => undefined;
    this.wire.thaw();
    await this.traffic.stop(0);
    await this.traffic.forget();
  }

  async close(): Promise<void> {
    await this.traffic.close();
    await this.scene.close();
    await this.wire.stop();
    await this.proxy.stop();
  }
}
