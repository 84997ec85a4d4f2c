import { explanationLines } from '../../decide/explanation-lines.ts';
import { escapeText } from '../../text/escape.ts';
import { forbids } from '../gate.ts';
import type { Change, Example, ReplayReport, ShownReason } from '../report.ts';
import { skipReasons } from '../skipped.ts';

/** Longest message and path shown. */
const most = 1024;

/** `approve -> wait: 3 decisions, now for SANClaimed` */
export function changeTitle({ was, now, codes, count }: Change): string {
  const reasons =
    codes === undefined
      ? 'for reasons too many to be told apart'
      : `${forReasons(codes.was)} -> ${forReasons(codes.now)}`;
  return `${was} -> ${now}: ${decisions(count)} (${reasons})`;
}

function forReasons(codes: readonly string[]): string {
  return codes.length === 0 ? 'no reason' : codes.map((code) => escapeText(code)).join(', ');
}

export function decisions(count: number): string {
  return `${String(count)} ${count === 1 ? 'decision' : 'decisions'}`;
}

/** An example with the reasons of both sides, and what stands behind those of now. */
export function exampleLines(example: Example): string[] {
  const { csr, username, timestamp, decision_id: id, file, line, was, now, explain } = example;
  const who = [csr, username].map((text) => (text === '' ? '(not in the log)' : escapeText(text)));
  return [
    `${who.join(' of ')}, ${escapeText(timestamp)}: decision ${escapeText(id)} (${escapeText(file, most)}:${String(line)})`,
    ...was.map((reason) => `  was ${reasonLine(reason)}`),
    ...now.flatMap((reason, index) => [
      `  now ${reasonLine(reason)}`,
      ...(explain[index] === undefined ? [] : explanationLines(explain[index]).map((text) => `    ${text}`)),
    ]),
  ];
}

function reasonLine({ code, source, msg }: ShownReason): string {
  return `${escapeText(code)} (${source})${msg === '' ? '' : `: ${escapeText(msg, most)}`}`;
}

/** One line that says how many. */
export function summaryLine({ decided, flipped, reworded, skipped }: ReplayReport): string {
  const left = skipped.reduce((sum, { count }) => sum + count, 0);
  const parts = [
    `${String(flipped)} with another verdict`,
    `${String(reworded)} with other reasons`,
    `${String(left)} ${left === 1 ? 'line' : 'lines'} not replayed`,
  ];
  return `${decisions(decided)} replayed: ${parts.join(', ')}`;
}

/** What was not replayed, and why. */
export function skippedLines({ skipped }: ReplayReport): string[] {
  return skipped.map(({ reason, count, details }) => {
    const names = details.slice(0, 8).map((one) => `${escapeText(one.detail)}: ${String(one.count)}`);
    const more = details.length > 8 ? ', …' : '';
    const told = names.length === 0 ? '' : ` (${names.join(', ')}${more})`;
    return `${String(count)} ${reason}: ${skipReasons[reason].meaning}${told}`;
  });
}

/** Each gate, and whether it holds. */
export function gateLines({ gates }: ReplayReport): string[] {
  return gates.map(({ gate, count }) =>
    count === 0 ? `ok     ${escapeText(gate.text)}` : `FAILED ${escapeText(gate.text)}: ${String(count)}`,
  );
}

/** Whether a gate of the report forbids a change. */
export function isForbidden({ gates }: ReplayReport, { was, now }: Change): boolean {
  return gates.some(({ gate }) => forbids(gate, was, now));
}
