import type { ReplayReport } from '../report.ts';
import { formatJson } from './json.ts';
import { formatJunit } from './junit.ts';
import { formatSarif } from './sarif.ts';
import { formatStdout } from './stdout.ts';

/** Every output format by its name. */
export const formats = {
  stdout: formatStdout,
  json: formatJson,
  junit: formatJunit,
  sarif: formatSarif,
} as const satisfies Record<string, (report: ReplayReport, version: string) => string | Promise<string>>;
