import { setTimeout as sleep } from 'node:timers/promises';
import { CSR_PATH, NODE_PATH } from '../../src/kube/calls.ts';
import { apiPath } from '../../src/kube/path.ts';
import { csrPath, statusOf, type Condition, type Scene } from '../integration/scene.ts';
import { eventually } from '../support/eventually.ts';
import { Impersonator } from './impersonator.ts';
import {
  forgeries,
  machine,
  nodeIdentity,
  requestObject,
  type Forged,
  type ForgeryKind,
  type Machine,
} from './requests.ts';
import { Witness } from './witness.ts';

/** One request that was filed, and what is known of it. */
export interface Asked {
  readonly name: string;
  readonly kind: 'good' | ForgeryKind;
  /** When it had been filed, by the monotonic clock. */
  readonly at: number;
  /** A condition of somebody else was written to it, and must stay. */
  audited: boolean;
  /** From then to the moment at which its approval was seen. */
  approvedMs: number | undefined;
}

export interface TrafficOptions {
  readonly kubelets: number;
  readonly thieves: number;
  /** Between two requests of one machine, after the answer to the first. */
  readonly pauseMs: number;
}

/** As another controller would write it. */
export const audit: Condition = { type: 'Audited', status: 'True', reason: 'Seen', message: 'by another' };

const kinds = Object.keys(forgeries) as ForgeryKind[];

/**
 * Honest nodes that ask all the while, each as a kubelet does: one request, and the next one when that was approved.
 * Thieves beside them file what must never be approved, and an auditor writes conditions of his own in between.
 * It goes on whatever breaks: a request that could not be filed is filed again, by the same name.
 */
export class Traffic {
  readonly witness: Witness;
  readonly asked: Asked[] = [];
  readonly crowd: Impersonator;
  readonly #scene: Scene;
  readonly #options: TrafficOptions;
  readonly #kubelets: readonly Machine[];
  readonly #thieves: readonly Machine[];
  #running: { stopping: AbortController; loops: Promise<unknown> } | undefined;
  #number = 0;
  #burstJoined = false;

  constructor(scene: Scene, options: TrafficOptions) {
    this.#scene = scene;
    this.#options = options;
    this.witness = new Witness(scene.admin);
    this.crowd = new Impersonator(scene.cluster.adminKubeconfig, 24);
    this.#kubelets = Array.from({ length: options.kubelets }, (_, number) => machine('kubelet', number));
    this.#thieves = Array.from({ length: options.thieves }, (_, number) => machine('thief', number));
  }

  /** All machines join; nobody asks for anything yet. */
  async open(): Promise<void> {
    await Promise.all([...this.#kubelets, ...this.#thieves].map((one) => this.join(one)));
    await this.witness.start();
  }

  async join({ name, address }: Machine): Promise<void> {
    const addresses = [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ];
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
    const made = await this.crowd.send('POST', NODE_PATH, node);
    const object = { ...made.body, status: { addresses } };
    const { status, body } = await this.crowd.send('PUT', NODE_PATH + apiPath(name, 'status'), object);
    if (status !== 200) throw new Error(`${name} cannot join: ${JSON.stringify(body)}`);
  }

  start(): void {
    if (this.#running !== undefined) return;
    const stopping = new AbortController();
    const loops = Promise.all([
      ...this.#kubelets.map((one, index) => this.#kubelet(one, index % 2 === 0, stopping.signal)),
      ...this.#thieves.map((one, index) => this.#thief(one, index, stopping.signal)),
    ]);
    this.#running = { stopping, loops };
  }

  /**
   * Nobody asks for more; whoever has asked still waits for his approval.
   * @param withinMs after which nobody waits any longer
   */
  async stop(withinMs: number): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.stopping.abort();
    const giveUp = setTimeout(() => this.witness.giveUp(), withinMs);
    try {
      await running.loops;
    } finally {
      clearTimeout(giveUp);
    }
  }

  /** So many more nodes ask once, all at the same time; resolves when all have filed. */
  async burst(count: number): Promise<Asked[]> {
    const machines = Array.from({ length: count }, (_, number) => machine('burst', number));
    if (!this.#burstJoined) await Promise.all(machines.map((one) => this.join(one)));
    this.#burstJoined = true;
    return Promise.all(machines.map((one) => this.file(one, 'good')));
  }

  /** @param labelSelector whose requests; all of them, unless said */
  async deleteAll(labelSelector = ''): Promise<void> {
    const path = `${CSR_PATH}?labelSelector=${encodeURIComponent(labelSelector)}`;
    await eventually(
      async () => ((await this.crowd.send('DELETE', path)).status === 200 ? true : undefined),
      {
        withinMs: 90_000,
      },
    );
  }

  /** Every request is deleted, as Kubernetes' cleaner would in time. */
  async forget(): Promise<void> {
    await this.deleteAll();
    this.asked.length = 0;
  }

  async close(): Promise<void> {
    await this.stop(0);
    await this.witness.stop();
    await this.crowd.close();
  }

  /** How many honest nodes there are. */
  get size(): number {
    return this.#kubelets.length;
  }

  /** How many good requests have been approved so far. */
  get approved(): number {
    return this.asked.filter(({ approvedMs }) => approvedMs !== undefined).length;
  }

  /** Files a request, and goes on trying until it is filed. */
  async file(whose: Machine, kind: Asked['kind'], victim: Machine = whose): Promise<Asked> {
    this.#number += 1;
    const name = `${whose.name}-${String(this.#number)}`;
    const forged: Forged = kind === 'good' ? { spec: {} } : forgeries[kind](whose, victim);
    const object = requestObject(name, whose, forged);
    const as = forged.as ?? nodeIdentity(whose.name);
    for (let tries = 0; ; tries += 1) {
      const { status, body } = await this.crowd
        .send('POST', CSR_PATH, object, as)
        .catch((cause: unknown) => ({ status: 0, body: { message: String(cause) } }));
      // 409: it had arrived, and the answer was lost.
      if (status === 201 || (status === 409 && tries > 0)) break;
      // What the API server refuses for good is a mistake of the test.
      const transient = status === 0 || status === 403 || status === 409 || status === 429 || status >= 500;
      if (!transient || tries > 600) throw new Error(`${name} was refused: ${JSON.stringify(body)}`);
      await sleep(100);
    }
    const asked: Asked = { name, kind, at: performance.now(), audited: false, approvedMs: undefined };
    this.asked.push(asked);
    return asked;
  }

  async #kubelet(self: Machine, audited: boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const asked = await this.file(self, 'good', self);
      const approved = this.witness.approved(asked.name);
      if (audited) await this.#audit(asked);
      await approved;
      if (this.witness.isApproved(asked.name)) asked.approvedMs = performance.now() - asked.at;
      await pause(this.#options.pauseMs, signal);
    }
  }

  async #thief(self: Machine, index: number, signal: AbortSignal): Promise<void> {
    for (let turn = index; !signal.aborted; turn += 1) {
      const victim = this.#kubelets[turn % this.#kubelets.length] ?? self;
      await this.file(self, kinds[turn % kinds.length] ?? 'an address of nobody', victim);
      await pause(this.#options.pauseMs * 2, signal);
    }
  }

  /** Until it is written: conditions of others are there before ours, after it, and at the same time. */
  async #audit(asked: Asked): Promise<void> {
    for (let tries = 0; !asked.audited && tries < 600; tries += 1) {
      try {
        const csr = await this.#scene.csr(asked.name);
        const { conditions } = statusOf(csr);
        if (!conditions.some(({ type }) => type === audit.type)) {
          const status = { ...(csr['status'] as object), conditions: [...conditions, audit] };
          await this.#scene.admin.put(csrPath(asked.name, 'status'), { ...csr, status });
        }
        asked.audited = true;
      } catch {
        await sleep(50);
      }
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
