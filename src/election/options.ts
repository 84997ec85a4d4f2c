import type { Clock } from '../controller/clock.ts';
import type { JsonRecord } from '../kube/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { ElectionTimes } from './lease.ts';

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Where the Lease is. Throws KubeError only. */
export interface LeaseStore {
  get(options: CallOptions): Promise<KubeObject | undefined>;
  create(lease: JsonRecord, options: CallOptions): Promise<KubeObject>;
  /** With the resourceVersion that is in it. */
  put(lease: JsonRecord, options: CallOptions): Promise<KubeObject>;
}

interface ElectorObserver {
  /** We lead. @param transitions how often the Lease has changed hands */
  began(transitions: number): void;
  /** We no longer do: nothing is to be begun from this very call on. */
  ended(why: string): void;
  /** The Lease was read, and is another one's, or nobody's (empty). Told when that changes. */
  follows(holder: string): void;
  /** A call failed. It is tried again. */
  failed(cause: unknown): void;
}

export interface ElectorOptions {
  readonly identity: string;
  readonly times: ElectionTimes;
  readonly store: LeaseStore;
  readonly observer: ElectorObserver;
  /** Wall clock, for what others read in the Lease. */
  readonly now: () => Date;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}
