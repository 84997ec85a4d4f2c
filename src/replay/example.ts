import type { DecisionLine } from '../decision-log/line.ts';
import type { Explanation } from '../decide/explain.ts';
import type { Example, ShownReason } from './report.ts';

/** Of what is kept of a decision until the end of a replay: reasons, and characters of each text. */
const most = { reasons: 16, text: 1024 } as const;

export interface Where {
  readonly file: string;
  readonly line: number;
}

type AnyReason = { readonly code: string; readonly source: string; readonly msg?: unknown };

/** What is kept of one decision: a bounded copy, which holds nothing of its line. */
export function exampleOf(
  line: DecisionLine,
  { file, line: at }: Where,
  now: readonly AnyReason[],
  explain: readonly Explanation[],
): Example {
  const { custom } = line;
  return {
    decision_id: copied(line.decision_id),
    csr: copied(custom.csr.name),
    username: copied(line.requested_by),
    timestamp: copied(line.timestamp),
    file,
    line: at,
    was: custom.verdict.reasons.slice(0, most.reasons).map(shown),
    now: now.slice(0, most.reasons).map(shown),
    explain: explain.slice(0, most.reasons).map(bounded),
  };
}

function shown({ code, source, msg }: AnyReason): ShownReason {
  return { code: copied(code), source, msg: copied(msg) };
}

function bounded(explanation: Explanation): Explanation {
  const { details, compared } = explanation;
  return {
    ...explanation,
    code: copied(explanation.code),
    ...(details && { details: boundedValues(details) }),
    ...(compared && { compared: boundedValues(compared) }),
  };
}

/** A large value becomes the beginning of its JSON. */
function boundedValues(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(values).slice(0, most.reasons);
  return Object.fromEntries(entries.map(([name, value]) => [copied(name), boundedValue(value)]));
}

function boundedValue(value: unknown): unknown {
  try {
    const text = JSON.stringify(value) ?? 'null';
    return text.length <= most.text ? (JSON.parse(text) as unknown) : `${copied(text)}…`;
  } catch {
    // A log may hold objects that are nested more deeply than can be written.
    return '(nested too deeply to be shown)';
  }
}

/** A part of a text would keep all of it in memory. */
function copied(text: unknown): string {
  return typeof text === 'string' ? Buffer.from(text.slice(0, most.text)).toString() : '';
}
