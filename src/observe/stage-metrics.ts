import { Histogram, type Registry } from '@prometheus-io/client';
import type { Timings } from '../decide/stopwatch.ts';

const prefix = 'csr_approver_';

/** From what is only computed to the deadlines of facts and of the write. */
const stageSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The stages of a decision that are shown, and what each is in `Timings`. */
const stages = ['decode', 'form', 'facts', 'evaluation'] as const;

/** Kinds of facts; those that have names, such as access reviews, count as their kind. */
const facts = ['sar', 'node', 'claims', 'cluster', 'lookups', 'dns', 'pending'] as const;

/** How long each part of the way from a request to its condition takes. */
export class StageMetrics {
  readonly #stage;
  readonly #fact;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#stage = new Histogram({
      name: `${prefix}stage_duration_seconds`,
      help: 'Time of a stage of a decision: `decode`, `form` (the floor, of the bare request), `facts` (all of them), `evaluation` (floor and policy), and of the `write` of a condition that succeeded.',
      labelNames: ['stage'] as const,
      buckets: stageSeconds,
      registers,
    });
    this.#fact = new Histogram({
      name: `${prefix}fact_duration_seconds`,
      help: 'Time until a fact was there, or could not be had, by kind; of one with names, such as `sar`, each by itself.',
      labelNames: ['fact'] as const,
      buckets: stageSeconds,
      registers,
    });
    for (const stage of [...stages, 'write']) this.#stage.zero({ stage });
  }

  decided(timings: Timings): void {
    for (const stage of stages) {
      const ms = timings[stage];
      if (ms !== undefined) this.#stage.observe({ stage }, ms / 1000);
    }
  }

  wrote(ms: number): void {
    this.#stage.observe({ stage: 'write' }, ms / 1000);
  }

  /** @param name such as `node` or `sar.selfnodeserver`, of which the policy's author chose the second part */
  gathered(name: string, ms: number): void {
    const fact = facts.find((kind) => name === kind || name.startsWith(`${kind}.`));
    if (fact !== undefined) this.#fact.observe({ fact }, ms / 1000);
  }
}
