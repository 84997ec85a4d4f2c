import { safeJson } from '../../text/json.ts';
import type { Report } from '../outcome.ts';
import { codesOf, passed } from '../outcome.ts';

/** For programs: one object with every case, and what came of it. */
export function formatJson({ results, seconds }: Report): string {
  const good = results.filter(passed).length;
  const report = {
    summary: { cases: results.length, passed: good, failed: results.length - good, seconds },
    results: results.map((result) => ({
      id: result.id,
      title: result.title,
      file: result.file,
      line: result.line,
      passed: passed(result),
      problems: result.problems,
      expected: result.expected,
      got: {
        verdict: result.outcome.verdict,
        codes: codesOf(result.outcome.reasons),
        warn: codesOf(result.outcome.warnings),
        reasons: result.outcome.reasons,
        warnings: result.outcome.warnings,
      },
      seconds: result.seconds,
    })),
  };
  return `${safeJson(report, 2)}\n`;
}
