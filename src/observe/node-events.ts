import { createHash } from 'node:crypto';
import type { NodeFact } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { Verdict } from '../decide/verdict.ts';
import { escapeText } from '../text/escape.ts';
import { isSubdomain } from '../text/names.ts';
import { adviseVerdict } from './advice.ts';
import {
  component,
  eventNamespace,
  eventTime,
  reasonOf,
  saidOf,
  type Enforcement,
  type EventOptions,
  type EventSink,
} from './event.ts';

/** A kubelet asks again every quarter of an hour, and Events are kept for an hour: the last one is always there. */
const againMs = 10 * 60_000;

/** Nodes of whom it is remembered what was said. */
const maxRemembered = 4096;

/** Who the requestor's Node is. */
interface NodeReference {
  readonly name: string;
  readonly uid: string;
}

/**
 * Says on the Node that asked for a certificate why it has none, for whoever begins with `kubectl describe node`. Only
 * what a node asks for itself: what others claim of a Node is said on their requests.
 */
export class NodeEvents {
  readonly #sink: EventSink;
  readonly #options: EventOptions;
  /** By name of the Node: what was said last, and when. */
  readonly #said = new Map<string, { readonly text: string; readonly at: number }>();

  constructor(sink: EventSink, options: EventOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** @param fact the requestor's Node, where the decision came so far */
  report(
    request: CertificateRequest,
    verdict: Verdict,
    enforcement: Enforcement,
    fact: Pick<NodeFact, 'found' | 'name' | 'uid'> | undefined,
  ): void {
    const node = nodeOf(request.username, fact);
    if (node === undefined) return;
    const reason = reasonOf(verdict, enforcement);
    // It has what it asked for: the next refusal is news.
    if (reason === undefined || verdict.kind === 'approve') return void this.#said.delete(node.name);
    const text = saidOf(reason, verdict);
    const now = this.#options.now();
    const before = this.#said.get(node.name);
    if (before?.text === text && now.getTime() - before.at < againMs) return;
    if (!this.#options.limits.aboutNode(node.name)) return this.#sink.suppressed();
    this.#remember(node.name, { text, at: now.getTime() });
    const about = `certificate request ${escapeText(request.name)}: `;
    const event = {
      metadata: { name: nameOf(request.uid, text, now), namespace: eventNamespace },
      eventTime: eventTime(now),
      reportingController: component,
      reportingInstance: this.#options.instance,
      action: 'Decide',
      type: 'Warning',
      reason,
      note: adviseVerdict(verdict, this.#options.remedy(request.signerName), about),
      regarding: { apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid },
      related: {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        name: request.name,
        uid: request.uid,
      },
    };
    this.#sink.createEvent(eventNamespace, event).catch((cause: unknown) => {
      if (this.#said.get(node.name)?.text === text) this.#said.delete(node.name);
      this.#sink.failed(cause);
    });
  }

  #remember(name: string, said: { readonly text: string; readonly at: number }): void {
    this.#said.delete(name);
    this.#said.set(name, said);
    const [oldest] = this.#said.keys();
    if (this.#said.size > maxRemembered && oldest !== undefined) this.#said.delete(oldest);
  }
}

/** Not the Event's on the request, which says the same at the same time. */
function nameOf(uid: string, said: string, now: Date): string {
  const suffix = createHash('sha256')
    .update(`node\0${said}\0${now.toISOString()}`)
    .digest('hex')
    .slice(0, 16);
  return `${uid}.${suffix}`;
}

/**
 * The Node of whoever made the request. One that was refused before its Node was read has the name as uid, as the
 * kubelet's own Events have: `kubectl describe node` looks for either.
 */
function nodeOf(
  username: string,
  fact: Pick<NodeFact, 'found' | 'name' | 'uid'> | undefined,
): NodeReference | undefined {
  const [, name = ''] = /^system:node:(.*)$/.exec(username) ?? [];
  if (!isSubdomain(name)) return undefined;
  if (fact === undefined) return { name, uid: name };
  return fact.found && fact.name === name ? { name, uid: fact.uid } : undefined;
}
