import { Command, CommanderError } from 'commander';
import { KubeError } from '../kube/errors.ts';
import { explain } from '../kube/explain.ts';
import { messageOf } from '../text/message.ts';
import { addClusterCommands } from './cluster-commands.ts';
import type { ExitCode } from './error.ts';
import { exitCode } from './error.ts';
import { failureLine } from './failure.ts';
import { addFileCommands } from './file-commands.ts';
import type { IO } from './io.ts';
import { version } from './version.ts';

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
  const ended = (now: ExitCode): void => {
    code = now;
  };
  addClusterCommands(program, io, ended);
  addFileCommands(program, io, ended);
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
