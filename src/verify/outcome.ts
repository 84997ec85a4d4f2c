import type { Reason, VerdictKind } from '../decide/verdict.ts';
import type { Expectation } from './case.ts';

/** What became of a case: its verdict and every reason. */
export interface Outcome {
  readonly verdict: VerdictKind;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

/** One case that was run. */
export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly expected: Expectation;
  readonly outcome: Outcome;
  /** What is not as expected; none of a case that passed. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

/** All cases of one run, in the order of their files. */
export interface Report {
  readonly results: readonly CaseResult[];
  readonly seconds: number;
}

/** Whether a case came out as it must. */
export const passed = ({ problems }: CaseResult): boolean => problems.length === 0;

/** Codes of reasons, sorted, each once. */
export function codesOf(reasons: readonly Reason[]): string[] {
  return [...new Set(reasons.map(({ code }) => code))].sort();
}

/** What is not as expected, one line each. */
export function problemsOf(expected: Expectation, { verdict, reasons, warnings }: Outcome): string[] {
  const messages = [...reasons, ...warnings].map(({ msg }) => msg);
  const lost = expected.messages.filter((text) => !messages.some((message) => message.includes(text)));
  return [
    ...differences('verdict', [expected.verdict], [verdict]),
    ...differences('codes', expected.codes, codesOf(reasons)),
    ...differences('warnings', expected.warn, codesOf(warnings)),
    ...lost.map((text) => `no message has the text ${JSON.stringify(text)}`),
  ];
}

function differences(what: string, expected: readonly string[], got: readonly string[]): string[] {
  const [wanted, found] = [[...new Set(expected)].sort().join(', '), got.join(', ')];
  return wanted === found ? [] : [`${what}: expected ${wanted || 'none'}, got ${found || 'none'}`];
}
