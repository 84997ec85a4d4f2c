import { escapeText } from '../text/escape.ts';
import type { Decision } from '../decide/decide.ts';
import type { CertificateRequest } from '../decide/request.ts';
import type { KubeClient } from '../kube/client.ts';
import { CSR_PATH, getCSR, putApproval } from '../kube/calls.ts';
import { isNotFound, KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { resourceSource } from '../kube/source.ts';
import type { VerdictEvents } from '../observe/events.ts';
import { explainVerdict } from '../observe/events.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Pending } from './pending.ts';
import { pending } from './pending.ts';
import { WorkQueue } from './queue.ts';
import type { ReconcileActions, ReconcileOptions } from './reconcile.ts';
import { reconcile } from './reconcile.ts';
import { Reflector } from './reflector.ts';
import { WaitTimes } from './wait-times.ts';

export interface ControllerOptions extends ReconcileOptions {
  readonly client: KubeClient;
  readonly signers: readonly string[];
  readonly concurrency: number;
  readonly decide: (request: CertificateRequest) => Promise<Decision>;
  /** Says in an Approved condition by which rules. */
  readonly approvedBy: (request: CertificateRequest) => string;
  readonly metrics: Metrics;
  readonly events: VerdictEvents;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Longest text of a condition's message that is worth reading. */
const maxMessage = 1024;

/**
 * Most pending requests of one requestor. A kubelet makes four an hour, and after a day Kubernetes' cleaner deletes them;
 * a compromised one makes hundreds a second.
 */
const maxPending = 256;

/** How long a refused write keeps the program from being ready. */
const writeProblemMs = 300_000;

/** A watch that has been silent for so long is dead, whatever the connection says. */
const maxWatchAgeMs = 300_000;

/** Watches the requests of the configured signers and brings each to a verdict. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #reflectors: ReadonlyMap<string, Reflector<Pending>>;
  readonly #queue: WorkQueue;
  readonly #waits = new WaitTimes();
  /** Names of pending requests by the user who made them. */
  readonly #byRequestor = new Map<string, Set<string>>();
  /** By uid: requests that have their condition, while the watch has not shown it yet. */
  readonly #written = new Set<string>();
  /** Requestors that were complained about. */
  readonly #excessive = new Set<string>();
  /** The last complaint about writing, and when; undefined since a write has succeeded. */
  #writeProblem: { readonly text: string; readonly at: number } | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      process: (key) => this.#process(key),
      concurrency: options.concurrency,
      backoff: { baseMs: 500, maxMs: 30_000 },
      observer: {
        threw: (key, error) => {
          // What the API server refuses is explained; only a fault of our own needs its stack.
          const stack = error instanceof KubeError ? {} : { err: error };
          const why = explain(error, options.client.server);
          options.log.error({ csr: escapeText(key), ...stack }, `deciding a request failed: ${why}`);
        },
        dropped: (key) =>
          options.log.warn({ csr: escapeText(key) }, 'the queue is full: a request is put off'),
        roomAgain: () => this.redecideAll(),
      },
    });
    this.#reflectors = new Map(options.signers.map((signer) => [signer, this.#reflector(signer)]));
  }

  start(): void {
    for (const reflector of this.#reflectors.values()) reflector.start();
    this.#queue.start();
  }

  /** Finishes what is being decided, at most for `deadlineMs`, and takes up nothing more. */
  async stop(deadlineMs: number): Promise<boolean> {
    const drained = this.#queue.drain(deadlineMs);
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.stop()));
    return drained;
  }

  /** Decides every pending request again: something that all decisions rest on has changed. */
  redecideAll(): void {
    for (const reflector of this.#reflectors.values()) {
      for (const { request } of reflector.items()) this.#enqueue(request);
    }
  }

  /** Decides the pending requests of one user again: something about him has changed. */
  redecide(username: string): void {
    for (const name of this.#byRequestor.get(username) ?? []) {
      const found = this.#find(name);
      if (found !== undefined) this.#enqueue(found.request);
    }
  }

  readonly live: readonly HealthCheck[] = [
    {
      name: 'watch',
      problem: () =>
        this.#watchProblem((reflector) => reflector.hasSynced && reflector.progressAgeMs() > maxWatchAgeMs),
    },
  ];

  readonly ready: readonly HealthCheck[] = [
    { name: 'requests', problem: () => this.#watchProblem((reflector) => !reflector.hasSynced) },
    { name: 'approvals', problem: () => this.#recentWriteProblem() },
  ];

  /** Brings the gauges up to date, before a scrape. */
  measure(): void {
    const { metrics } = this.#options;
    metrics.queueDepth.set(this.#queue.ready + this.#queue.delayed);
    const ages = [...this.#reflectors.values()].map((reflector) => reflector.progressAgeMs());
    const oldest = Math.max(...ages);
    if (Number.isFinite(oldest))
      metrics.watchAge.set({ resource: 'certificatesigningrequests' }, oldest / 1000);
  }

  #reflector(signer: string): Reflector<Pending> {
    const { client, log, metrics } = this.#options;
    return new Reflector({
      source: resourceSource(client, CSR_PATH, { fieldSelector: `spec.signerName=${signer}` }),
      project: (object) => this.#withinBounds(pending(object, signer)),
      handler: {
        onUpsert: ({ request }) => {
          const names = this.#byRequestor.get(request.username);
          if (names === undefined) this.#byRequestor.set(request.username, new Set([request.name]));
          else names.add(request.name);
          this.#enqueue(request);
        },
        onDelete: ({ request }) => this.#forget(request),
      },
      observer: {
        error: (error, during) => {
          metrics.watchErrors.inc({ resource: 'certificatesigningrequests' });
          log.error({ signer, during }, `watching requests: ${explain(error, client.server)}`);
        },
      },
    });
  }

  /** A requestor with more pending requests than a kubelet can have gets no more of our memory. */
  #withinBounds(found: Pending | undefined): Pending | undefined {
    if (found === undefined) return undefined;
    const { name, username } = found.request;
    const names = this.#byRequestor.get(username);
    if (names === undefined || names.size < maxPending || names.has(name)) return found;
    if (!this.#excessive.has(username)) {
      this.#excessive.add(username);
      const what = `has ${String(maxPending)} pending requests: more are not looked at before these are gone`;
      this.#options.log.warn({ user: escapeText(username) }, what);
    }
    return undefined;
  }

  #watchProblem(isBad: (reflector: Reflector<Pending>) => boolean): string | undefined {
    const bad = [...this.#reflectors].filter(([, reflector]) => isBad(reflector)).map(([signer]) => signer);
    return bad.length === 0 ? undefined : `no watch of requests for ${bad.join(', ')}`;
  }

  /** A write is tried again every minute while its request is there; what is older is about one that is gone. */
  #recentWriteProblem(): string | undefined {
    const { text, at } = this.#writeProblem ?? { text: undefined, at: 0 };
    return performance.now() - at < writeProblemMs ? text : undefined;
  }

  #find(name: string): Pending | undefined {
    for (const reflector of this.#reflectors.values()) {
      const found = reflector.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #enqueue(request: CertificateRequest): void {
    this.#queue.add(request.name, {
      group: request.username,
      priority: request.createdAt?.getTime() ?? 0,
    });
  }

  #forget(request: CertificateRequest): void {
    const names = this.#byRequestor.get(request.username);
    names?.delete(request.name);
    if (names?.size === 0) {
      this.#byRequestor.delete(request.username);
      this.#excessive.delete(request.username);
    }
    this.#queue.forget(request.name);
    this.#written.delete(request.uid);
    this.#waits.forget(request.uid);
    this.#options.events.forget(request.uid);
  }

  async #process(name: string) {
    const found = this.#find(name);
    if (found === undefined || this.#written.has(found.request.uid)) return { kind: 'done' } as const;
    return reconcile(found, this.#options, this.#actions());
  }

  #actions(): ReconcileActions {
    const { client, log, metrics, events, now, enforcement } = this.#options;
    let startedAt = 0;
    return {
      decide: (request) => {
        startedAt = performance.now();
        return this.#options.decide(request);
      },
      put: (object) => putApproval(client, object),
      read: async (name) => {
        try {
          return await getCSR(client, name);
        } catch (cause) {
          if (isNotFound(cause)) return undefined;
          throw cause;
        }
      },
      message: (request, { verdict }) =>
        verdict.kind === 'approve'
          ? this.#options.approvedBy(request)
          : explainVerdict(verdict).slice(0, maxMessage),
      decided: (request, { verdict }) => {
        const seconds = (performance.now() - startedAt) / 1000;
        metrics.decided(request.signerName, verdict.kind, verdict.reasons, seconds);
        if (verdict.kind === 'ignore') {
          log.debug({ ...identify(request), why: explainVerdict(verdict) }, 'left alone');
          return;
        }
        events.report(request, verdict, enforcement);
        const level = verdict.kind === 'error' ? 'error' : 'info';
        const warnings = verdict.warnings.map(
          ({ code, msg }) => `${escapeText(code)}: ${escapeText(msg, maxMessage)}`,
        );
        log[level](
          { ...identify(request), verdict: verdict.kind, why: explainVerdict(verdict), warnings },
          'decided',
        );
      },
      wrote: (request, condition) => {
        this.#writeProblem = undefined;
        if (this.#find(request.name)?.request.uid === request.uid) this.#written.add(request.uid);
        metrics.writes.inc({ condition, result: 'ok' });
        if (condition === 'Approved' && request.createdAt !== undefined) {
          metrics.approvalLatency.observe((now().getTime() - request.createdAt.getTime()) / 1000);
        }
        log.info({ ...identify(request), condition }, 'wrote');
      },
      writeFailed: (request, condition, cause) => {
        const result = cause.status === undefined ? cause.kind : String(cause.status);
        metrics.writes.inc({ condition, result });
        const lost = isNotFound(cause) || cause.status === 409 || cause.status === 422;
        if (!lost) this.#writeProblem = { text: explain(cause, client.server), at: performance.now() };
        log[lost ? 'info' : 'error'](
          { ...identify(request), condition, result },
          `could not write: ${explain(cause, client.server)}`,
        );
      },
      waitMs: (request, askedSeconds) => this.#waits.next(request.uid, askedSeconds),
    };
  }
}

/** Names a request in the log. Names and users are chosen by others. */
function identify(request: CertificateRequest) {
  return { csr: escapeText(request.name), uid: request.uid, user: escapeText(request.username) };
}
