import { createHash } from 'node:crypto';
import type { CertificateRequest } from '../decide/request.ts';
import type { Verdict } from '../decide/verdict.ts';
import { adviseVerdict } from './advice.ts';
import {
  component,
  eventNamespace,
  eventReasons,
  eventTime,
  reasonOf,
  saidOf,
  type Enforcement,
  type EventOptions,
  type EventSink,
} from './event.ts';

/**
 * Says on a request, by an Event, why it was not approved and what to do, and says it again only when that changes.
 *
 * `kubectl describe csr NAME` shows it. Nothing is written to the request itself: a custom condition would keep it
 * from ever being cleaned up.
 */
export class VerdictEvents {
  readonly #sink: EventSink;
  readonly #options: EventOptions;
  readonly #said = new Map<string, string>();

  constructor(sink: EventSink, options: EventOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Reports a verdict; returns at once. Repeats of what was said last of this request are dropped. */
  report(request: CertificateRequest, verdict: Verdict, enforcement: Enforcement): void {
    const reason = reasonOf(verdict, enforcement);
    if (reason === undefined) return;
    const said = saidOf(reason, verdict);
    if (this.#said.get(request.uid) === said) return;
    // It is said when it is decided again, if there is room by then.
    if (!this.#options.limits.aboutRequestOf(request.username)) return this.#sink.suppressed();
    this.#said.set(request.uid, said);
    const note =
      verdict.kind === 'approve'
        ? 'allowed; nothing is written in a dry run'
        : adviseVerdict(verdict, this.#options.remedy(request.signerName));
    const event = this.#event(request, reason, note, said);
    this.#sink.createEvent(eventNamespace, event).catch((cause: unknown) => {
      // Nobody has heard it: the next decision says it again.
      if (this.#said.get(request.uid) === said) this.#said.delete(request.uid);
      this.#sink.failed(cause);
    });
  }

  /** Forgets a request that is gone, so that memory stays bounded by the requests there are. */
  forget(uid: string): void {
    this.#said.delete(uid);
  }

  #event(request: CertificateRequest, reason: string, note: string, said: string) {
    const now = this.#options.now();
    // The CSR's name is chosen by the requestor and need not be a DNS name: the Event is named after its uid.
    const suffix = createHash('sha256').update(`${said}\0${now.toISOString()}`).digest('hex').slice(0, 16);
    return {
      metadata: { name: `${request.uid}.${suffix}`, namespace: eventNamespace },
      eventTime: eventTime(now),
      reportingController: component,
      reportingInstance: this.#options.instance,
      action: 'Decide',
      type: reason === eventReasons.approve ? 'Normal' : 'Warning',
      reason,
      note,
      regarding: {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        name: request.name,
        uid: request.uid,
        resourceVersion: request.resourceVersion,
      },
    };
  }
}
