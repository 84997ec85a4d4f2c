import { escapeText } from '../../text/escape.ts';
import type { Report } from '../outcome.ts';
import { passed } from '../outcome.ts';
import { inSection, junitBuilder } from './junit-builder.ts';
import { caseName, detailLines } from './lines.ts';

/** JUnit XML: a suite for each file. */
export async function formatJunit({ results }: Report): Promise<string> {
  const builder = await junitBuilder();
  for (const [file, cases] of Map.groupBy(results, (result) => result.file)) {
    const path = escapeText(file, 1024);
    const suite = builder
      .testSuite()
      .name(path)
      .time(cases.reduce((sum, result) => sum + result.seconds, 0));
    for (const result of cases) {
      const test = suite
        .testCase()
        .className(path)
        .name(caseName(result))
        .file(`${path}:${String(result.line)}`)
        .time(result.seconds);
      if (passed(result)) continue;
      const lines = detailLines(result);
      test.failure(lines[0] ?? '', 'CaseFailed').stacktrace(inSection(lines.join('\n')));
    }
  }
  return builder.build();
}
