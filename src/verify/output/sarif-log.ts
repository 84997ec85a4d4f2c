import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { safeJson } from '../../text/json.ts';
import { withoutLinks } from '../../text/sarif.ts';

/** What all results of a run are about. */
interface SarifRule {
  readonly id: string;
  readonly name: string;
  readonly shortDescription: { readonly text: string };
  readonly help: { readonly text: string };
  readonly defaultConfiguration: { readonly level: string };
}

export interface SarifResult {
  readonly level: 'error' | 'note';
  readonly text: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly fingerprints: Readonly<Record<string, string>>;
}

/** SARIF 2.1.0, of one run with one rule. */
export function sarifLog(version: string, rule: SarifRule, results: readonly SarifResult[]): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'rego-csr-approver', version, rules: [rule] } },
        // The run itself succeeded, whatever its results say.
        invocations: [{ executionSuccessful: true }],
        columnKind: 'utf16CodeUnits',
        results: results.map(({ level, text, file, line, fingerprints }) => ({
          ruleId: rule.id,
          ruleIndex: 0,
          level,
          message: { text: withoutLinks(text) },
          locations: [
            { physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line } } },
          ],
          partialFingerprints: fingerprints,
        })),
      },
    ],
  };
  return `${safeJson(log, 2)}\n`;
}

function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file
    .replace(/^(\.\/)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
}
