import type { Reason, Verdict } from '../decide/verdict.ts';
import { escapeText } from '../text/escape.ts';
import type { EventLimits } from './event-limits.ts';

export type Enforcement = 'enforce' | 'dryrun';

/** Reason of the Event for each verdict that has one. A written approval needs none: its condition speaks. */
export const eventReasons = {
  approve: 'PolicyWouldAllow',
  deny: 'PolicyDenied',
  wait: 'PolicyWaiting',
  abstain: 'PolicyAbstained',
  error: 'DecisionFailed',
} as const;

/** Longest note that the API server takes (pkg/apis/core/validation/events.go). */
export const maxNoteBytes = 1024;

/** Events on cluster-scoped objects live here. */
export const eventNamespace = 'default';

/** Who writes Events, as `kubectl describe` shows it. */
export const component = 'rego-csr-approver';

export interface EventSink {
  /** Creates an events.k8s.io/v1 Event in a namespace. */
  readonly createEvent: (namespace: string, event: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Called when an Event could not be written; nothing waits for it. */
  readonly failed: (cause: unknown) => void;
  /** Called for each that is not written because there are too many. */
  readonly suppressed: () => void;
}

/** What whoever wrote the rule of a reason says is to be done; undefined where he says nothing. */
export type Remedy = (reason: Reason) => string | undefined;

/** What an Event on a request or its Node needs beside it. */
export interface EventOptions {
  /** Names this process, for example its host name. */
  readonly instance: string;
  readonly now: () => Date;
  readonly limits: EventLimits;
  readonly remedy: (signer: string) => Remedy;
}

/** Reason of the Event for a verdict; undefined where there is none. */
export function reasonOf(verdict: Verdict, enforcement: Enforcement): string | undefined {
  if (verdict.kind === 'ignore' || (verdict.kind === 'approve' && enforcement === 'enforce'))
    return undefined;
  return eventReasons[verdict.kind];
}

/** What makes two of them the same: words may differ, such as a time that is left. */
export function saidOf(reason: string, verdict: Verdict): string {
  const codes = verdict.reasons.map(({ code }) => code).sort();
  return `${reason}\0${codes.join('\0')}`;
}

/** metav1.MicroTime. */
export function eventTime(now: Date): string {
  return now.toISOString().replace('Z', '000Z');
}

/** One line for people: what happened, every code and why. */
export function explainVerdict(verdict: Verdict): string {
  const lines = verdict.reasons.map(({ code, msg }) => `${escapeText(code)}: ${escapeText(msg)}`);
  return lines.join('; ');
}

/** Cuts by bytes, at a whole character; the text is escaped already, and so is ASCII wherever it was hostile. */
export function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text).subarray(0, maxBytes - 3);
  return `${new TextDecoder().decode(bytes, { stream: true })}...`;
}
