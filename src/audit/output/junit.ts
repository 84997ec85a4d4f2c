import { allFindingCodes, findingCodes } from '../codes.ts';
import { type AuditReport, fails } from '../report.ts';
import type { Context } from './context.ts';
import { lineOf } from './text.ts';

/** JUnit XML: a case for each kind of finding, which fails where `--fail-on` says so and there is one. */
export async function formatJunit(report: AuditReport, { failOn }: Context): Promise<string> {
  // Loaded only here: it is large, and the controller never needs it.
  const { default: library } = await import('junit-report-builder');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types are those of its other build
  const builder = (library as unknown as typeof library.default).newBuilder();
  const suite = builder.testSuite().name('audit');
  for (const code of allFindingCodes) {
    const test = suite.testCase().className('audit').name(code);
    const count = report.count(code);
    if (count === 0) continue;
    const { meaning, remedy } = findingCodes[code];
    const lines = [`${String(count)}: ${meaning}`, remedy, ...report.of(code).map(lineOf)];
    const text = inSection(lines.join('\n'));
    if (fails(code, failOn)) test.failure(lines[0] ?? '', code).stacktrace(text);
    else test.standardOutput(text);
  }
  return builder.build();
}

/** The library ends a CDATA section at the second of two `]]>`. */
function inSection(text: string): string {
  return text.replaceAll(']]>', ']]\\u{3e}');
}
