import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { ImageError } from './error.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end and gives what it prints on standard output; throws `CommandFailed` with what it says. */
export async function command(
  file: string,
  args: readonly string[],
  { cwd, env = process.env }: CommandOptions = {},
): Promise<string> {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close').catch((cause: unknown) => cause);
  const [out, err] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
  if (child.exitCode === 0) return out.toString();
  const how = child.exitCode === null ? 'did not start or was killed' : `exit ${String(child.exitCode)}`;
  throw new ImageError('CommandFailed', `${file} ${args.join(' ')}: ${how}\n${err.trim()}`);
}
