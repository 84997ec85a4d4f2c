import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Settings that would change what is built, or that belong to the make which runs this script. */
const foreign = /^(SOURCE_DATE_EPOCH|REVISION|VERSION|MAKE.*|MFLAGS|NODE_OPTIONS)$/;

/** Runs a shell command for all to see, on standard error; true when it succeeds. */
export async function succeeds(line: string, cwd: string): Promise<boolean> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
  const child = spawn('/bin/sh', ['-c', line], { cwd, env, stdio: ['ignore', 2, 2] });
  await once(child, 'close');
  return child.exitCode === 0;
}
