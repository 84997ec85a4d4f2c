import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { withOptions } from '../activation/load.ts';
import type { AuditOptions } from './audit.ts';
import { auditCommand } from './audit.ts';
import { loadConfig } from '../config/load.ts';
import { KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import type { BuildOptions } from './build.ts';
import { buildCommand } from './build.ts';
import type { CaptureOptions } from './capture.ts';
import { captureCommand } from './capture.ts';
import { decodeCommand } from './decode.ts';
import type { DoctorOptions } from './doctor.ts';
import { doctorCommand } from './doctor.ts';
import type { ExitCode } from './error.ts';
import { exitCode } from './error.ts';
import { failureLine } from './failure.ts';
import type { InitOptions } from './init.ts';
import { initCommand } from './init.ts';
import type { IO } from './io.ts';
import type { ReplayCommandOptions } from './replay.ts';
import { replayCommand } from './replay.ts';
import type { ReviewOptions } from './review.ts';
import { reviewCommand } from './review.ts';
import type { RunOptions } from './run.ts';
import { runCommand } from './run.ts';
import { messageOf } from '../text/message.ts';
import type { VerifyOptions } from './verify.ts';
import { verifyCommand } from './verify.ts';
import { version } from './version.ts';

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The same, of which the first replaces the default. */
const collectAnew = () => {
  const values: string[] = [];
  return (value: string): string[] => {
    values.push(value);
    return values;
  };
};

function wholeNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('not a whole number of at most five digits.');
}

const config = () => new Option('--config <file>', 'ApproverConfiguration to use instead of the defaults');
const bundle = () =>
  new Option(
    '--bundle <file>',
    'policy bundle instead of the configured one: a .tar.gz, a folder with one unpacked, https://… or oci://…',
  );
const data = () =>
  new Option(
    '--data <file>',
    'data overlay that replaces knobs of the policy, beside the configured ones; may be repeated',
  ).argParser(collect);
const files = () =>
  new Option(
    '-f, --file <file>',
    'CertificateSigningRequest manifest, - for standard input; may be repeated',
  ).argParser(collect);
const kubeconfig = () =>
  new Option('--kubeconfig <file>', 'how to reach the cluster; in a pod, its service account');
const context = () =>
  new Option('--context <name>', 'context of the kubeconfig to use instead of its current one');

const auditHelp = `
It reads requests, Nodes and the certificates of kubelets; the only thing that it creates is access reviews, which are not
kept. This is not the audit log of Kubernetes, which alone proves who approved a request, and not policy.shadow, which
compares a candidate policy while the controller runs: to audit by a candidate, name it with --bundle.
`;

/**
 * The command line. Never exits the process and never throws: every outcome is an exit code, 0 yes, 1 no, 2 could
 * not be done.
 * @param args without the program's own name
 */
export async function main(args: readonly string[], io: IO): Promise<ExitCode> {
  let code: ExitCode = exitCode.yes;
  const program = new Command('rego-csr-approver')
    .description('Approves Kubernetes kubelet-serving certificate requests by rules written in Rego.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
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
      code = await initCommand(directory, options, io);
    });
  program
    .command('run')
    .description('watch the cluster and decide requests until told to stop')
    .addOption(kubeconfig())
    .addOption(context())
    .addOption(config())
    .addOption(bundle())
    .addOption(data())
    .action(async (options: RunOptions & { config?: string }) => {
      code = await runCommand(options, withOptions(loadConfig(options.config), options), io);
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
      code = await reviewCommand(options, withOptions(loadConfig(options.config), options), io);
    });
  program
    .command('capture')
    .description('write the input document of one request of a cluster, with every fact its policy asks for')
    .argument('<name>', 'name of the CertificateSigningRequest; a decided one will do')
    .addOption(kubeconfig())
    .addOption(context())
    .option('-o, --output <file>', 'where to write instead of standard output')
    .option('--partial', 'write it also without facts that cannot be obtained: exit code 1', false)
    .addOption(config())
    .addOption(bundle())
    .addOption(data())
    .action(async (name: string, options: CaptureOptions & { config?: string }) => {
      code = await captureCommand(name, options, withOptions(loadConfig(options.config), options), io);
    });
  program
    .command('audit')
    .description(
      'judge every request of a cluster, and the certificate that every kubelet serves, by the policy of today; changes nothing',
    )
    .addHelpText('after', auditHelp)
    .addOption(kubeconfig())
    .addOption(context())
    .addOption(
      new Option(
        '--kubelets <which>',
        'connect to all kubelets, to none, or (auto) give up where not one of the first ones answers',
      )
        .choices(['auto', 'all', 'none'])
        .default('auto'),
    )
    .option(
      '--kubelet-ca <file>',
      'CA of the serving certificates of kubelets (PEM), instead of the one that the kubeconfig or the pod has',
    )
    .addOption(
      new Option(
        '--fail-on <what>',
        'exit with 1 for findings of this code, or of this severity and above: note, warning, error; none; may be repeated',
      )
        .argParser(collectAnew())
        .default(['error']),
    )
    .option('--explain', 'say of each reason which rule gave it, what it means, and what it compared', false)
    .addOption(
      new Option('-o, --output <format>', 'how to print')
        .choices(['text', 'json', 'junit', 'sarif'])
        .default('text'),
    )
    .addOption(config())
    .addOption(bundle())
    .addOption(data())
    .action(async (options: AuditOptions & { config?: string }) => {
      code = await auditCommand(options, withOptions(loadConfig(options.config), options), io);
    });
  program
    .command('doctor')
    .description(
      'look at a cluster and say what is missing: exit 0 nothing as severe as --fail-on, 1 something, 2 could not look',
    )
    .addOption(kubeconfig())
    .addOption(context())
    .option('-n, --namespace <name>', 'namespace of the installation', 'rego-csr-approver')
    .option('--service-account <name>', "ServiceAccount that it runs as, instead of its Deployment's")
    .option('--config <file>', "ApproverConfiguration to look by, instead of the installation's")
    .addOption(bundle())
    .addOption(data())
    .addOption(
      new Option('--configz <number>', 'Nodes whose kubelets are asked for their configuration (nodes/proxy)')
        .argParser(wholeNumber)
        .default(0),
    )
    .addOption(
      new Option('--fail-on <severity>', 'least severe finding that is exit code 1')
        .choices(['error', 'warning', 'unknown'])
        .default('error'),
    )
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async (options: DoctorOptions) => {
      code = await doctorCommand(options, io);
    });
  program
    .command('decode')
    .description('print the input document that a policy reads of a request, without facts')
    .addOption(files().makeOptionMandatory())
    .addOption(config())
    .action(async (options: { file: string[]; config?: string }) => {
      code = await decodeCommand(options.file, loadConfig(options.config).limits, io);
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
      code = await verifyCommand(paths, options, withOptions(loadConfig(options.config), options), io);
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
      code = await replayCommand(paths, options, withOptions(loadConfig(options.config), options), io);
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
      code = await buildCommand(directory, options, () => loadConfig(options.config), io);
    });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (cause) {
    return failed(cause, io);
  }
}

function codeOf({ kind, reason }: KubeError): string {
  return kind === 'credentials' && reason === 'KubeConfig' ? 'KubeconfigInvalid' : 'ClusterUnreachable';
}

/** Says what went wrong in one line that begins with its code. */
function failed(cause: unknown, io: IO): ExitCode {
  // commander has printed help, version or its own complaint already.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? exitCode.yes : exitCode.failed;
  if (cause instanceof KubeError) io.err(`error: ${codeOf(cause)}: ${explain(cause)}\n`);
  else {
    const defect = cause instanceof Error ? (cause.stack ?? cause.message) : messageOf(cause);
    io.err(failureLine(cause) ?? `error: ${defect}\n`);
  }
  return exitCode.failed;
}
