import { spawn } from 'node:child_process';
import { once } from 'node:events';

const executable = new URL('../../dist/rego-csr-approver', import.meta.url).pathname;

export interface Ended {
  /** null: it had not ended in time. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the shipped program to its end; it must end by itself. */
export async function runToEnd(
  args: readonly string[],
  {
    env = {},
    withinMs = 30_000,
    input = '',
  }: { env?: NodeJS.ProcessEnv; withinMs?: number; input?: string } = {},
): Promise<Ended> {
  // Nothing of the environment but PATH: whoever runs the tests may have a kubeconfig.
  const child = spawn(executable, args, { env: { PATH: process.env['PATH'], ...env } });
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined).end(input);
  await once(child, 'close');
  clearTimeout(timer);
  return { code: child.exitCode, stdout, stderr };
}
