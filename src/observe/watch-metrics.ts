import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

const prefix = 'csr_approver_';

/** What is watched. */
const watchedResources = ['certificatesigningrequests', 'nodes'] as const;
export type WatchedResource = (typeof watchedResources)[number];

/** Why a watch did not end in good order, so that a list is made anew. Requests are listed after the others, too. */
const restartReasons = ['early', 'expired', 'silent', 'rotated', 'asked', 'error'] as const;

/** A page takes milliseconds; a list of 20,000 objects on a loaded server may take a minute. */
const listSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Figures of lists and watches. */
export class WatchMetrics {
  readonly errors;
  readonly restarts;
  readonly age;
  readonly listDuration;
  readonly listObjects;
  readonly held;

  constructor(registry: Registry) {
    const labelNames = ['resource'] as const;
    const registers = [registry];
    this.errors = new Counter({
      name: `${prefix}watch_errors_total`,
      help: 'Failed lists and watches, by resource.',
      labelNames,
      registers,
    });
    this.restarts = new Counter({
      name: `${prefix}watch_restarts_total`,
      help: 'Watches that ended otherwise than by their timeout, so that a new list was made, by reason.',
      labelNames: ['resource', 'reason'] as const,
      registers,
    });
    this.age = new Gauge({
      name: `${prefix}watch_last_progress_age_seconds`,
      help: 'Time since a watch last gave a sign of life, by resource.',
      labelNames,
      registers,
    });
    this.listDuration = new Histogram({
      name: `${prefix}list_duration_seconds`,
      help: 'Time that whole lists took, all pages and repeated tries included, by resource.',
      labelNames,
      buckets: listSeconds,
      registers,
    });
    this.listObjects = new Counter({
      name: `${prefix}list_objects_total`,
      help: 'Objects that whole lists held, by resource.',
      labelNames,
      registers,
    });
    this.held = new Gauge({
      name: `${prefix}watched_objects`,
      help: 'Objects of which something is kept in memory, by resource.',
      labelNames,
      registers,
    });
    for (const resource of watchedResources) {
      this.errors.inc({ resource }, 0);
      this.listObjects.inc({ resource }, 0);
      this.listDuration.zero({ resource });
      for (const reason of restartReasons) this.restarts.inc({ resource, reason }, 0);
    }
  }

  /** Counts what a watch of one resource tells. */
  of(resource: WatchedResource) {
    return {
      listed: (objects: number, ms: number) => {
        this.listDuration.observe({ resource }, ms / 1000);
        this.listObjects.inc({ resource }, objects);
      },
      watchEnded: (reason: 'timeout' | (typeof restartReasons)[number]) => {
        if (reason !== 'timeout') this.restarts.inc({ resource, reason });
      },
      error: () => this.errors.inc({ resource }),
    };
  }

  /** @param ageMs Infinity before the first sign of life */
  measured(resource: WatchedResource, ageMs: number, objects: number): void {
    if (Number.isFinite(ageMs)) this.age.set({ resource }, ageMs / 1000);
    this.held.set({ resource }, objects);
  }
}
