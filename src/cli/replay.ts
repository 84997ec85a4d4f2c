import { stat } from 'node:fs/promises';
import { configuredOverlays, loadPoliciesFrom, readBundle, signersOf } from '../activation/load.ts';
import type { Config } from '../config/schema.ts';
import { Isolate } from '../policy/isolate.ts';
import { type Gate, gateHelp, readGate } from '../replay/gate.ts';
import { openFile, openStream } from '../replay/open.ts';
import { decisions, skippedLines, summaryLine } from '../replay/output/lines.ts';
import { formats } from '../replay/output/formats.ts';
import { type LogFile, replay } from '../replay/replay.ts';
import type { ReplayReport } from '../replay/report.ts';
import { Tally } from '../replay/tally.ts';
import { messageOf } from '../text/message.ts';
import type { ExitCode } from './error.ts';
import { CommandError, exitCode } from './error.ts';
import type { IO } from './io.ts';
import { readOutputs, writeOutputs } from './outputs.ts';
import { policyName } from './policy-name.ts';
import { version } from './version.ts';

export interface ReplayCommandOptions {
  readonly bundle?: string;
  readonly data?: readonly string[];
  readonly config?: string;
  readonly output: readonly string[];
  readonly failOn: readonly string[];
  readonly examples: string;
  readonly workers?: string;
}

/** A decision is about what is decided, not about how fast this machine is. */
const deadlineMs = 10_000;

/** Nobody waits for one decision: a message that holds many costs least. */
const questions = 64;

/** Milliseconds between two lines that say how far it has come. */
const tellEvery = 1000;

/**
 * Decides the decisions of logs again.
 * @returns yes if no gate forbids what changed, no if one does
 * @throws CommandError also when there was nothing to decide: that must not look like success
 */
export async function replayCommand(
  paths: readonly string[],
  options: ReplayCommandOptions,
  config: Config,
  io: IO,
): Promise<ExitCode> {
  const outputs = readOutputs(options.output, formats);
  const tally = new Tally(readGates(options.failOn), numberOf('--examples', options.examples, 1, 100));
  const workers = numberOf('--workers', options.workers ?? String(config.limits.workers), 1, 16);
  const files = await openLogs(paths, io);
  const { evaluationMemoryMiB: maxMiB } = config.limits;
  const isolate = new Isolate({ deadlineMs, maxMiB, workers, questions });
  const begun = performance.now();
  const progress = new Progress(io, begun);
  try {
    const bundle = await readBundle(config);
    // Without a configuration nobody has said which signers are decided: every one that the bundle has rules for.
    const chosen = options.config === undefined ? { ...config, signers: signersOf(bundle) } : config;
    const policies = await loadPoliciesFrom(chosen, bundle, isolate, await configuredOverlays(config));
    await reading(() =>
      replay(files, tally, {
        policies,
        limits: config.limits,
        progress: (records) => progress.tell(records),
      }),
    );
    const [revision = ''] = [...policies.signers.values()].map((policy) => policy.revision);
    const report = tally.report({
      files: paths,
      policy: policyName(config),
      revisions: { floor: policies.floor.revision, policy: revision },
    });
    refuseNothing(report);
    await write(report, outputs, io);
    io.err(`${progress.figures(report.decided)}\n`);
    return report.gates.every(({ count }) => count === 0) ? exitCode.yes : exitCode.no;
  } finally {
    await isolate.close();
  }
}

async function write(
  report: ReplayReport,
  outputs: ReturnType<typeof readOutputs<keyof typeof formats>>,
  io: IO,
): Promise<void> {
  const head = `policy: ${report.policy}\n`;
  const isShown = await writeOutputs(outputs, ({ format }) => formats[format](report, version), head, io);
  if (!isShown) io.err(`${head}${summaryLine(report)}\n`);
}

function readGates(given: readonly string[]): Gate[] {
  const texts = given.flatMap((text) => text.split(',')).map((text) => text.trim());
  return [...new Set(texts)].map((text) => {
    const gate = readGate(text);
    if (gate !== undefined) return gate;
    throw new CommandError('OptionsInvalid', `--fail-on ${JSON.stringify(text)}: expected ${gateHelp}`);
  });
}

function numberOf(option: string, text: string, least: number, greatest: number): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= greatest) return number;
  const wanted = `a number from ${String(least)} to ${String(greatest)}`;
  throw new CommandError('OptionsInvalid', `${option} ${JSON.stringify(text)}: expected ${wanted}`);
}

/** Looks at every file before any is read: a name that is wrong must not show after an hour. */
async function openLogs(paths: readonly string[], io: IO): Promise<LogFile[]> {
  if (paths.filter((path) => path === '-').length > 1)
    throw new CommandError('OptionsInvalid', 'standard input (-) can be read once');
  return Promise.all(
    paths.map(async (path) => {
      if (path === '-') return openStream('standard input', io.stdinBytes);
      const found = await stat(path).catch((cause: unknown) => {
        throw unreadable(path, messageOf(cause), cause);
      });
      if (found.isDirectory()) throw unreadable(path, 'it is a folder: name the files in it');
      return openFile(path);
    }),
  );
}

async function reading(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    const isSystem = cause instanceof Error && 'syscall' in cause;
    throw isSystem ? unreadable('a log', cause.message, cause) : cause;
  }
}

function unreadable(path: string, why: string, cause?: unknown): CommandError {
  return new CommandError('FileUnreadable', `${path}: cannot be read: ${why}`, { cause });
}

function refuseNothing(report: ReplayReport): void {
  if (report.decided > 0) return;
  const why = skippedLines(report);
  const told = why.length === 0 ? 'the logs are empty' : why.join('; ');
  throw new CommandError('NothingReplayed', `nothing was replayed: ${told}`);
}

/** Tells whoever watches how far a replay has come, and how fast it is. */
class Progress {
  readonly #io: IO;
  readonly #begun: number;
  #told: number;
  #records = 0;

  /** @param begun milliseconds of the monotonic clock */
  constructor(io: IO, begun: number) {
    this.#io = io;
    this.#begun = begun;
    this.#told = begun;
  }

  tell(records: number): void {
    this.#records = records;
    const now = performance.now();
    if (this.#io.isWatched !== true || now - this.#told < tellEvery) return;
    this.#told = now;
    this.#io.err(`\r${String(records)} lines, ${this.#rate()} a second\u{1b}[K`);
  }

  figures(decided: number): string {
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1);
    const line = `${String(this.#records)} lines, ${decisions(decided)} in ${seconds} s (${this.#rate()} lines a second)`;
    return this.#io.isWatched === true ? `\r\u{1b}[K${line}` : line;
  }

  #rate(): string {
    return String(Math.round((this.#records * 1000) / Math.max(1, performance.now() - this.#begun)));
  }
}
