import { type Command, Option } from 'commander';
import { withOptions } from '../activation/load.ts';
import { loadConfig } from '../config/load.ts';
import type { BuildOptions } from './build.ts';
import { buildCommand } from './build.ts';
import { decodeCommand } from './decode.ts';
import type { ExitCode } from './error.ts';
import type { InitOptions } from './init.ts';
import { initCommand } from './init.ts';
import type { IO } from './io.ts';
import { bundle, collect, collectAnew, config, data, files } from './options.ts';
import type { ReplayCommandOptions } from './replay.ts';
import { replayCommand } from './replay.ts';
import type { ReviewOptions } from './review.ts';
import { reviewCommand } from './review.ts';
import type { VerifyOptions } from './verify.ts';
import { verifyCommand } from './verify.ts';

/** Adds the commands that read and write files only. */
export function addFileCommands(program: Command, io: IO, ended: (code: ExitCode) => void): void {
  program
    .command('init')
    .description(
      'write a policy repository: rules, tests, cases and captures, and the command that tests all of it',
    )
    .argument('<directory>', 'a new or an empty directory')
    .option('--package <name>', 'package of its rules, instead of acme.kubelet_serving')
    .option('--example <name>', 'example to start from, instead of extend')
    .option('--update', 'replace the vendored default policy, schema and capabilities in a repository', false)
    .action(async (directory: string, options: InitOptions) => {
      ended(await initCommand(directory, options, io));
    });
  program
    .command('review')
    .description('decide requests from files, as the controller would, without a cluster')
    .addOption(files())
    .addOption(
      new Option(
        '--input <file>',
        'input document that `capture` wrote, with its facts, instead of a manifest; - for standard input; may be repeated',
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--nodes <file>',
        'every Node of the cluster, as `kubectl get nodes -o yaml`; may be repeated',
      ).argParser(collect),
    )
    .option('--cluster <file>', 'the `cluster` fact: api_names, api_addresses, service_cidrs, pod_cidrs')
    .addOption(
      new Option(
        '--facts <file>',
        'any facts, in the form of the input document: lookups, dns, pending, …; may be repeated',
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--assume <fact=answer>',
        'an answer not asked of any cluster: sar.NAME=allowed or =denied; may be repeated',
      )
        .argParser(collect)
        .default([]),
    )
    .option('--as-new', 'judge as if just created, whatever its age and conditions', false)
    .option('--explain', 'say of each reason which rule gave it, what it means, and what it compared', false)
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addOption(config())
    .addOption(bundle())
    .addOption(data())
    .action(async (options: ReviewOptions & { config?: string }) => {
      ended(await reviewCommand(options, withOptions(loadConfig(options.config), options), io));
    });
  program
    .command('decode')
    .description('print the input document that a policy reads of a request, without facts')
    .addOption(files().makeOptionMandatory())
    .addOption(config())
    .action(async (options: { file: string[]; config?: string }) => {
      ended(await decodeCommand(options.file, loadConfig(options.config).limits, io));
    });
  program
    .command('verify')
    .description(
      'run declarative cases: exit 0 all pass, 1 a case failed, 2 could not run or nothing was run',
    )
    .argument('<path...>', 'files of cases, or folders with such files')
    .addOption(
      new Option(
        '-o, --output <format[=file]>',
        'stdout, json, tap, junit, github or sarif, to standard output or to a file; may be repeated',
      )
        .argParser(collectAnew())
        .default(['stdout']),
    )
    .addOption(
      new Option('--filter <glob>', 'only cases whose id matches, * and ? being wild; may be repeated')
        .argParser(collect)
        .default([]),
    )
    .addOption(config())
    .addOption(bundle())
    .addOption(data())
    .action(async (paths: string[], options: VerifyOptions) => {
      ended(await verifyCommand(paths, options, withOptions(loadConfig(options.config), options), io));
    });
  program
    .command('replay')
    .description(
      'decide the decisions of a log again: exit 0 nothing forbidden changed, 1 a gate failed, 2 nothing was replayed',
    )
    .argument(
      '<file...>',
      "decision logs of the program, a line or an element of OPA's arrays each, compressed or not; - for standard input",
    )
    .addOption(
      new Option(
        '--fail-on <gate>',
        'what must not change: WAS->NOW (verdicts, or *), any, reasons, undecidable; several with commas, may be repeated',
      )
        .argParser(collect)
        .default([]),
    )
    .addOption(
      new Option(
        '-o, --output <format[=file]>',
        'stdout, json, junit or sarif, to standard output or to a file; may be repeated',
      )
        .argParser(collectAnew())
        .default(['stdout']),
    )
    .option('--examples <number>', 'examples of each way in which decisions changed', '3')
    .option('--workers <number>', 'threads that evaluate, instead of limits.workers')
    .addOption(config())
    .addOption(bundle())
    .addOption(data())
    .action(async (paths: string[], options: ReplayCommandOptions) => {
      ended(await replayCommand(paths, options, withOptions(loadConfig(options.config), options), io));
    });
  program
    .command('build')
    .description('build a policy bundle as `opa build -b -t wasm` does, and load it as the program would')
    .argument('<directory>', 'the directory of a bundle: .manifest, Rego and data')
    .option('-o, --output <file>', 'where to write the bundle', 'bundle.tar.gz')
    .addOption(new Option('-b, --bundle', 'always, as with opa build').hideHelp())
    .addOption(new Option('-t, --target <target>', 'always, as with opa build').choices(['wasm']).hideHelp())
    .option('-r, --revision <text>', "revision to state in the manifest, instead of the manifest's own")
    .addOption(
      new Option(
        '--ignore <pattern>',
        'names of files and folders to leave out, as `opa build` reads it; may be repeated',
      )
        .argParser(collectAnew())
        .default(['*_test.rego']),
    )
    .option('--capabilities <file>', 'what the policy may call, instead of what WebAssembly has')
    .option(
      '--schema <file>',
      'JSON schema of the input, to which the rules are held as by `opa check --schema`',
    )
    .addOption(
      new Option(
        '-e, --entrypoint <path>',
        'entrypoint beside the annotated ones, such as csr/mine/decision; may be repeated',
      )
        .argParser(collect)
        .default([]),
    )
    .addOption(
      new Option('--cases <path>', 'file or folder of cases to run by the bundle; may be repeated')
        .argParser(collect)
        .default([]),
    )
    .option('--watch', 'build again whenever something is saved, until told to stop', false)
    .addOption(config())
    .action(async (directory: string, options: BuildOptions) => {
      ended(await buildCommand(directory, options, () => loadConfig(options.config), io));
    });
}
