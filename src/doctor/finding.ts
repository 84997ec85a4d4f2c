import type { Unseen } from './seen.ts';
import type { Snapshot } from './snapshot.ts';

/** Worst first but for `unknown`, which is no verdict: it could not be looked at, and is never taken for good. */
export const severities = ['error', 'warning', 'unknown', 'info', 'ok'] as const;
export type Severity = (typeof severities)[number];

export const groups = [
  'API server',
  'Signer',
  'Permissions',
  'Reserved names',
  'Kubelets',
  'Installation',
  'Clocks',
] as const;
type Group = (typeof groups)[number];

/** One thing that was looked at. Texts of the cluster are escaped in it already. */
export interface Finding {
  readonly group: Group;
  /** Stable. That of the check where it is ok or unknown, else that of the fault. */
  readonly code: string;
  readonly severity: Severity;
  readonly seen: string;
  readonly why: string;
  /** What to do about it, in words; empty where nothing is to be done. */
  readonly mend: string;
  /** The same as commands for a shell, to be run as they are. */
  readonly commands: readonly string[];
}

/** What a check can find wrong. */
interface Fault {
  readonly severity: Exclude<Severity, 'ok' | 'unknown'>;
  readonly why: string;
  readonly mend: string;
}

export type Result =
  | { readonly kind: 'ok'; readonly seen: string }
  | { readonly kind: 'unknown'; readonly unseen: Unseen }
  | {
      readonly kind: 'fault';
      /** One of the check's faults. */
      readonly code: string;
      readonly seen: string;
      readonly commands?: readonly string[];
    };

export interface Check {
  /** Its code where nothing is wrong, or nothing can be seen. */
  readonly name: string;
  readonly group: Group;
  /** The question that it answers. */
  readonly asks: string;
  readonly faults: Readonly<Record<string, Fault>>;
  readonly run: (snapshot: Snapshot) => readonly Result[];
}

export const ok = (text: string): Result => ({ kind: 'ok', seen: text });
export const unknown = (part: Unseen): Result => ({ kind: 'unknown', unseen: part });
export const fault = (code: string, text: string, commands: readonly string[] = []): Result => ({
  kind: 'fault',
  code,
  seen: text,
  commands,
});

/** Every finding of every check, in their order. */
export function diagnose(checks: readonly Check[], snapshot: Snapshot): Finding[] {
  return checks.flatMap((check) => check.run(snapshot).map((result) => findingOf(check, result)));
}

function findingOf({ name, group, asks, faults }: Check, result: Result): Finding {
  switch (result.kind) {
    case 'ok':
      return { group, code: name, severity: 'ok', seen: result.seen, why: asks, mend: '', commands: [] };
    case 'unknown': {
      const { why, permission } = result.unseen;
      const mend = permission === '' ? '' : `Run it as somebody who may ${permission}.`;
      return { group, code: name, severity: 'unknown', seen: why, why: asks, mend, commands: [] };
    }
    case 'fault': {
      const known = faults[result.code];
      if (known === undefined) throw new TypeError(`check ${name} has no fault ${result.code}`);
      return { group, code: result.code, ...known, seen: result.seen, commands: result.commands ?? [] };
    }
  }
}
