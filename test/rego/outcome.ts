import type { WrittenReason } from '../../src/policy/decision.ts';
import type { Reason, Verdict } from '../../src/decide/verdict.ts';
import { judge, judgeWithoutFacts, reasonsOf } from '../../src/decide/verdict.ts';
import type { RegoCase } from './cases.ts';
import type { Said } from './evaluate.ts';

export interface Outcome {
  readonly verdict: Verdict['kind'];
  readonly codes: readonly string[];
  readonly warn: readonly string[];
}

/** What the program makes of what the entrypoints say, in the order in which it asks them. */
export function outcomeOf({ missing }: RegoCase, said: Said): Outcome {
  if (said.form.deny.length > 0) return { verdict: 'deny', codes: codesOf(said.form.deny), warn: [] };
  const verdict =
    missing.length > 0
      ? judgeWithoutFacts(missing.map((fact) => ({ fact, message: 'missing' })))
      : judge({ ok: true, value: said.facts }, { ok: true, value: said.decision });
  return { verdict: verdict.kind, codes: unique(verdict.reasons), warn: unique(verdict.warnings) };
}

/** Codes of written reasons, sorted, each once. */
export function codesOf(reasons: readonly WrittenReason[]): string[] {
  return unique(reasonsOf(reasons, 'policy'));
}

function unique(reasons: readonly Reason[]): string[] {
  return [...new Set(reasons.map((reason) => reason.code))].sort();
}

/**
 * What is wrong with a case: the verdict, or what must hold of every evaluation. A requirement that is missing from
 * `allow` or from the floor's `pass` shows here, even where a deny reason would still save the verdict.
 */
export function problemsOf(one: RegoCase, said: Said): string[] {
  const { expect } = one;
  const outcome = outcomeOf(one, said);
  const { form, facts, decision } = said;
  const reasons = facts.deny.length + facts.wait.length;
  const floorPasses = expect.floor === undefined ? reasons === 0 : expect.floor === 'pass';
  const explained = decision.deny.length + decision.wait.length + decision.config_errors.length > 0;
  const checks: Record<string, boolean> = {
    [`verdict ${outcome.verdict} is not ${expect.verdict}`]: outcome.verdict === expect.verdict,
    [`codes ${outcome.codes.join()} are not ${expect.codes.join()}`]: same(outcome.codes, expect.codes),
    [`warnings ${outcome.warn.join()} are not ${expect.warn.join()}`]: same(outcome.warn, expect.warn),
    'allow is not what the verdict says': decision.allow === (expect.verdict === 'approve'),
    'allow and its explanation disagree': decision.allow !== explained,
    'the floor does not say what it must': facts.pass === floorPasses,
    'the form passes, and has reasons': form.deny.length === 0 || !form.pass,
    'the form fails without reason, and the floor passes': form.pass || !facts.pass,
    'the form waits': form.wait.length === 0,
    'the policy allows what the floor does not pass': facts.pass || !decision.allow,
    'the floor denies what the policy does not': facts.deny.every((reason) => has(decision.deny, reason)),
  };
  return Object.entries(checks).flatMap(([problem, holds]) => (holds ? [] : [problem]));
}

/** The signer is judged by each in its own words. */
function has(reasons: readonly WrittenReason[], wanted: WrittenReason): boolean {
  const [code] = codesOf([wanted]);
  return (
    code === 'SignerNotSupported' ||
    reasons.some((reason) => JSON.stringify(reason) === JSON.stringify(wanted))
  );
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.join() === right.join();
}
