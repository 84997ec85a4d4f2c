import { readFile } from 'node:fs/promises';
import { BuildError } from '../compiler/error.ts';
import { Compiler } from '../compiler/compiler.ts';
import { fingerprint } from '../compiler/fingerprint.ts';
import { checkOutput, placeOf, writeOutput } from '../compiler/output.ts';
import { type SourceFile, readSources } from '../compiler/sources.ts';
import { changes } from '../compiler/watch.ts';
import { bundleLimits, unpackBundle } from '../bundle/files.ts';
import type { Config } from '../config/schema.ts';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { readCases } from '../verify/files.ts';
import type { Report } from '../verify/outcome.ts';
import { passed } from '../verify/outcome.ts';
import { caseName, detailLines } from '../verify/output/lines.ts';
import { summary } from '../verify/output/stdout.ts';
import { checkBundle } from './check-bundle.ts';
import { type ExitCode, exitCode } from './error.ts';
import { failureLine } from './failure.ts';
import type { IO } from './io.ts';
import { readTemplate } from './repository.ts';
import { verifyBundle } from './verify.ts';

export interface BuildOptions {
  readonly output: string;
  readonly revision?: string;
  readonly ignore: readonly string[];
  readonly capabilities?: string;
  readonly schema?: string;
  readonly entrypoint: readonly string[];
  readonly config?: string;
  readonly cases: readonly string[];
  readonly watch: boolean;
}

/** Everything that a build is made of. */
interface Inputs {
  readonly files: readonly SourceFile[];
  readonly capabilities: string;
  readonly schema: string | undefined;
}

/**
 * Builds a bundle as `opa build -b -t wasm` does, loads it as the program would, and runs cases by it. Without
 * `--watch` once; with it again and again, until told to stop.
 */
export async function buildCommand(
  directory: string,
  options: BuildOptions,
  config: () => Config,
  io: IO,
): Promise<ExitCode> {
  const compiler = await Compiler.load();
  try {
    const run = async (): Promise<boolean> => {
      await checkOutput(options.output, directory);
      const inputs = await readInputs(directory, options);
      const time = options.watch ? `${timeOf(io)} ` : '';
      return build(directory, inputs, { options, config: config(), compiler, io, time });
    };
    if (!options.watch) return (await run()) ? exitCode.yes : exitCode.no;
    await watch(directory, options, { run, stop: () => void compiler.close() }, io);
    return exitCode.yes;
  } finally {
    await compiler.close();
  }
}

async function readInputs(directory: string, options: BuildOptions): Promise<Inputs> {
  const files = await readSources(directory, bundleLimits);
  const schema = options.schema === undefined ? undefined : await readOption('--schema', options.schema);
  if (options.capabilities !== undefined) {
    return { files, schema, capabilities: await readOption('--capabilities', options.capabilities) };
  }
  const shipped = (await readTemplate()).get('capabilities.json');
  if (shipped === undefined) throw new TypeError('the template lacks capabilities.json');
  return { files, schema, capabilities: new TextDecoder().decode(shipped) };
}

async function readOption(name: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `${name} ${escapeText(file, 1024)}: cannot be read: ${messageOf(cause)}`;
    throw new BuildError('OptionUnreadable', message, { cause });
  });
}

interface Surroundings {
  readonly options: BuildOptions;
  readonly config: Config;
  readonly compiler: Compiler;
  readonly io: IO;
  /** In front of what is said of the output. */
  readonly time: string;
}

/**
 * What is written is good: a bundle by which a case fails is not.
 * @returns whether every case passed
 */
async function build(
  directory: string,
  inputs: Inputs,
  { options, config, compiler, io, time }: Surroundings,
): Promise<boolean> {
  const begun = performance.now();
  const { revision, ignore, entrypoint: entrypoints } = options;
  const archive = await compiler.build({ root: directory, ...inputs, ignore, entrypoints, revision });
  const files = await unpackBundle(archive);
  const isChosen = options.config !== undefined;
  const note = await checkBundle(files, config, isChosen);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const { output, cases } = options;
  if (cases.length > 0) {
    const report = await verifyBundle(files, readCases(cases), config, isChosen);
    // Nothing but a bundle goes into a stream, which may be standard output.
    const say = (await placeOf(output)) === 'stream' ? io.err : io.out;
    const failed = printReport(report, say);
    if (failed > 0) {
      say(`${time}${await stays(output)}: ${failed === 1 ? '1 case' : `${String(failed)} cases`} failed\n`);
      return false;
    }
  }
  const isFile = await writeOutput(output, archive);
  const size = `${String(files.size)} files, ${String(Math.ceil(archive.length / 1000))} kB`;
  const more = note === undefined ? '' : `; ${note}`;
  if (isFile) io.out(`${time}built ${escapeText(output, 1024)}: ${size} (${seconds} s)${more}\n`);
  return true;
}

/** What becomes of an output that is not written. */
async function stays(output: string): Promise<string> {
  const shown = escapeText(output, 1024);
  return (await placeOf(output)) === 'file' ? `${shown} stays as it was` : `${shown} is not written`;
}

/**
 * Of the cases that failed what differs and why; of all how many.
 * @returns how many failed
 */
function printReport({ results, seconds }: Report, say: IO['out']): number {
  const failed = results.filter((result) => !passed(result));
  for (const result of failed) {
    say(`FAILED ${escapeText(result.file, 1024)}:${String(result.line)}: ${caseName(result)}\n`);
    for (const line of detailLines(result)) say(`  ${line}\n`);
  }
  say(`${summary(results.length, results.length - failed.length, seconds)}\n`);
  return failed.length;
}

async function watch(
  directory: string,
  options: BuildOptions,
  { run, stop }: { readonly run: () => Promise<boolean>; readonly stop: () => void },
  io: IO,
): Promise<void> {
  const named = [options.capabilities, options.schema, options.config].filter((file) => file !== undefined);
  const watched = [directory, ...named, ...options.cases];
  io.err(`watching ${watched.map((path) => escapeText(path, 1024)).join(', ')}\n`);
  io.stopping.addEventListener('abort', stop, { once: true });
  let before: string | undefined;
  for await (const _ of changes(watched, io.stopping)) {
    const now = await fingerprint(watched);
    if (now === before) continue;
    before = now;
    try {
      await run();
    } catch (cause) {
      if (io.stopping.aborted) return;
      const line = failureLine(cause);
      if (line === undefined) throw cause;
      io.err(`${line}${timeOf(io)} ${await stays(options.output)}\n`);
    }
  }
}

/** The hour of whoever sits in front of it, such as `23:35:12`. */
const timeOf = (io: IO): string => io.now().toTimeString().slice(0, 8);
