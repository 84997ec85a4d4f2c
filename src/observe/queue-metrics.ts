import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

const prefix = 'csr_approver_';

/** From a free worker to the 15 minutes that a kubelet waits. */
const waitSeconds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900,
];

/** How many requests there are in each state of the work queue, and how long the first in line has been there. */
export interface QueueState {
  readonly ready: number;
  readonly delayed: number;
  readonly working: number;
  readonly oldestAgeMs: () => number;
}

/** Figures of the work queue. */
export class QueueMetrics {
  readonly depth;
  readonly oldestAge;
  readonly wait;
  readonly retries;
  readonly dropped;

  constructor(registry: Registry) {
    const registers = [registry];
    this.depth = new Gauge({
      name: `${prefix}queue_depth`,
      help: 'Requests in the queue: `ready` to be decided, `delayed` until they are looked at again, `working`.',
      labelNames: ['state'] as const,
      registers,
    });
    this.oldestAge = new Gauge({
      name: `${prefix}queue_oldest_age_seconds`,
      help: 'How long the request that has been ready for longest waits for a worker; 0 where none does.',
      registers,
    });
    this.wait = new Histogram({
      name: `${prefix}queue_wait_seconds`,
      help: 'Time that requests were ready before a worker took them up.',
      buckets: waitSeconds,
      registers,
    });
    this.retries = new Counter({
      name: `${prefix}queue_retries_total`,
      help: 'Requests that failed and are tried again, by backoff or Retry-After.',
      registers,
    });
    this.dropped = new Counter({
      name: `${prefix}queue_dropped_total`,
      help: 'Requests that there was no room for, in the queue or in memory; they are taken up when there is.',
      registers,
    });
  }

  measured({ ready, delayed, working, oldestAgeMs }: QueueState): void {
    this.depth.set({ state: 'ready' }, ready);
    this.depth.set({ state: 'delayed' }, delayed);
    this.depth.set({ state: 'working' }, working);
    this.oldestAge.set(oldestAgeMs() / 1000);
  }
}
