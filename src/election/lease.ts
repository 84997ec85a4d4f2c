import { maxLeaseSeconds } from '../config/election.ts';
import { recordOf, textOf, type JsonRecord } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';

/** In milliseconds, each less than the one before. */
export interface ElectionTimes {
  /** So long a Lease that does not change is left to its holder. */
  readonly leaseMs: number;
  /** So long a leader that cannot renew goes on. */
  readonly renewMs: number;
  /** Between two tries. */
  readonly retryMs: number;
}

/** What a Lease says. Whoever may write it may have written anything. */
export interface LeaseReading {
  /** Unescaped; empty when it is nobody's. */
  readonly holder: string;
  /** How long the holder may act after its last sign of life. */
  readonly leaseMs: number;
  /** The last holder said itself that it no longer acts. */
  readonly released: boolean;
  /** Another one whenever the holder has renewed, or somebody else has written. */
  readonly mark: string;
  /** What is wrong with it, and what is made of that. */
  readonly problem: string | undefined;
}

/** Of a released Lease, as client-go writes it too (tools/leaderelection, `release`). */
const releasedSeconds = 1;

/** leaseTransitions is an int32. */
const maxTransitions = 2 ** 31 - 1;

/** @param times ours: for a holder that does not say how long it has */
export function readLease(lease: KubeObject, { leaseMs }: ElectionTimes): LeaseReading {
  const spec = specOf(lease);
  const holder = textOf(spec['holderIdentity']);
  const seconds = spec['leaseDurationSeconds'];
  return {
    holder,
    ...(holder === '' ? { leaseMs: 0, problem: undefined } : duration(seconds, leaseMs)),
    released: holder === '' && seconds === releasedSeconds,
    mark: JSON.stringify(spec),
  };
}

function duration(seconds: unknown, oursMs: number): Pick<LeaseReading, 'leaseMs' | 'problem'> {
  if (typeof seconds !== 'number' || !(seconds > 0)) {
    const problem = `LeaseDurationMissing: the Lease has a holder and no leaseDurationSeconds; ${String(oursMs / 1000)} are assumed`;
    return { leaseMs: oursMs, problem };
  }
  if (seconds <= maxLeaseSeconds) return { leaseMs: seconds * 1000, problem: undefined };
  const problem = `LeaseDurationTooLong: leaseDurationSeconds of the Lease is ${String(seconds)}; it is taken for ${String(maxLeaseSeconds)}, the most that this program ever writes`;
  return { leaseMs: maxLeaseSeconds * 1000, problem };
}

/**
 * The Lease with us as its holder. What others have put into it stays, and so does its resourceVersion: the API server
 * refuses the write (409) when anybody has written since.
 * @param lease undefined when there is none
 */
export function claimed(
  lease: KubeObject | undefined,
  identity: string,
  { leaseMs }: ElectionTimes,
  now: Date,
): JsonRecord {
  const spec = lease && specOf(lease);
  const isOurs = spec?.['holderIdentity'] === identity;
  const at = microTime(now);
  return {
    ...lease,
    spec: {
      ...spec,
      holderIdentity: identity,
      leaseDurationSeconds: leaseMs / 1000,
      acquireTime: isOurs ? (spec['acquireTime'] ?? at) : at,
      renewTime: at,
      leaseTransitions: spec === undefined ? 0 : transitions(spec) + (isOurs ? 0 : 1),
    },
  };
}

/** Whoever sees it may take it at once. */
export function released(lease: KubeObject, now: Date): JsonRecord {
  const at = microTime(now);
  const spec = {
    ...specOf(lease),
    holderIdentity: '',
    leaseDurationSeconds: releasedSeconds,
    acquireTime: at,
    renewTime: at,
  };
  return { ...lease, spec };
}

/** How often the Lease has changed hands. */
export function transitionsOf(lease: KubeObject): number {
  return transitions(specOf(lease));
}

function transitions({ leaseTransitions }: JsonRecord): number {
  const isCount =
    typeof leaseTransitions === 'number' && leaseTransitions >= 0 && leaseTransitions < maxTransitions;
  return isCount ? leaseTransitions : 0;
}

const specOf = (lease: KubeObject): JsonRecord => recordOf(lease['spec']);

/** MicroTime: the API server wants exactly six digits. */
const microTime = (time: Date): string => time.toISOString().replace('Z', '000Z');
