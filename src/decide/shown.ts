import { escapeText } from '../text/escape.ts';
import type { Verdict } from './verdict.ts';

/** A verdict as logs and the status show it: bounded, and strangers' text escaped. */
export interface Shown {
  readonly verdict: Verdict['kind'];
  readonly reasons: readonly ShownReason[];
  /** How many reasons there are beside these. */
  readonly more_reasons?: number;
}

interface ShownReason {
  readonly code: string;
  readonly msg: string;
}

/** Most reasons of one verdict that are shown, unless fewer are asked for. */
const maxReasons = 16;

export function showVerdict({ kind, reasons }: Verdict, most: number = maxReasons): Shown {
  const shown = reasons
    .slice(0, most)
    .map(({ code, msg }) => ({ code: escapeText(code), msg: escapeText(msg) }));
  const more = reasons.length - shown.length;
  return { verdict: kind, reasons: shown, ...(more > 0 && { more_reasons: more }) };
}
