import { createHash } from 'node:crypto';
import { Budget } from './budget.ts';
import { component, cut, eventTime, maxNoteBytes, type EventSink } from './event.ts';

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
const allowance = { burst: 20, refillMs: 60_000 };

/** Says on our own Pod what became of a policy, or that it leads, and says it again only when that changes. */
export class PodEvents {
  readonly #pod: Pod;
  readonly #sink: EventSink;
  readonly #now: () => Date;
  readonly #budget: Budget;
  #said = '';

  constructor(pod: Pod, sink: EventSink, now: () => Date) {
    this.#pod = pod;
    this.#sink = sink;
    this.#now = now;
    this.#budget = new Budget(allowance, () => now().getTime());
  }

  /** @param note escaped already; cut to what the API server takes */
  report(reason: keyof typeof kinds, note: string): void {
    const said = `${reason}\0${note}`;
    if (said === this.#said) return;
    if (!this.#budget.take()) return this.#sink.suppressed();
    this.#said = said;
    this.#sink.createEvent(this.#pod.namespace, this.#event(reason, note, said)).catch((cause: unknown) => {
      // Nobody has heard it: the next one like it says it again.
      if (this.#said === said) this.#said = '';
      this.#sink.failed(cause);
    });
  }

  #event(reason: keyof typeof kinds, note: string, said: string) {
    const now = this.#now();
    const { name, namespace, uid } = this.#pod;
    const suffix = createHash('sha256').update(`${said}\0${now.toISOString()}`).digest('hex').slice(0, 16);
    return {
      metadata: { name: `${name}.${suffix}`, namespace },
      eventTime: eventTime(now),
      reportingController: component,
      reportingInstance: name,
      ...kinds[reason],
      reason,
      note: cut(note, maxNoteBytes),
      regarding: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    };
  }
}
