import { inSection, junitBuilder } from '../../verify/output/junit-builder.ts';
import { escapeText } from '../../text/escape.ts';
import type { GateResult, ReplayReport } from '../report.ts';
import { forbids } from '../gate.ts';
import { changeTitle, exampleLines, skippedLines, summaryLine } from './lines.ts';
import { formatStdout } from './stdout.ts';

/** JUnit XML: a test for each gate, and one that says what was replayed. */
export async function formatJunit(report: ReplayReport): Promise<string> {
  const builder = await junitBuilder();
  const suite = builder.testSuite().name('replay');
  suite
    .testCase()
    .className('replay')
    .name('decisions')
    .standardOutput(inSection(formatStdout(report)));
  for (const result of report.gates) {
    const test = suite
      .testCase()
      .className('replay')
      .name(`--fail-on ${escapeText(result.gate.text)}`);
    if (result.count === 0) continue;
    test
      .failure(summaryLine(report), 'GateFailed')
      .stacktrace(inSection(failureLines(report, result).join('\n')));
  }
  return builder.build();
}

function failureLines(report: ReplayReport, { gate }: GateResult): string[] {
  if (gate.kind === 'undecidable') return skippedLines(report);
  return report.changes
    .filter(({ was, now }) => forbids(gate, was, now))
    .flatMap((change) => [changeTitle(change), ...change.examples.flatMap(exampleLines)]);
}
