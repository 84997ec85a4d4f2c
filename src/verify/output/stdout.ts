import { escapeText } from '../../text/escape.ts';
import type { Report } from '../outcome.ts';
import { passed } from '../outcome.ts';
import { caseName, detailLines } from './lines.ts';

/** For people: a line for each file, and of each case that failed what differs and why. */
export function formatStdout({ results, seconds }: Report): string {
  const files = Map.groupBy(results, ({ file }) => file);
  const lines: string[] = [];
  for (const [file, cases] of files) {
    const failed = cases.filter((result) => !passed(result));
    const count = `${String(cases.length - failed.length)} of ${String(cases.length)} passed`;
    lines.push(`${failed.length === 0 ? 'ok    ' : 'FAILED'} ${escapeText(file, 1024)}: ${count}`);
    for (const result of failed) {
      lines.push(`  line ${String(result.line)}: ${caseName(result)}`);
      lines.push(...detailLines(result).map((line) => `    ${line}`));
    }
  }
  return `${[...lines, summary(results.length, results.filter(passed).length, seconds)].join('\n')}\n`;
}

/** One line that says how many. */
export function summary(cases: number, good: number, seconds: number): string {
  return `${String(cases)} ${cases === 1 ? 'case' : 'cases'}: ${String(good)} passed, ${String(cases - good)} failed (${seconds.toFixed(1)} s)`;
}
