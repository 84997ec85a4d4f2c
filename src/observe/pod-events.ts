import { createHash } from 'node:crypto';
import type { EventSink } from './events.ts';
import { component, cut, maxNoteBytes } from './events.ts';

/** Our own Pod, as the downward API names it. */
export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/** The Pod that we run in; undefined outside of one, or where the manifest does not say. */
export function ownPod(env: Readonly<Record<string, string | undefined>>): Pod | undefined {
  const { POD_NAME: name = '', POD_NAMESPACE: namespace = '', POD_UID: uid = '' } = env;
  return name === '' || namespace === '' || uid === '' ? undefined : { name, namespace, uid };
}

/** By reason. */
const kinds = {
  PolicyActivated: { type: 'Normal', action: 'ActivatePolicy' },
  PolicyRejected: { type: 'Warning', action: 'ActivatePolicy' },
  LeadershipTaken: { type: 'Normal', action: 'Lead' },
} as const;

/** So many Events in a row, and one more for each minute: a bundle server that goes mad must not fill etcd. */
const burst = 20;
const refillMs = 60_000;

/** Says on our own Pod what became of a policy, or that it leads, and says it again only when that changes. */
export class PodEvents {
  readonly #pod: Pod;
  readonly #sink: EventSink;
  readonly #now: () => Date;
  #said = '';
  #budget = burst;
  #refilledAt: number;

  constructor(pod: Pod, sink: EventSink, now: () => Date) {
    this.#pod = pod;
    this.#sink = sink;
    this.#now = now;
    this.#refilledAt = now().getTime();
  }

  /** @param note escaped already; cut to what the API server takes */
  report(reason: keyof typeof kinds, note: string): void {
    const said = `${reason}\0${note}`;
    if (said === this.#said || !this.#mayAfford()) return;
    this.#said = said;
    this.#sink.createEvent(this.#pod.namespace, this.#event(reason, note, said)).catch((cause: unknown) => {
      // Nobody has heard it: the next one like it says it again.
      if (this.#said === said) this.#said = '';
      this.#sink.failed(cause);
    });
  }

  #mayAfford(): boolean {
    const now = this.#now().getTime();
    const minutes = Math.max(0, Math.floor((now - this.#refilledAt) / refillMs));
    this.#refilledAt += minutes * refillMs;
    this.#budget = Math.min(burst, this.#budget + minutes);
    if (this.#budget === 0) return false;
    this.#budget -= 1;
    return true;
  }

  #event(reason: keyof typeof kinds, note: string, said: string) {
    const now = this.#now().toISOString();
    const { name, namespace, uid } = this.#pod;
    const suffix = createHash('sha256').update(`${said}\0${now}`).digest('hex').slice(0, 16);
    return {
      metadata: { name: `${name}.${suffix}`, namespace },
      eventTime: now.replace('Z', '000Z'),
      reportingController: component,
      reportingInstance: name,
      ...kinds[reason],
      reason,
      note: cut(note, maxNoteBytes),
      regarding: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    };
  }
}
