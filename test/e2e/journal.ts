import { CSR_PATH } from '../../src/kube/calls.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { recordOf, textOf, textsOf } from '../../src/kube/json.ts';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificateOf, conditionsOf } from '../demo/requests.ts';

const retryMs = 200;

export const servingSigner = 'kubernetes.io/kubelet-serving';
export const clientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';

/** A request as watches have shown it, and when by our clock they first showed it so. */
export interface Entry {
  readonly name: string;
  readonly uid: string;
  readonly object: KubeObject;
  readonly requestor: string;
  readonly groups: readonly string[];
  readonly signer: string;
  readonly seenAt: number;
  readonly approvedAt: number | undefined;
  readonly issuedAt: number | undefined;
  readonly approvalReason: string | undefined;
}

/** Every request that there ever was, also while the API server is away for a time. */
export class Journal {
  readonly #entries = new Map<string, Entry>();

  /** @param signal ends it */
  constructor(admin: KubeClient, signal: AbortSignal) {
    void this.#follow(admin, signal);
  }

  /** Of a requestor for a signer, first seen after a moment; the newest last. */
  of(requestor: string, signer: string, after = 0): Entry[] {
    return [...this.#entries.values()].filter(
      (entry) => entry.requestor === requestor && entry.signer === signer && entry.seenAt > after,
    );
  }

  get(uid: string): Entry | undefined {
    return this.#entries.get(uid);
  }

  async #follow(client: KubeClient, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const { type, object } of client.watch(CSR_PATH, { signal }))
          if (type === 'ADDED' || type === 'MODIFIED') this.#take(asObject(object));
      } catch {
        // The API server is away: the next watch shows all that there is.
      }
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #take(object: KubeObject): void {
    const { name, uid } = object.metadata;
    const now = performance.now();
    const before = this.#entries.get(uid);
    const spec = recordOf(object['spec']);
    const approval = conditionsOf(object).find(({ type }) => type === 'Approved');
    this.#entries.set(uid, {
      name,
      uid,
      object,
      requestor: textOf(spec['username']),
      groups: textsOf(spec['groups']),
      signer: textOf(spec['signerName']),
      seenAt: before?.seenAt ?? now,
      approvedAt: before?.approvedAt ?? (approval === undefined ? undefined : now),
      issuedAt: before?.issuedAt ?? (certificateOf(object) === '' ? undefined : now),
      approvalReason: approval?.reason,
    });
  }
}
