/** Runs a short command to its end and keeps what it says. */
import { spawn } from 'node:child_process';

export type RunResult = { readonly stdout: string; readonly stderr: string } & (
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal' | 'missing' | 'timeout' }
);

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
};

export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let expired = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            expired = true;
            child.kill('SIGKILL');
            // A grandchild may hold the pipes open: `close` would wait for it.
            child.stdout.destroy();
            child.stderr.destroy();
          }, options.timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ kind: 'missing', stdout, stderr: String(error) });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (expired) resolve({ kind: 'timeout', stdout, stderr });
      else if (code === null) resolve({ kind: 'signal', stdout, stderr });
      else resolve({ kind: 'exit', code, stdout, stderr });
    });
  });
}
