import type { VerdictKind } from '../decide/verdict.ts';

const kinds = [
  'approve',
  'deny',
  'wait',
  'abstain',
  'error',
  'ignore',
] as const satisfies readonly VerdictKind[];

/** What must not come of a replay. */
export type Gate =
  | {
      readonly kind: 'flip';
      readonly text: string;
      readonly was: VerdictKind | '*';
      readonly now: VerdictKind | '*';
    }
  | { readonly kind: 'reasons' | 'undecidable'; readonly text: string };

export const gateHelp = `WAS->NOW, each a verdict (${kinds.join(', ')}) or *; any; reasons; undecidable`;

/** A gate as the command line has it; undefined for what is none. */
export function readGate(text: string): Gate | undefined {
  if (text === 'any') return { kind: 'flip', text, was: '*', now: '*' };
  if (text === 'reasons' || text === 'undecidable') return { kind: text, text };
  const [was, now, ...rest] = text.split('->').map((side) => side.trim());
  if (!isSide(was) || !isSide(now) || rest.length > 0) return undefined;
  // Nothing flips to what it was.
  return was === now && was !== '*' ? undefined : { kind: 'flip', text, was, now };
}

function isSide(text: string | undefined): text is VerdictKind | '*' {
  return text === '*' || kinds.some((kind) => kind === text);
}

/** Whether a gate forbids that a decision changes so. */
export function forbids(gate: Gate, was: VerdictKind, now: VerdictKind): boolean {
  if (was === now) return gate.kind === 'reasons';
  return (
    gate.kind === 'flip' && (gate.was === '*' || gate.was === was) && (gate.now === '*' || gate.now === now)
  );
}
