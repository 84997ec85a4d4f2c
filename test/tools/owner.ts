/** Which process something belongs to, told apart from a later one that was given the same pid. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export type Owner = { readonly pid: number; readonly started: string; readonly host: string };

export const self: Owner = { pid: process.pid, started: startOf(process.pid), host: hostname() };

/** False only where the owner certainly is gone. */
export function mayBeAlive(owner: Owner): boolean {
  if (owner.host !== self.host) return true; // A shared home directory, or another container: not ours to see.
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const started = startOf(owner.pid);
  return started === '' || owner.started === '' || started === owner.started;
}

/** Start time of a process in ticks since boot (proc(5), field 22); empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may itself hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
