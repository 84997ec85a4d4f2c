import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { alone, type Gate } from '../controller/gate.ts';
import { Elector } from '../election/elector.ts';
import { explain } from '../kube/explain.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { PodEvents } from '../observe/pod-events.ts';
import type { LeaderStatus } from '../status/status.ts';
import { escapeText } from '../text/escape.ts';
import type { LeaseAccess } from './lease.ts';
import type { Running } from './running.ts';

/** Whether this process leads, and all that is told of it. */
export interface Leadership {
  readonly gate: Gate;
  /** To be called when everything is warm. */
  readonly start: () => void;
  /** Takes the lead no more. */
  readonly retire: () => void;
  /** @param release whether nothing is under way any more, so that another one may begin at once */
  readonly stop: (release: boolean) => Promise<void>;
  readonly ready: HealthCheck;
  /** For /v1/status. */
  readonly status: () => LeaderStatus;
}

export interface Follower {
  readonly lead: () => void;
  /** Nothing is to be begun from this call on. */
  readonly rest: () => void;
}

export function leadershipOf(
  running: Running,
  follower: Follower,
  events: PodEvents | undefined,
): Leadership {
  return running.lease === undefined
    ? ungoverned(running, follower)
    : elected(running, running.lease, follower, events);
}

/** Nobody is asked: this process decides. */
function ungoverned({ config, log, policy }: Running, { lead }: Follower): Leadership {
  return {
    gate: alone,
    start: () => {
      const why = config.leaderElection.enabled
        ? 'neither `leaderElection.namespace` nor POD_NAMESPACE names the namespace of a Lease'
        : '`leaderElection.enabled` is false';
      log.info(`no leader election, this program decides: ${why}`);
      policy.metrics.leads();
      lead();
    },
    retire: () => undefined,
    stop: () => Promise.resolve(),
    ready: { name: 'leader', problem: () => undefined, detail: () => 'no election' },
    status: () => ({ leading: true }),
  };
}

/** The same complaint is logged again after so long. */
const repeatMs = 60_000;

function elected(
  { config, log, policy, io }: Running,
  { calls, server }: LeaseAccess,
  follower: Follower,
  events: PodEvents | undefined,
): Leadership {
  const { metrics } = policy;
  const { leaderElection } = config;
  const identity = `${io.env['POD_NAME'] ?? hostname()}_${randomUUID()}`;
  const lease = `${calls.namespace}/${calls.name}`;
  let complaint = { text: '', at: -Infinity };
  const elector = new Elector({
    identity,
    times: {
      leaseMs: leaderElection.leaseDurationSeconds * 1000,
      renewMs: leaderElection.renewDeadlineSeconds * 1000,
      retryMs: leaderElection.retryPeriodSeconds * 1000,
    },
    store: calls,
    now: io.now,
    observer: {
      began: (transitions) => {
        metrics.leads();
        log.info({ lease, identity, transitions }, 'leading');
        follower.lead();
        events?.report(
          'LeadershipTaken',
          `leads by Lease ${lease}, which has changed hands ${times(transitions)}`,
        );
      },
      ended: (why) => {
        metrics.follows();
        follower.rest();
        log[io.stopping.aborted ? 'info' : 'warn']({ lease }, `no longer leading: ${why}`);
      },
      follows: (holder) => {
        const { problem: wrong } = elector;
        log[wrong === undefined ? 'info' : 'warn'](
          { lease, ...(wrong && { problem: wrong }) },
          `standing by: ${whoLeads(holder, elector.othersForMs())}`,
        );
      },
      failed: (cause) => {
        metrics.leaseErrors.inc();
        const text = explain(cause, server);
        const now = performance.now();
        if (text === complaint.text && now - complaint.at < repeatMs) return;
        complaint = { text, at: now };
        log.warn({ lease }, `the Lease: ${text}`);
      },
    },
  });
  const failure = () => (elector.failure === undefined ? undefined : explain(elector.failure, server));
  /** Who leads, and what is wrong with the Lease, if it can be lived with. */
  const detail = (): string => {
    const leader = whoLeads(elector.holder, elector.othersForMs());
    const who = elector.mayAct() ? `${identity} leads, this one` : `standby, ${leader}`;
    const wrong = [failure(), elector.problem].filter((text) => text !== undefined);
    return [`${who} (Lease ${lease})`, ...wrong].join('; ');
  };
  const problem = (): string | undefined => {
    if (elector.mayAct()) return undefined;
    const why = failure();
    if (why !== undefined) return `cannot stand by: Lease ${lease}: ${why}`;
    return elector.hasRead ? undefined : `Lease ${lease} has not been read yet`;
  };
  return {
    gate: {
      mayAct: () => elector.mayAct(),
      term: () => elector.term,
      leftMs: () => elector.leftMs(),
    },
    start: () => elector.start(),
    retire: () => elector.retire(),
    stop: (release) => elector.stop(release),
    ready: { name: 'leader', problem, detail },
    status: () => {
      const error = failure();
      return {
        leading: elector.mayAct(),
        identity,
        lease,
        holder: escapeText(elector.holder),
        ...(error !== undefined && { error }),
        ...(elector.problem !== undefined && { problem: elector.problem }),
      };
    },
  };
}

/** @param holder unescaped; empty: nobody @param leftMs how long the Lease is left to whoever had it last */
function whoLeads(holder: string, leftMs: number): string {
  if (holder !== '') return `${escapeText(holder)} leads`;
  const until = `it is left to its last holder for ${String(Math.ceil(leftMs / 1000))} s more`;
  return leftMs > 0 ? `nobody leads, and ${until}` : 'nobody leads';
}

const times = (count: number): string => (count === 1 ? 'once' : `${String(count)} times`);
