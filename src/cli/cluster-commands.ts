import { type Command, Option } from 'commander';
import { withOptions } from '../activation/load.ts';
import { loadConfig } from '../config/load.ts';
import type { AuditOptions } from './audit.ts';
import { auditCommand } from './audit.ts';
import type { CaptureOptions } from './capture.ts';
import { captureCommand } from './capture.ts';
import type { DoctorOptions } from './doctor.ts';
import { doctorCommand } from './doctor.ts';
import type { ExitCode } from './error.ts';
import type { IO } from './io.ts';
import { bundle, collectAnew, config, context, data, kubeconfig, wholeNumber } from './options.ts';
import type { RunOptions } from './run.ts';
import { runCommand } from './run.ts';

const auditHelp = `
It reads requests, Nodes and the certificates of kubelets; the only thing that it creates is access reviews, which are not
kept. This is not the audit log of Kubernetes, which alone proves who approved a request, and not policy.shadow, which
compares a candidate policy while the controller runs: to audit by a candidate, name it with --bundle.
`;

/** Adds the commands that look at a cluster. */
export function addClusterCommands(program: Command, io: IO, ended: (code: ExitCode) => void): void {
  program
    .command('run')
    .description('watch the cluster and decide requests until told to stop')
    .addOption(kubeconfig())
    .addOption(context())
    .addOption(config())
    .addOption(bundle())
    .addOption(data())
    .action(async (options: RunOptions & { config?: string }) => {
      ended(await runCommand(options, withOptions(loadConfig(options.config), options), io));
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
      ended(await captureCommand(name, options, withOptions(loadConfig(options.config), options), io));
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
      ended(await auditCommand(options, withOptions(loadConfig(options.config), options), io));
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
      ended(await doctorCommand(options, io));
    });
}
