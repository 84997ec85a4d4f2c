import type { Reason } from '../../decide/verdict.ts';
import { escapeText } from '../../text/escape.ts';
import type { CaseResult } from '../outcome.ts';

/** Longest message shown; a rule's own text is far shorter. */
const maxMessage = 2048;

/** Everything that people need to see of a case that failed: what differs, then what the program said. */
export function detailLines({ problems, outcome }: CaseResult): string[] {
  return [
    ...problems.map((problem) => escapeText(problem, maxMessage)),
    ...outcome.reasons.map((reason) => `${outcome.verdict}: ${reasonLine(reason)}`),
    ...outcome.warnings.map((reason) => `warning: ${reasonLine(reason)}`),
  ];
}

function reasonLine({ code, msg, source }: Reason): string {
  return `${escapeText(code)} (${source}): ${escapeText(msg, maxMessage)}`;
}

/** `CASE-01 what it is about` */
export function caseName({ id, title }: CaseResult): string {
  return `${id} ${escapeText(title)}`;
}
