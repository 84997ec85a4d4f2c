import { escapeText } from '../text/escape.ts';
import type { PendingFact, RequestInput } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { isFinished } from '../decide/request.ts';
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
import type { Gate } from './gate.ts';
import type { Pending } from './pending.ts';
import { kept, requestOf } from './pending.ts';
import { WorkQueue } from './queue.ts';
import type { Judged, ReconcileActions, ReconcileOptions } from './reconcile.ts';
import { reconcile } from './reconcile.ts';
import { Reflector } from './reflector.ts';
import { identify, maxMessage, Report } from './report.ts';
import { Requestors } from './requestors.ts';
import { WaitTimes } from './wait-times.ts';

export interface ControllerOptions extends ReconcileOptions {
  readonly client: KubeClient;
  readonly signers: readonly string[];
  readonly concurrency: number;
  readonly decide: (request: CertificateRequest) => Promise<Judged>;
  readonly metrics: Metrics;
  readonly events: VerdictEvents;
  readonly log: Logger;
  readonly now: () => Date;
  readonly gate: Gate;
  /** A request is gone, or finished: whoever keeps anything of it may forget it. */
  readonly forgotten?: (uid: string) => void;
}

/** Longest wait for the answer to a write; less where the lease ends before. */
const writeMs = 10_000;

/** How long a refused write keeps the program from being ready. */
const writeProblemMs = 300_000;

/** A watch that has been silent for so long is dead, whatever the connection says. */
const maxWatchAgeMs = 300_000;

/** So long may a watch be silent, and what it has shown still be counted. A silent one is listed again after 90 s. */
const maxCountAgeMs = 150_000;

/** Watches the requests of the configured signers and brings each to a verdict. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #report: Report;
  readonly #reflectors: ReadonlyMap<string, Reflector<Pending>>;
  readonly #queue: WorkQueue;
  readonly #waits = new WaitTimes();
  readonly #requestors = new Requestors();
  /** Names of requests that the queue had no room for. */
  readonly #putOff = new Set<string>();
  /** By uid: requests that have their condition, while the watch has not shown it yet. */
  readonly #written = new Set<string>();
  /** By signer: why the last list failed; gone since one has succeeded. */
  readonly #listProblems = new Map<string, string>();
  #started = false;
  #leading = false;
  #stopped = false;
  /** The last complaint about writing, and when; undefined since a write has succeeded. */
  #writeProblem: { readonly text: string; readonly at: number } | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#report = new Report({ ...options, server: () => options.client.server });
    this.#queue = new WorkQueue({
      process: (key) => this.#process(key),
      concurrency: options.concurrency,
      atOnce: (user) => (isNodeUser(user) ? 1 : Math.ceil(options.concurrency / 2)),
      backoff: { baseMs: 500, maxMs: 30_000 },
      observer: {
        threw: (key, error) => {
          // What the API server refuses is explained; only a fault of our own needs its stack.
          const stack = error instanceof KubeError ? {} : { err: error };
          const why = explain(error, options.client.server);
          options.log.error({ csr: escapeText(key), ...stack }, `deciding a request failed: ${why}`);
        },
        dropped: (key) => {
          this.#putOff.add(key);
          options.log.warn({ csr: escapeText(key) }, 'the queue is full: a request is put off');
        },
        roomAgain: () => this.#takeUp(),
      },
    });
    this.#reflectors = new Map(options.signers.map((signer) => [signer, this.#reflector(signer)]));
  }

  /** Begins to watch, and queues what is pending; nothing is decided before `lead`. */
  start(): void {
    this.#started = true;
    for (const reflector of this.#reflectors.values()) reflector.start();
  }

  /** Begins to decide, with what has been queued until now: all of it anew, since another one led meanwhile. */
  lead(): void {
    if (this.#stopped || this.#leading) return;
    this.#leading = true;
    this.#writeProblem = undefined;
    this.redecideAll();
    this.#queue.start();
  }

  /** Decides no longer, and goes on watching. */
  rest(): void {
    this.#leading = false;
    // What is under way ends by itself: it may no longer write, and nobody waits for it.
    void this.#queue.drain(0);
  }

  /** Finishes what is being decided, at most for `deadlineMs`, and takes up nothing more. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopped = true;
    const drained = this.#queue.drain(deadlineMs);
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.stop()));
    return drained;
  }

  /** Decides the pending requests of one user again: something about him has changed. */
  redecide(username: string): void {
    for (const request of this.#requestors.of(username)) this.#enqueue(request);
  }

  /**
   * Decides every pending request again, whatever it waits for, but for a Retry-After of the API server: the policies have
   * changed. The queue keeps its order, so that new requests are not held up. Nobody waits longer for what other policies
   * spent too much time on.
   */
  redecideAll(): void {
    this.#waits.clear();
    this.#queue.forgive();
    for (const request of this.#requestors.all()) this.#enqueue(request);
  }

  /**
   * The `pending` fact.
   * @throws Error when the watches cannot be trusted
   */
  pending(request: RequestInput): PendingFact {
    const problem = this.#watchProblem(
      (reflector) => !reflector.hasSynced || reflector.progressAgeMs() > maxCountAgeMs,
    );
    if (problem !== undefined) throw new Error(problem);
    return this.#requestors.pending(request);
  }

  readonly live: readonly HealthCheck[] = [
    {
      name: 'watch',
      problem: () =>
        this.#watchProblem((reflector) => reflector.hasSynced && reflector.progressAgeMs() > maxWatchAgeMs),
    },
  ];

  readonly ready: readonly HealthCheck[] = [
    { name: 'requests', problem: () => this.#unlisted() },
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
    const reflector = new Reflector<Pending>({
      source: resourceSource(client, CSR_PATH, { fieldSelector: `spec.signerName=${signer}` }),
      project: (object) => {
        const request = requestOf(object, signer);
        if (request === undefined) return undefined;
        // A finished request is not kept, but that it was made is: an older one is not what its kubelet waits for.
        this.#requestors.saw(request);
        return isFinished(request) ? undefined : kept(request, object);
      },
      handler: {
        onUpsert: ({ request }) => {
          const surplus = this.#requestors.add(request);
          if (!surplus.some(({ uid }) => uid === request.uid)) this.#enqueue(request);
          for (const one of surplus) {
            log.debug(identify(one), 'newer requests of the same requestor are kept instead');
            reflector.drop(one.name);
          }
        },
        onDelete: ({ request }) => this.#forget(request),
      },
      observer: {
        error: (error, during) => {
          metrics.watchErrors.inc({ resource: 'certificatesigningrequests' });
          const why = explain(error, client.server);
          this.#listProblems.set(signer, why);
          log.error({ signer, during }, `watching requests: ${why}`);
        },
        listed: () => this.#listProblems.delete(signer),
      },
    });
    return reflector;
  }

  #watchProblem(isBad: (reflector: Reflector<Pending>) => boolean): string | undefined {
    const bad = [...this.#reflectors].filter(([, reflector]) => isBad(reflector)).map(([signer]) => signer);
    return bad.length === 0 ? undefined : `no watch of requests for ${bad.join(', ')}`;
  }

  #unlisted(): string | undefined {
    if (!this.#started) return 'not begun, waits for a policy and the list of Nodes';
    const problem = this.#watchProblem((reflector) => !reflector.hasSynced);
    // One missing permission is behind all of them.
    const [why] = this.#listProblems.values();
    return problem === undefined || why === undefined ? problem : `${problem}: ${why}`;
  }

  /** A write is tried again every minute while its request is there; what is older is about one that is gone. */
  #recentWriteProblem(): string | undefined {
    const { text, at } = this.#writeProblem ?? { text: undefined, at: 0 };
    return this.#leading && performance.now() - at < writeProblemMs ? text : undefined;
  }

  #find(name: string): Pending | undefined {
    for (const reflector of this.#reflectors.values()) {
      const found = reflector.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Queues what it had no room for, and nothing else: what is through would only fill it again. */
  #takeUp(): void {
    const names = [...this.#putOff];
    this.#putOff.clear();
    for (const name of names) {
      const found = this.#find(name);
      if (found !== undefined) this.#enqueue(found.request);
    }
  }

  #enqueue(request: CertificateRequest): void {
    this.#queue.add(request.name, {
      group: request.username,
      priority: request.createdAt?.getTime() ?? 0,
    });
  }

  #forget(request: CertificateRequest): void {
    this.#requestors.delete(request);
    this.#putOff.delete(request.name);
    this.#queue.forget(request.name);
    this.#forgetVerdicts(request.uid);
  }

  #forgetVerdicts(uid: string): void {
    this.#written.delete(uid);
    this.#waits.forget(uid);
    this.#options.events.forget(uid);
    this.#options.forgotten?.(uid);
  }

  async #process(name: string) {
    const found = this.#find(name);
    if (found === undefined || this.#written.has(found.request.uid)) return { kind: 'done' } as const;
    if (!this.#options.gate.mayAct()) return { kind: 'again', afterMs: 0 } as const;
    const outcome = await reconcile(found, this.#options, this.#actions());
    // It may have gone meanwhile; what was noted of it since then nobody would ever forget.
    const { uid } = found.request;
    if (this.#find(name)?.request.uid !== uid) this.#forgetVerdicts(uid);
    return outcome;
  }

  #actions(): ReconcileActions {
    const { client, gate } = this.#options;
    let startedAt = 0;
    const term = gate.term();
    return {
      mayAct: () => gate.mayAct() && gate.term() === term,
      decide: (request) => {
        startedAt = performance.now();
        return this.#options.decide(request);
      },
      put: (object, wanted) =>
        putApproval(client, object, { wanted, timeoutMs: Math.floor(Math.min(writeMs, gate.leftMs())) }),
      read: async (name) => {
        try {
          return await getCSR(client, name);
        } catch (cause) {
          if (isNotFound(cause)) return undefined;
          throw cause;
        }
      },
      message: ({ verdict, approvedBy }) =>
        verdict.kind === 'approve' ? approvedBy : explainVerdict(verdict).slice(0, maxMessage),
      decided: (request, decision) => this.#report.decided(request, decision, performance.now() - startedAt),
      wrote: (request, condition) => {
        this.#writeProblem = undefined;
        if (this.#find(request.name)?.request.uid === request.uid) this.#written.add(request.uid);
        this.#report.wrote(request, condition);
      },
      writeFailed: (request, condition, cause) => {
        const problem = this.#report.writeFailed(request, condition, cause);
        if (problem !== undefined) this.#writeProblem = { text: problem, at: performance.now() };
      },
      waitMs: (request, askedSeconds) => this.#waits.next(request.uid, askedSeconds),
    };
  }
}

/** A node has one request that it waits for; other users may be many machines that share a token. */
function isNodeUser(username: string): boolean {
  return username.startsWith('system:node:');
}
