/**
 * Everything of the story lives in new namespaces: processes, mounts, network. Their first process is ours, and when
 * it ends, however that comes about, the kernel ends all others and takes down mounts, bridge and wires. So nothing
 * outlives a run, several can go on at once, and each has all names and addresses to itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { joiningScript } from './cgroups.ts';

export const unshareFlags: readonly string[] = [
  '--mount',
  '--net',
  '--pid',
  '--ipc',
  '--fork',
  '--kill-child', // With SIGKILL, should unshare itself be killed.
  '--mount-proc',
  '--propagation=private',
];

/** Runs inside.ts in there; gives its exit code, or null if the signal ended it. */
export async function runEnclosed(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  const inside = join(import.meta.dirname, 'inside.ts');
  const enclosed = ['unshare', ...unshareFlags, '--', process.execPath, inside, ...args];
  // One process all the way: what it is killed by is what it becomes.
  const child = spawn('sh', ['-ec', joiningScript(), 'sh', ...enclosed], {
    // The pipe says that we are still there: its end ends the first process, should we be killed.
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  await once(child, 'exit');
  signal.removeEventListener('abort', kill);
  return child.exitCode;
}
