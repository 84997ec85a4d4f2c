/** What a process has used, as the kernel counts it. */
import { readFileSync } from 'node:fs';

/** Clock ticks a second: 100 on every Linux that Node.js runs on. */
const ticks = 100;

/** Milliseconds of CPU time of all threads, those that have ended among them, in steps of 10 (proc_pid_stat(5)). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The name in parentheses may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
}

/** Memory in MiB: what is in use now, and the most that ever was (proc_pid_status(5)). */
export function memoryMiB(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}
