import { sarifLog, type SarifResult } from '../../verify/output/sarif-log.ts';
import type { Change, ReplayReport } from '../report.ts';
import { changeTitle, exampleLines, isForbidden } from './lines.ts';

const rule = {
  id: 'DecisionChanged',
  name: 'DecisionChanged',
  shortDescription: { text: 'The policy decides otherwise than was logged.' },
  help: { text: 'Correct the policy, or accept the change: leave it out of `--fail-on`.' },
  defaultConfiguration: { level: 'note' },
};

/** SARIF 2.1.0: a result for each way in which decisions changed, at its first example; an error where a gate forbids it. */
export function formatSarif(report: ReplayReport, version: string): string {
  return sarifLog(
    version,
    rule,
    report.changes.flatMap((change) => resultOf(change, report)),
  );
}

function resultOf(change: Change, report: ReplayReport): SarifResult[] {
  const { was, now, codes, examples } = change;
  const [first] = examples;
  if (first === undefined) return [];
  return [
    {
      level: isForbidden(report, change) ? 'error' : 'note',
      text: [changeTitle(change), ...examples.flatMap(exampleLines)].join('\n'),
      file: first.file,
      line: first.line,
      // The same change of the same policy is the same finding, whatever log shows it.
      fingerprints: { 'change/v1': `${was}->${now}:${JSON.stringify(codes ?? null)}` },
    },
  ];
}
