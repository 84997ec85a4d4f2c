import { escapeText } from '../../text/escape.ts';
import type { Report } from '../outcome.ts';
import { passed } from '../outcome.ts';
import { caseName, detailLines } from './lines.ts';
import { summary } from './stdout.ts';

/** Workflow commands of GitHub Actions: an annotation at each case that failed. */
export function formatGithub({ results, seconds }: Report): string {
  const failed = results.filter((result) => !passed(result));
  const lines = failed.map((result) => {
    const file = property(escapeText(result.file, 1024));
    const title = property(caseName(result));
    return `::error file=${file},line=${String(result.line)},title=${title}::${data(detailLines(result).join('\n'))}`;
  });
  return `${[...lines, summary(results.length, results.length - failed.length, seconds)].join('\n')}\n`;
}

/** As actions/toolkit escapes the message of a command. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** As it escapes a property. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
