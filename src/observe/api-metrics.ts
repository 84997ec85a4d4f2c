import { Counter, Histogram, type Registry } from '@prometheus-io/client';

const prefix = 'csr_approver_';

/** From a cached answer on loopback to the deadline of the longest list. */
const callSeconds = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Figures of the calls to the API server, as this side sees them. */
export class ApiMetrics {
  readonly #requests;
  readonly #duration;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: `${prefix}api_requests_total`,
      help: 'Calls to the API server, by verb, resource (`other`: what a policy looks up) and HTTP status, or why there is none: `timeout`, `network`, `protocol`, `credentials`, `aborted`.',
      labelNames: ['verb', 'resource', 'code'] as const,
      registers,
    });
    this.#duration = new Histogram({
      name: `${prefix}api_request_duration_seconds`,
      help: 'Time that a call to the API server took, a place in the connection pool included; of a watch, until it began.',
      labelNames: ['verb', 'resource'] as const,
      buckets: callSeconds,
      registers,
    });
  }

  /** @param code a status or one of few words */
  called({ verb, resource, code, ms }: { verb: string; resource: string; code: string; ms: number }): void {
    this.#requests.inc({ verb, resource, code });
    this.#duration.observe({ verb, resource }, ms / 1000);
  }
}
