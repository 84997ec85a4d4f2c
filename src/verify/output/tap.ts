import { escapeText } from '../../text/escape.ts';
import type { CaseResult, Report } from '../outcome.ts';
import { passed } from '../outcome.ts';
import { detailLines } from './lines.ts';

/** Test Anything Protocol, version 14. */
export function formatTap({ results }: Report): string {
  const points = results.flatMap((result, index) => point(result, index + 1));
  return `${['TAP version 14', `1..${String(results.length)}`, ...points].join('\n')}\n`;
}

function point(result: CaseResult, number: number): string[] {
  const good = passed(result);
  const line = `${good ? 'ok' : 'not ok'} ${String(number)} - ${description(result)}`;
  if (good) return [line];
  // JSON is YAML: no text can leave its quotes.
  const diagnostic = [
    `at: ${JSON.stringify(`${escapeText(result.file, 1024)}:${String(result.line)}`)}`,
    'lines:',
    ...detailLines(result).map((detail) => `  - ${JSON.stringify(detail)}`),
  ];
  return [line, ...['---', ...diagnostic, '...'].map((text) => `  ${text}`)];
}

/** A `#` would begin a directive, such as SKIP; the escape character is a backslash. */
function description({ id, title }: CaseResult): string {
  return `${id} ${escapeText(title)
    .replaceAll('\\\\', '\\')
    .replaceAll(/[\\#]/g, String.raw`\$&`)}`;
}
