import { escapeText } from '../../text/escape.ts';
import { safeJson } from '../../text/json.ts';
import { withoutLinks } from '../../text/sarif.ts';
import { allFindingCodes, findingCodes } from '../codes.ts';
import type { AuditReport } from '../report.ts';
import type { Context } from './context.ts';
import { lineOf } from './text.ts';

/** SARIF 2.1.0: a result for each finding that is kept, at an object of the cluster. */
export function formatSarif(report: AuditReport, { version }: Context): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'rego-csr-approver', version, rules: allFindingCodes.map(ruleOf) } },
        // A request that could not be judged is a hole in what this run says.
        invocations: [{ executionSuccessful: report.count('NotJudged') === 0 }],
        columnKind: 'utf16CodeUnits',
        results: allFindingCodes.flatMap((code, ruleIndex) =>
          report.of(code).map((kept) => ({
            ruleId: code,
            ruleIndex,
            level: findingCodes[code].severity,
            message: { text: withoutLinks(lineOf(kept)) },
            locations: [
              {
                logicalLocations: [{ fullyQualifiedName: escapeText(kept.subject, 1024), kind: 'resource' }],
              },
            ],
            partialFingerprints: { 'subjectAndCode/v1': `${code} ${escapeText(kept.subject, 1024)}` },
          })),
        ),
      },
    ],
  };
  return `${safeJson(log, 2)}\n`;
}

function ruleOf(code: (typeof allFindingCodes)[number]) {
  const { severity, meaning, remedy } = findingCodes[code];
  return {
    id: code,
    name: code,
    shortDescription: { text: meaning },
    help: { text: remedy },
    defaultConfiguration: { level: severity },
  };
}
