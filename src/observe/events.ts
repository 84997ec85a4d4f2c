import { createHash } from 'node:crypto';
import type { CertificateRequest } from '../decide/request.ts';
import type { Verdict } from '../decide/verdict.ts';
import { escapeText } from '../text/escape.ts';

/** Reason of the Event for each verdict that has one. A written approval needs none: its condition speaks. */
const eventReasons = {
  approve: 'PolicyWouldAllow',
  deny: 'PolicyDenied',
  wait: 'PolicyWaiting',
  abstain: 'PolicyAbstained',
  error: 'DecisionFailed',
} as const;

/** Longest note that the API server takes (pkg/apis/core/validation/events.go). */
export const maxNoteBytes = 1024;

/** Events on cluster-scoped objects live here. */
const eventNamespace = 'default';

/** Who writes Events, as `kubectl describe` shows it. */
export const component = 'rego-csr-approver';

export interface EventSink {
  /** Creates an events.k8s.io/v1 Event in a namespace. */
  readonly createEvent: (namespace: string, event: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Called when an Event could not be written; nothing waits for it. */
  readonly failed: (cause: unknown) => void;
}

/** One line for people: what happened, every code and why. */
export function explainVerdict(verdict: Verdict): string {
  const lines = verdict.reasons.map(({ code, msg }) => `${escapeText(code)}: ${escapeText(msg)}`);
  return lines.join('; ');
}

/**
 * Says on a request, by an Event, why it was not approved, and says it again only when that changes.
 *
 * `kubectl describe csr NAME` shows it. Nothing is written to the request itself: a custom condition would keep it
 * from ever being cleaned up.
 */
export class VerdictEvents {
  readonly #sink: EventSink;
  readonly #instance: string;
  readonly #now: () => Date;
  readonly #said = new Map<string, string>();

  /** @param instance names this process, for example its host name */
  constructor(sink: EventSink, instance: string, now: () => Date) {
    this.#sink = sink;
    this.#instance = instance;
    this.#now = now;
  }

  /** Reports a verdict; returns at once. Repeats of what was said last of this request are dropped. */
  report(request: CertificateRequest, verdict: Verdict, enforcement: 'enforce' | 'dryrun'): void {
    if (verdict.kind === 'ignore' || (verdict.kind === 'approve' && enforcement === 'enforce')) return;
    const reason = eventReasons[verdict.kind];
    const codes = verdict.reasons.map(({ code }) => code).sort();
    const said = `${reason}\0${codes.join('\0')}`;
    if (this.#said.get(request.uid) === said) return;
    this.#said.set(request.uid, said);
    const event = this.#event(
      request,
      reason,
      explainVerdict(verdict) || 'allowed; nothing is written in a dry run',
      said,
    );
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

  #event(request: CertificateRequest, reason: string, message: string, said: string) {
    const now = this.#now();
    // The CSR's name is chosen by the requestor and need not be a DNS name: the Event is named after its uid.
    const suffix = createHash('sha256').update(`${said}\0${now.toISOString()}`).digest('hex').slice(0, 16);
    return {
      metadata: { name: `${request.uid}.${suffix}`, namespace: eventNamespace },
      eventTime: now.toISOString().replace('Z', '000Z'),
      reportingController: component,
      reportingInstance: this.#instance,
      action: 'Decide',
      type: reason === eventReasons.approve ? 'Normal' : 'Warning',
      reason,
      note: cut(message, maxNoteBytes),
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

/** Cuts by bytes, at a whole character; the text is escaped already, and so is ASCII wherever it was hostile. */
export function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text).subarray(0, maxBytes - 3);
  return `${new TextDecoder().decode(bytes, { stream: true })}...`;
}
