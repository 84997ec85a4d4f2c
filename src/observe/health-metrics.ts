import { Gauge, type Registry } from '@prometheus-io/client';
import type { HealthCheck } from './health.ts';

/** The checks of both probes, as Kubernetes' own components show theirs (`kubernetes_healthcheck`). */
export class HealthMetrics {
  readonly #healthcheck;

  constructor(registry: Registry) {
    this.#healthcheck = new Gauge({
      name: 'csr_approver_healthcheck',
      help: '1 while a check of `/livez` or `/readyz` (`type`) passes, 0 while it fails.',
      labelNames: ['type', 'name'] as const,
      registers: [registry],
    });
  }

  /** @param checks by the probe that they belong to */
  measured(checks: Readonly<Record<'livez' | 'readyz', readonly HealthCheck[]>>): void {
    for (const type of ['livez', 'readyz'] as const) {
      for (const { name, problem } of checks[type]) {
        this.#healthcheck.set({ type, name }, problem() === undefined ? 1 : 0);
      }
    }
  }
}
