import type { ShadowStatus } from '../activation/shadow-record.ts';
import type { BundleStatus } from '../activation/status.ts';
import type { Reflector } from '../controller/reflector.ts';
import type { HealthCheck } from '../observe/health.ts';
import type { RecentDecisions } from './decisions.ts';
import type { PendingStatus } from './pending.ts';

/** Of the leader election; without one it always leads. Strangers' text escaped. */
export interface LeaderStatus {
  readonly leading: boolean;
  readonly identity?: string;
  readonly lease?: string;
  /** Who leads; empty: nobody. */
  readonly holder?: string;
  readonly error?: string;
  readonly problem?: string;
}

/** One check of /livez or /readyz. */
interface ShownCheck {
  readonly name: string;
  readonly problem?: string;
  readonly detail?: string;
}

interface WatchStatus {
  readonly name: string;
  readonly synced: boolean;
  /** Since its last sign of life; absent before the first. */
  readonly age_seconds?: number;
  readonly objects: number;
}

/** What /v1/status says: in OPA's words (its status API) where OPA has the same thing. */
export interface ProgramStatus {
  readonly labels: { readonly id: string; readonly version: string };
  readonly bundles: Readonly<Record<string, BundleStatus>>;
  readonly shadow?: ShadowStatus;
  readonly leader: LeaderStatus;
  readonly enforcement: 'enforce' | 'dryrun';
  readonly on_deny: 'leavePending' | 'deny';
  readonly health: { readonly live: readonly ShownCheck[]; readonly ready: readonly ShownCheck[] };
  readonly pending: PendingStatus;
  readonly decisions: RecentDecisions['status'];
  /** What to do about each reason code that is shown. */
  readonly remedies: Readonly<Record<string, string>>;
  readonly queue: {
    readonly ready: number;
    readonly delayed: number;
    readonly working: number;
    readonly oldest_age_seconds: number;
  };
  readonly watches: readonly WatchStatus[];
}

export function showChecks(checks: readonly HealthCheck[]): ShownCheck[] {
  return checks.map(({ name, problem, detail }) => {
    const wrong = problem();
    if (wrong !== undefined) return { name, problem: wrong };
    return { name, ...(detail !== undefined && { detail: detail() }) };
  });
}

export function showWatch(
  name: string,
  reflector: Pick<Reflector<unknown>, 'hasSynced' | 'progressAgeMs' | 'size'>,
): WatchStatus {
  const ageMs = reflector.progressAgeMs();
  return {
    name,
    synced: reflector.hasSynced,
    ...(Number.isFinite(ageMs) && { age_seconds: Math.round(ageMs / 1000) }),
    objects: reflector.size,
  };
}

/** Of the codes that are shown, those that say what to do. @param remedyOf by code; of a policy's author, unescaped */
export function remediesOf(
  { pending, decisions, shadow }: Pick<ProgramStatus, 'pending' | 'decisions' | 'shadow'>,
  remedyOf: (code: string) => string | undefined,
): Record<string, string> {
  const shown = [
    ...pending.oldest,
    ...decisions.last,
    ...(shadow?.differing ?? []).flatMap(({ active, candidate }) => [active, candidate]),
  ];
  const codes = new Set(shown.flatMap(({ reasons = [] }) => reasons.map(({ code }) => code)));
  const known = [...codes].sort().map((code) => [code, remedyOf(code)] as const);
  return Object.fromEntries(known.flatMap(([code, remedy]) => (remedy ? [[code, remedy]] : [])));
}
