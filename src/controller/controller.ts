import { escapeText } from '../text/escape.ts';
import type { PendingFact, RequestInput } from '../decide/input.ts';
import type { CertificateRequest } from '../decide/request.ts';
import { isFinished } from '../decide/request.ts';
import type { KubeClient } from '../kube/client.ts';
import { getCSR, putApproval } from '../kube/calls.ts';
import { isNotFound, KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { explainVerdict } from '../observe/event.ts';
import type { VerdictEvents } from '../observe/events.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { QueueState } from '../observe/queue-metrics.ts';
import type { Attributes, Tracing } from '../observe/tracing.ts';
import { Aging } from './aging.ts';
import { aliveCheck, worksCheck } from './alive.ts';
import { systemClock, type Clock } from './clock.ts';
import { ForeignDecisions } from './foreign.ts';
import type { Gate } from './gate.ts';
import { Intake, isNodeUser } from './intake.ts';
import type { Pending } from './pending.ts';
import type { Outcome } from './queue.ts';
import { WorkQueue } from './queue.ts';
import type { Judged, ReconcileActions, ReconcileOptions } from './reconcile.ts';
import { reconcile, retryAfter } from './reconcile.ts';
import type { Reflector } from './reflector.ts';
import { identify, maxMessage, type Observer, Report } from './report.ts';
import { RequestWatches } from './request-watches.ts';
import { Requestors, type KeptRequests } from './requestors.ts';
import { Standings } from './standings.ts';
import { WaitTimes } from './wait-times.ts';
import { WriteProblem } from './write-problem.ts';

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
  readonly clock?: Clock;
  /** How much is kept of pending requests. */
  readonly keep?: Partial<KeptRequests>;
  /** How long whoever asks that signer waits; undefined: for ever. */
  readonly maxAgeSeconds: (signer: string) => number | undefined;
  readonly observers?: readonly Observer[];
  /** None: what is done is in no trace. */
  readonly tracing?: Pick<Tracing, 'root' | 'within'> | undefined;
  /** A request is gone, or finished: whoever keeps anything of it may forget it. */
  readonly forgotten?: (uid: string) => void;
}

/** Longest wait for the answer to a write; less where the lease ends before. */
const writeMs = 10_000;

/** So long may a watch be silent, and what it has shown still be counted. A silent one is listed again after 90 s. */
const maxCountAgeMs = 150_000;

/** Watches the requests of the configured signers and brings each to a verdict. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #report: Report;
  readonly #watches: RequestWatches;
  readonly #queue: WorkQueue;
  readonly #waits = new WaitTimes();
  readonly #requestors: Requestors;
  readonly #intake: Intake;
  readonly #aging: Aging;
  /** Names of requests that the queue had no room for. */
  readonly #putOff = new Set<string>();
  /** By uid: requests that have their condition, while the watch has not shown it yet. */
  readonly #written = new Set<string>();
  readonly #foreign = new ForeignDecisions();
  readonly #standings = new Standings();
  #started = false;
  #leading = false;
  #stopped = false;
  readonly #writeProblem = new WriteProblem();

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { clock = systemClock } = options;
    const { queue } = options.metrics;
    this.#requestors = new Requestors(options.keep);
    this.#intake = new Intake(this.#requestors, {
      log: options.log,
      dropped: () => queue.dropped.inc(),
      taken: (request) => this.#enqueue(request),
      drop: (request) => this.#watches.drop(request),
      relist: () => this.#watches.relist(),
    });
    this.#report = new Report({ ...options, server: () => options.client.server });
    this.#queue = new WorkQueue({
      process: (key) => this.#process(key),
      concurrency: options.concurrency,
      atOnce: (user) => (isNodeUser(user) ? 1 : Math.ceil(options.concurrency / 2)),
      backoff: { baseMs: 500, maxMs: 30_000 },
      clock,
      observer: {
        waited: (ms) => queue.wait.observe(ms / 1000),
        retried: () => queue.retries.inc(),
        // A fault of our own, which needs its stack.
        threw: (key, error) =>
          options.log.error(
            { csr: escapeText(key), err: error },
            `deciding a request failed: ${explain(error)}`,
          ),
        dropped: (key) => {
          queue.dropped.inc();
          this.#putOff.add(key);
          options.log.warn({ csr: escapeText(key) }, 'the queue is full: a request is put off');
        },
        roomAgain: () => this.#takeUp(),
      },
    });
    this.#aging = new Aging({
      ...options,
      clock,
      sweep: () => this.#sweep(),
      clockWasSet: (byMs) => {
        options.log.warn(
          { seconds: byMs / 1000 },
          "the API server's clock was set: every request is looked at again",
        );
        this.#watches.relist();
        this.redecideAll();
      },
    });
    this.#watches = new RequestWatches({
      ...options,
      metrics: options.metrics.watch,
      wants: (request, from) => this.#wants(request, from),
      upserted: (request) => this.#intake.take(request),
      deleted: (request) => this.#forget(request),
    });
  }

  /** Begins to watch, and queues what is pending; nothing is decided before `lead`. */
  start(): void {
    this.#started = true;
    this.#watches.start();
    this.#aging.start();
  }

  /** Begins to decide, with what has been queued until now: all of it anew, since another one led meanwhile. */
  lead(): void {
    if (this.#stopped || this.#leading) return;
    this.#leading = true;
    this.#foreign.lead(this.#options.now());
    this.#writeProblem.over();
    this.redecideAll();
    this.#queue.start();
  }

  /** Decides no longer, and goes on watching. */
  rest(): void {
    this.#leading = false;
    this.#foreign.rest();
    // Another one's verdicts come now.
    this.#standings.clear();
    // What is under way ends by itself: it may no longer write, and nobody waits for it.
    void this.#queue.drain(0);
  }

  /** Finishes what is being decided, at most for `deadlineMs`, and takes up nothing more. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopped = true;
    this.#aging.stop();
    const drained = this.#queue.drain(deadlineMs);
    await this.#watches.stop();
    return drained;
  }

  /** Decides the pending requests of one user again: something about him has changed. */
  redecide(username: string): void {
    for (const request of this.#requestors.of(username)) this.#enqueue(request);
  }

  /**
   * Decides every pending request again, whatever it waits for, but for a Retry-After of the API server: the policies have
   * changed. The queue keeps its order, so that new requests are not held up. Nobody waits longer for what other policies
   * spent too much time on. Where the policies let requests grow older than before, those that were let go are listed.
   */
  redecideAll(): void {
    if (this.#aging.grown()) this.#watches.relist();
    this.#waits.clear();
    this.#queue.forgive();
    for (const request of this.#requestors.all()) this.#enqueue(request);
  }

  /**
   * The `pending` fact.
   * @throws Error when the watches cannot be trusted
   */
  pending(request: RequestInput): PendingFact {
    const problem = this.#watches.problem(
      (reflector) => !reflector.hasSynced || reflector.progressAgeMs() > maxCountAgeMs,
    );
    if (problem !== undefined) throw new Error(problem);
    return this.#requestors.pending(request);
  }

  get live(): readonly HealthCheck[] {
    return [aliveCheck('watch', () => this.#watches.named()), worksCheck('queue', this.#queue)];
  }

  readonly ready: readonly HealthCheck[] = [
    { name: 'requests', problem: () => this.#unlisted() },
    {
      name: 'approvals',
      problem: () => (this.#leading ? this.#writeProblem.recent(performance.now()) : undefined),
    },
  ];

  /** Pending requests of everybody that are kept, in no order. */
  pendingRequests(): Iterable<CertificateRequest> {
    return this.#requestors.all();
  }

  get queueState(): QueueState {
    const { ready, delayed, working } = this.#queue;
    return { ready, delayed, working, oldestAgeMs: () => this.#queue.oldestAgeMs() };
  }

  /** Each watch of requests, with what it is called. */
  watches(): Iterable<readonly [string, Reflector<Pending>]> {
    return this.#watches.named();
  }

  /** Brings the gauges up to date, before a scrape. */
  measure(): void {
    this.#options.metrics.queue.measured(this.queueState);
    const pending = [...this.#watches.all()].filter(({ uid }) => !this.#written.has(uid));
    this.#options.metrics.requests.measured(this.#standings.of(pending, this.#options.now()));
    this.#watches.measure();
  }

  #wants(request: CertificateRequest, from: 'list' | 'watch'): boolean {
    const before = this.#watches.find(request.name);
    if (before?.request.uid === request.uid) this.#report.foreign(request, this.#foreign.find(request));
    // A finished request is not kept, but that it was made is: an older one is not what its kubelet waits for.
    this.#requestors.saw(request);
    // What a list shows as past is not even looked at; what comes past by a watch says that a clock is wrong.
    return !isFinished(request) && !(from === 'list' && this.#aging.isPast(request));
  }

  #unlisted(): string | undefined {
    if (!this.#started) return 'not begun, waits for a policy and the list of Nodes';
    return this.#watches.unlisted();
  }

  /** Lets go of what nobody waits for any more. */
  #sweep(): void {
    for (const request of this.#watches.all()) if (this.#aging.isPast(request)) this.#watches.drop(request);
  }

  /** Queues what it had no room for, and nothing else: what is through would only fill it again. */
  #takeUp(): void {
    const names = [...this.#putOff];
    this.#putOff.clear();
    for (const name of names) {
      const found = this.#watches.find(name);
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
    this.#intake.forget(request);
    this.#putOff.delete(request.name);
    // Another one may have taken its name, which could not be looked at while this one was held by another watch.
    const other = this.#watches.find(request.name);
    if (other === undefined) this.#queue.forget(request.name);
    else this.#enqueue(other.request);
    this.#forgetVerdicts(request.uid);
  }

  #forgetVerdicts(uid: string): void {
    this.#written.delete(uid);
    this.#foreign.forget(uid);
    this.#standings.forget(uid);
    this.#waits.forget(uid);
    this.#options.events.forget(uid);
    this.#options.forgotten?.(uid);
  }

  async #process(name: string) {
    const found = this.#watches.find(name);
    if (found === undefined || this.#written.has(found.request.uid)) return { kind: 'done' } as const;
    if (!this.#options.gate.mayAct()) return { kind: 'again', afterMs: 0 } as const;
    const outcome = await this.#traced(found);
    // It may have gone meanwhile; what was noted of it since then nobody would ever forget.
    const { uid } = found.request;
    if (this.#watches.find(name)?.request.uid !== uid) this.#forgetVerdicts(uid);
    return outcome;
  }

  #traced(found: Pending): Promise<Outcome> {
    const { tracing } = this.#options;
    if (tracing === undefined) return this.#reconcile(found);
    return tracing.root('csr.reconcile', attributesOf(found.request), () => this.#reconcile(found));
  }

  async #reconcile(found: Pending): Promise<Outcome> {
    try {
      return await reconcile(found, this.#options, this.#actions());
    } catch (cause) {
      if (!(cause instanceof KubeError)) throw cause;
      // What the API server refuses is explained, and may say when to ask again.
      const why = explain(cause, this.#options.client.server);
      this.#options.log.error(identify(found.request), `deciding a request failed: ${why}`);
      return retryAfter(cause);
    }
  }

  #actions(): ReconcileActions {
    const { client, gate, tracing } = this.#options;
    let startedAt = 0;
    const term = gate.term();
    return {
      mayAct: () => gate.mayAct() && gate.term() === term,
      decide: (request) => {
        startedAt = performance.now();
        return this.#options.decide(request);
      },
      put: async (object, wanted) => {
        this.#foreign.begin(object.metadata.uid);
        const timeoutMs = Math.floor(Math.min(writeMs, gate.leftMs()));
        const begunAt = performance.now();
        const write = () => putApproval(client, object, { wanted, timeoutMs, turn: 'ahead' });
        const written = await (tracing === undefined ? write() : tracing.within('csr.write', {}, write));
        this.#options.metrics.stages.wrote(performance.now() - begunAt);
        return written;
      },
      read: async (name) => {
        try {
          return await getCSR(client, name, { turn: 'ahead' });
        } catch (cause) {
          if (isNotFound(cause)) return undefined;
          throw cause;
        }
      },
      message: ({ verdict, approvedBy }) =>
        verdict.kind === 'approve' ? approvedBy : explainVerdict(verdict).slice(0, maxMessage),
      decided: (request, decision) => {
        this.#standings.set(request.uid, decision.verdict.kind);
        this.#report.decided(request, decision, performance.now() - startedAt);
      },
      wrote: (request, condition, decision) => {
        this.#writeProblem.over();
        if (this.#watches.find(request.name)?.request.uid === request.uid) this.#written.add(request.uid);
        this.#report.wrote(request, condition, decision);
      },
      writeFailed: (request, condition, cause, decision) => {
        const problem = this.#report.writeFailed(request, condition, cause, decision);
        if (problem !== undefined) this.#writeProblem.seen(problem, performance.now());
      },
      waitMs: (request, askedSeconds) => this.#waits.next(request.uid, askedSeconds),
    };
  }
}

/** What a trace says of a request. Names and users are chosen by others. */
function attributesOf(request: CertificateRequest): Attributes {
  const { csr, uid, user } = identify(request);
  return { 'csr.name': csr, 'csr.uid': uid, 'csr.requestor': user, 'csr.signer_name': request.signerName };
}
