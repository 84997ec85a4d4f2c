import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { safeJson } from '../../text/json.ts';
import type { CaseResult, Report } from '../outcome.ts';
import { passed } from '../outcome.ts';
import { caseName, detailLines } from './lines.ts';

const rule = {
  id: 'CaseFailed',
  name: 'CaseFailed',
  shortDescription: { text: 'A case of the policy did not come out as expected.' },
  help: { text: 'Correct the policy, or the expectation of the case.' },
  defaultConfiguration: { level: 'error' },
};

/** SARIF 2.1.0: a result for each case that failed, at its place in its file. */
export function formatSarif({ results }: Report, version: string): string {
  const failed = results.filter((result) => !passed(result));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'rego-csr-approver', version, rules: [rule] } },
        // The run itself succeeded, whatever the cases say.
        invocations: [{ executionSuccessful: true }],
        columnKind: 'utf16CodeUnits',
        results: failed.map(resultOf),
      },
    ],
  };
  return `${safeJson(log, 2)}\n`;
}

function resultOf(result: CaseResult) {
  const text = [caseName(result), ...detailLines(result)].join('\n');
  return {
    ruleId: rule.id,
    ruleIndex: 0,
    level: 'error',
    message: { text },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(result.file) },
          region: { startLine: result.line },
        },
      },
    ],
    // By the case, not by its line: it stays the same finding when cases are added above it.
    partialFingerprints: { 'caseId/v1': result.id },
  };
}

function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file
    .replace(/^(\.\/)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
}
