/** Which process something belongs to, told apart from a later one that was given the same pid. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export type Owner = { readonly pid: number; readonly started: string; readonly host: string };

export const self: Owner = { pid: process.pid, started: statOf(process.pid).started, host: hostname() };

/** False only where the owner certainly is gone. */
export function mayBeAlive(owner: Owner): boolean {
  if (owner.host !== self.host) return true; // A shared home directory, or another container: not ours to see.
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const { state, started } = statOf(owner.pid);
  if (state === 'Z') return false; // Dead, only nobody has asked for its exit code.
  return started === '' || owner.started === '' || started === owner.started;
}

/** State and start time, in ticks since boot, of a process (proc(5)); empty where there is no /proc. */
function statOf(pid: number): { readonly state: string; readonly started: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return { state: '', started: '' };
  }
}
