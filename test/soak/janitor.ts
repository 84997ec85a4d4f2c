import { setTimeout as sleep } from 'node:timers/promises';
import { CSR_PATH } from '../../src/kube/calls.ts';
import { listAll } from '../../src/kube/list.ts';
import { asObject } from '../../src/kube/objects.ts';
import { csrPath } from '../integration/scene.ts';
import { faultOf } from '../chaos/judge.ts';
import type { Stage } from '../chaos/stage.ts';
import type { Asked } from '../chaos/traffic.ts';

/** Young enough to be looked at again by the program, and old enough to be judged. */
const lookAfterMs = 15_000;
/** A good request that has waited for so long counts as lost. */
const lostAfterMs = 120_000;

/** Judges requests of a while ago, and deletes those that are as they must be, as Kubernetes' cleaner does in time. */
export class Janitor {
  readonly #stage: Stage;
  readonly #decided = new Set<unknown>();
  #read = 0;
  readonly faults: string[] = [];
  readonly approvedMs: number[] = [];
  readonly deleted = { good: 0, bad: 0 };

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(2_000, undefined, { signal }).catch(() => undefined);
      await this.clean(lookAfterMs);
    }
  }

  /** @param olderThanMs what is younger is left for the next time */
  async clean(olderThanMs: number): Promise<void> {
    const { traffic, scene, lines } = this.#stage;
    for (; this.#read < lines.length; this.#read += 1) {
      const { csr, msg } = lines[this.#read] ?? {};
      if (msg === 'decided') this.#decided.add(csr);
    }
    const now = performance.now();
    const due = traffic.asked.filter(({ at }) => now - at > olderThanMs);
    const items = await listAll(scene.admin, CSR_PATH);
    const found = new Map(items.map((item) => asObject(item)).map((csr) => [csr.metadata.name, csr]));
    const settled = new Set<Asked>();
    for (const asked of due) {
      const fault = faultOf(asked, found.get(asked.name), this.#decided.has(asked.name));
      const waits = fault !== undefined && !fault.final && now - asked.at < lostAfterMs;
      // Whoever still waits for its approval has not noted it yet.
      if (waits || (fault === undefined && asked.kind === 'good' && asked.approvedMs === undefined)) continue;
      if (fault !== undefined) this.faults.push(fault.text);
      settled.add(asked);
    }
    await Promise.all([...settled].map((asked) => this.#forget(asked)));
    const left = traffic.asked.filter((asked) => !settled.has(asked));
    traffic.asked.splice(0, traffic.asked.length, ...left);
  }

  async #forget({ name, kind, approvedMs }: Asked): Promise<void> {
    if (approvedMs !== undefined) this.approvedMs.push(approvedMs);
    this.deleted[kind === 'good' ? 'good' : 'bad'] += 1;
    this.#decided.delete(name);
    await this.#stage.traffic.crowd.send('DELETE', csrPath(name));
  }
}
