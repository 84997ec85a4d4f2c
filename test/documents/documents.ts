import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { refusalTable } from '../../src/csr/refusals.ts';
import { hostReasons } from '../../src/decide/host-reasons.ts';
import { inputSchema } from '../../src/decide/input.ts';
import { skipReasons } from '../../src/replay/skipped.ts';
import { modulesTable } from '../architecture/modules.ts';
import { codesTable } from '../rego/codes.ts';
import { valuesJSONSchema } from '../../deploy/helm/json-schema.ts';
import { valuesYAML } from '../../deploy/helm/values-yaml.ts';
import { bundleCodesTable } from './bundle-codes.ts';
import { configTable, fieldsTable } from './config-table.ts';
import { findingsTable } from './findings-table.ts';
import { doctorTable } from './doctor-table.ts';
import { metricsTable } from './metrics-table.ts';
import { overlaySchema } from './overlay-schema.ts';

/** A document, or a part of one, that is made from the code: written by `make docs`, proven current by a test. */
export interface Generated {
  readonly file: string;
  /** Name of the part between its two markers; the whole file without. */
  readonly part?: string;
  readonly make: () => string | Promise<string>;
}

export const root = new URL('../../', import.meta.url).pathname;

export const generated: readonly Generated[] = [
  { file: 'README.md', part: 'modules', make: modulesTable },
  { file: 'policies/schemas/input.json', make: () => `${JSON.stringify(schema(), null, 2)}\n` },
  { file: 'policies/schemas/overlay.json', make: overlaySchema },
  { file: 'policies/README.md', part: 'decoder codes', make: refusalTable },
  { file: 'policies/README.md', part: 'host codes', make: hostTable },
  { file: 'policies/README.md', part: 'policy codes', make: codesTable },
  { file: 'policies/README.md', part: 'bundle codes', make: bundleCodesTable },
  { file: 'policies/README.md', part: 'skip reasons', make: skipTable },
  { file: 'deploy/README.md', part: 'configuration', make: configTable },
  { file: 'deploy/README.md', part: 'metrics', make: metricsTable },
  { file: 'deploy/README.md', part: 'audit findings', make: findingsTable },
  { file: 'deploy/README.md', part: 'doctor', make: doctorTable },
  { file: 'deploy/README.md', part: 'values', make: () => fieldsTable(valuesJSONSchema(), 'value') },
  ...['prometheus-rule.yaml', 'dashboard.json'].map((name) => ({
    file: `deploy/chart/files/${name}`,
    make: () => readFileSync(`${root}deploy/kustomize/components/monitoring/${name}`, 'utf8'),
  })),
  { file: 'deploy/chart/values.yaml', make: () => valuesYAML(valuesJSONSchema()) },
  { file: 'deploy/chart/values.schema.json', make: () => `${JSON.stringify(valuesJSONSchema(), null, 2)}\n` },
];

/** The document as it should be, from what it is: everything outside the part is kept. */
export async function current(document: Generated): Promise<string> {
  if (document.part === undefined) return document.make();
  const text = readFileSync(root + document.file, 'utf8');
  const begin = `<!-- BEGIN ${document.part} (make docs) -->\n`;
  const end = `<!-- END ${document.part} -->`;
  const start = text.indexOf(begin);
  const stop = text.indexOf(end);
  if (start < 0 || stop < start) throw new Error(`${document.file} has no part ${document.part}`);
  return `${text.slice(0, start + begin.length)}\n${await document.make()}\n\n${text.slice(stop)}`;
}

function schema(): unknown {
  return z.toJSONSchema(inputSchema, { target: 'draft-7' });
}

function hostTable(): string {
  const rows = Object.entries(hostReasons).map(
    ([code, { meaning, remedy }]) => `| \`${code}\` | ${meaning} | ${remedy} |`,
  );
  return ['| code | meaning | what to do |', '|---|---|---|', ...rows].join('\n');
}

function skipTable(): string {
  const rows = Object.entries(skipReasons).map(
    ([code, { meaning, open }]) => `| \`${code}\` | ${meaning} | ${open ? 'yes' : 'no'} |`,
  );
  return ['| not replayed | meaning | `undecidable` |', '|---|---|---|', ...rows].join('\n');
}
