/** Runs kubectl to its end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export type KubectlOptions = {
  /** Whom to be; the admin unless said. */
  readonly kubeconfig?: string;
  /** Its stdin, for `-f -`. */
  readonly input?: string;
  readonly timeoutMs?: number;
};

/** kubectl did not exit with 0; the message is what it wrote to stderr. */
class KubectlError extends Error {
  override readonly name = 'KubectlError';
  /** null: it was killed, having run out of time. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(args: readonly string[], exitCode: number | null, stdout: string, stderr: string) {
    super(
      `kubectl ${args.join(' ')}: ${exitCode === null ? 'out of time' : `exit code ${exitCode}`}\n${stderr}`,
    );
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

export function runKubectl(
  file: string,
  dir: string,
  args: readonly string[],
  options: KubectlOptions & { readonly kubeconfig: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    // The discovery cache belongs to this cluster: another one may listen on this port tomorrow.
    const own = [`--kubeconfig=${options.kubeconfig}`, `--cache-dir=${join(dir, 'kubectl-cache')}`];
    const child = spawn(file, [...own, ...args], {
      env: { PATH: process.env['PATH'], HOME: dir },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined); // It may end without reading.
    child.stdin.end(options.input ?? '');
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new KubectlError(args, code, stdout, stderr));
    });
  });
}
