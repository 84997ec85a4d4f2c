import type { CaseResult, Report } from '../outcome.ts';
import { passed } from '../outcome.ts';
import { caseName, detailLines } from './lines.ts';
import { sarifLog, type SarifResult } from './sarif-log.ts';

const rule = {
  id: 'CaseFailed',
  name: 'CaseFailed',
  shortDescription: { text: 'A case of the policy did not come out as expected.' },
  help: { text: 'Correct the policy, or the expectation of the case.' },
  defaultConfiguration: { level: 'error' },
};

/** SARIF 2.1.0: a result for each case that failed, at its place in its file. */
export function formatSarif({ results }: Report, version: string): string {
  return sarifLog(version, rule, results.filter((result) => !passed(result)).map(resultOf));
}

function resultOf(result: CaseResult): SarifResult {
  return {
    level: 'error',
    text: [caseName(result), ...detailLines(result)].join('\n'),
    file: result.file,
    line: result.line,
    // By the case, not by its line: it stays the same finding when cases are added above it.
    fingerprints: { 'caseId/v1': result.id },
  };
}
