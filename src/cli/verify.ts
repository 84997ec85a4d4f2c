import type { Config } from '../config/schema.ts';
import type { BundleFiles } from '../bundle/files.ts';
import { escapeText } from '../text/escape.ts';
import { CaseError } from '../verify/error.ts';
import type { CaseEntry } from '../verify/files.ts';
import { readCases } from '../verify/files.ts';
import { overlaid } from '../verify/data.ts';
import { KeyRing } from '../verify/keys.ts';
import type { Report } from '../verify/outcome.ts';
import { passed } from '../verify/outcome.ts';
import type { FormatName } from '../verify/output/formats.ts';
import { formats } from '../verify/output/formats.ts';
import { summary } from '../verify/output/stdout.ts';
import { prepareCase } from '../verify/prepare.ts';
import { runCases } from '../verify/run.ts';
import type { ExitCode } from './error.ts';
import { exitCode } from './error.ts';
import type { IO } from './io.ts';
import { configuredOverlays, loadPoliciesFrom, readBundle, signersOf } from '../activation/load.ts';
import { policyName } from './policy-name.ts';
import { type Output, readOutputs, writeOutputs } from './outputs.ts';
import { version } from './version.ts';

export interface VerifyOptions {
  readonly bundle?: string;
  readonly data?: readonly string[];
  readonly config?: string;
  readonly output: readonly string[];
  readonly filter: readonly string[];
}

/**
 * Runs declarative cases through the program's own decision.
 * @returns yes if all pass, no if one failed
 * @throws CaseError also when there was nothing to run: that must not look like success
 */
export async function verifyCommand(
  paths: readonly string[],
  options: VerifyOptions,
  config: Config,
  io: IO,
): Promise<ExitCode> {
  const outputs = readOutputs(options.output, formats);
  const entries = selected(readCases(paths), options.filter, paths);
  const bundle = overlaid(await readBundle(config), await configuredOverlays(config));
  const report = await verifyBundle(bundle, entries, config, options.config !== undefined);
  await write(report, outputs, policyName(config), io);
  return report.results.every(passed) ? exitCode.yes : exitCode.no;
}

/**
 * Runs cases by the policies of a bundle.
 * @param isChosen whether the configuration was given: it says which signers are decided. Without one it is every signer
 *   that the bundle has rules for
 */
export async function verifyBundle(
  bundle: BundleFiles,
  entries: readonly CaseEntry[],
  config: Config,
  isChosen: boolean,
): Promise<Report> {
  const chosen = isChosen ? config : { ...config, signers: signersOf(bundle) };
  const { maxNodeAddresses, exemptNodes } = config.limits;
  const cap = { maxNodeAddresses, exemptNodes: new Set(exemptNodes) };
  const keys = new KeyRing();
  const cases = await Promise.all(entries.map((entry) => prepareCase(entry, keys, cap)));
  return runCases(cases, {
    bundle,
    load: (files, isolate) => loadPoliciesFrom(chosen, files, isolate),
    limits: config.limits,
    clock: () => performance.now(),
  });
}

/** The cases that a filter leaves, which must be some. */
function selected(
  entries: readonly CaseEntry[],
  filters: readonly string[],
  paths: readonly string[],
): readonly CaseEntry[] {
  if (entries.length === 0) {
    throw new CaseError(
      'NothingRun',
      `there is no case in ${paths.map((path) => escapeText(path)).join(', ')}`,
    );
  }
  if (filters.length === 0) return entries;
  for (const filter of filters) {
    if (!entries.some(({ definition }) => glob(filter).test(definition.id)))
      throw new CaseError('NothingRun', `--filter ${JSON.stringify(filter)}: there is no such case`);
  }
  const patterns = filters.map(glob);
  return entries.filter(({ definition }) => patterns.some((pattern) => pattern.test(definition.id)));
}

/** `*` stands for any text, `?` for one character. */
function glob(pattern: string): RegExp {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

async function write(
  report: Report,
  outputs: readonly Output<FormatName>[],
  policy: string,
  io: IO,
): Promise<void> {
  const head = `policy: ${policy}\n`;
  const text = ({ format }: Output<FormatName>) => formats[format](report, version);
  if (await writeOutputs(outputs, text, head, io)) return;
  const good = report.results.filter(passed).length;
  io.err(`${head}${summary(report.results.length, good, report.seconds)}\n`);
}
