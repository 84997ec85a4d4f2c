import type { ReplayReport } from '../report.ts';
import { changeTitle, exampleLines, gateLines, skippedLines, summaryLine } from './lines.ts';

/** For people: how many, every way in which decisions changed with examples, what was not replayed, and the gates. */
export function formatStdout(report: ReplayReport): string {
  const lines = report.changes.flatMap((change) => [
    changeTitle(change),
    ...change.examples.flatMap(exampleLines).map((line) => `  ${line}`),
  ]);
  const skipped = skippedLines(report);
  const sections = [
    ...lines,
    ...(skipped.length > 0 ? ['not replayed:', ...skipped.map((line) => `  ${line}`)] : []),
    ...gateLines(report),
    summaryLine(report),
  ];
  return `${sections.join('\n')}\n`;
}
