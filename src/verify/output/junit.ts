import { escapeText } from '../../text/escape.ts';
import type { Report } from '../outcome.ts';
import { passed } from '../outcome.ts';
import { caseName, detailLines } from './lines.ts';

/** JUnit XML: a suite for each file. */
export async function formatJunit({ results }: Report): Promise<string> {
  // Loaded only here: it is large, and the controller never needs it.
  const { default: library } = await import('junit-report-builder');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types are those of its other build
  const builder = (library as unknown as typeof library.default).newBuilder();
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

/** The library ends a CDATA section at the second of two `]]>`. */
function inSection(text: string): string {
  return text.replaceAll(']]>', ']]\\u{3e}');
}
