import type { Report } from '../outcome.ts';
import { formatGithub } from './github.ts';
import { formatJson } from './json.ts';
import { formatJunit } from './junit.ts';
import { formatSarif } from './sarif.ts';
import { formatStdout } from './stdout.ts';
import { formatTap } from './tap.ts';

/** Every output format by its name. */
export const formats = {
  stdout: formatStdout,
  json: formatJson,
  tap: formatTap,
  junit: formatJunit,
  github: formatGithub,
  sarif: formatSarif,
} as const satisfies Record<string, (report: Report, version: string) => string | Promise<string>>;

export type FormatName = keyof typeof formats;
