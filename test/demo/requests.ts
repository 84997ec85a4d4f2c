import { CSR_PATH } from '../../src/kube/calls.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { listOf, recordOf, textOf } from '../../src/kube/json.ts';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';

export interface Condition {
  readonly type: string;
  readonly reason: string;
}

/** A CertificateSigningRequest as a watch shows it, and when it showed that, by our own clock. */
export interface Observed {
  readonly object: KubeObject;
  readonly approvedAt: number | undefined;
  readonly issuedAt: number | undefined;
}

export const conditionsOf = (csr: KubeObject): Condition[] =>
  listOf(recordOf(csr['status'])['conditions'])
    .map(recordOf)
    .map(({ type, reason }) => ({ type: textOf(type), reason: textOf(reason) }));

/** PEM; empty while there is none. */
export const certificateOf = (csr: KubeObject): string =>
  Buffer.from(textOf(recordOf(csr['status'])['certificate']), 'base64').toString();

/** The column CONDITION of `kubectl get csr`. */
export function conditionText(csr: KubeObject): string {
  const types = conditionsOf(csr).map(({ type }) => type);
  if (types.length === 0) types.push('Pending');
  if (certificateOf(csr) !== '') types.push('Issued');
  return types.join(',');
}

/** All requests of the cluster, kept up to date by one watch. */
export class Requests {
  readonly #observed = new Map<string, Observed>();
  #failure: Error | undefined;

  /** @param signal ends the watch */
  constructor(admin: KubeClient, signal: AbortSignal) {
    this.#follow(admin, signal).catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
  }

  get(name: string): Observed | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#observed.get(name);
  }

  async #follow(client: KubeClient, signal: AbortSignal): Promise<void> {
    for await (const event of client.watch(CSR_PATH, { signal })) {
      if (event.type === 'BOOKMARK') continue;
      const now = performance.now();
      const object = asObject(event.object);
      const before = this.#observed.get(object.metadata.name);
      const approved = conditionsOf(object).some(({ type }) => type === 'Approved');
      this.#observed.set(object.metadata.name, {
        object,
        approvedAt: before?.approvedAt ?? (approved ? now : undefined),
        issuedAt: before?.issuedAt ?? (certificateOf(object) === '' ? undefined : now),
      });
    }
    throw new Error('the watch on the requests has ended');
  }
}
