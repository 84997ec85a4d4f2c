import type { LeaseStore } from '../../../src/election/options.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { JsonRecord } from '../../../src/kube/json.ts';
import { asObject, type KubeObject } from '../../../src/kube/objects.ts';
import type { FakeClock } from '../controller/fake-clock.ts';

/** What becomes of one call. `lost`: it takes effect, and its answer does not come. */
export type Fate = 'ok' | 'lost' | KubeError;

export const refused = (status: number, reason?: string): KubeError =>
  new KubeError({ kind: 'status', status, reason, message: `status ${String(status)}` });

/** One Lease as the API server keeps it: resourceVersion is a precondition, and creating twice a conflict. */
export class LeaseServer {
  lease: KubeObject | undefined;
  /** `VERB WHO`, as they arrived. */
  readonly calls: string[] = [];
  #version = 0;

  /** Somebody else writes. */
  edit(change: (lease: KubeObject) => JsonRecord): void {
    if (this.lease === undefined) throw new Error('there is no Lease');
    this.#keep(change(this.lease));
  }

  set(spec: JsonRecord | undefined, metadata: JsonRecord = {}): void {
    this.#keep({ metadata: { name: 'x', uid: 'u', ...metadata }, ...(spec && { spec }) });
  }

  get spec(): JsonRecord {
    // oxlint-disable-next-line no-unsafe-type-assertion -- of a test
    return (this.lease?.['spec'] ?? {}) as JsonRecord;
  }

  /** @param delayMs of each call, half of it before it takes effect */
  store(
    who: string,
    clock: FakeClock,
    fate: (verb: string) => Fate = () => 'ok',
    delayMs: () => number = () => 0,
  ): LeaseStore {
    const call = async <T>(verb: string, timeoutMs: number, run: () => T): Promise<T> => {
      const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
      const late = new KubeError({ kind: 'timeout', message: 'late', uncertain: true });
      const [half, what, deadline] = [delayMs() / 2, fate(verb), clock.now() + timeoutMs];
      if (half > 0) await wait(Math.min(half, timeoutMs));
      this.calls.push(`${verb} ${who}`);
      if (what instanceof KubeError) throw what;
      const answer = run();
      if (half > 0) await wait(Math.min(half, Math.max(0, deadline - clock.now())));
      if (what === 'lost' || clock.now() >= deadline) throw late;
      return answer;
    };
    return {
      get: ({ timeoutMs }) => call('get', timeoutMs, () => this.lease),
      create: (lease, { timeoutMs }) =>
        call('create', timeoutMs, () => {
          if (this.lease !== undefined) throw refused(409, 'AlreadyExists');
          return this.#keep({ ...lease, metadata: { name: 'x', uid: 'u' } });
        }),
      put: (lease, { timeoutMs }) =>
        call('put', timeoutMs, () => {
          if (this.lease === undefined) throw refused(404, 'NotFound');
          const { resourceVersion } = asObject(lease).metadata;
          if (resourceVersion !== this.lease.metadata.resourceVersion) throw refused(409, 'Conflict');
          return this.#keep(lease);
        }),
    };
  }

  #keep(lease: JsonRecord): KubeObject {
    this.#version += 1;
    const { metadata } = lease;
    const kept = asObject({
      ...lease,
      metadata: { ...(metadata as JsonRecord), resourceVersion: String(this.#version) },
    });
    this.lease = kept;
    return kept;
  }
}
