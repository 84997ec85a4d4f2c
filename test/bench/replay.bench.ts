/**
 * Lines a second of `replay`, and the memory that it takes, as the log grows: `LINES=1000000 node test/bench/replay.bench.ts`.
 * The shipped program reads them from standard input, so that no file of some GB is needed. Four of five are decisions on a
 * whole input document, of 2.3 KB a line; one is refused by the floor. `CORES` says on which (taskset), runs apart by semicolons.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { loadPolicies } from '../../src/activation/load.ts';
import { loadConfig } from '../../src/config/load.ts';
import { probeDocument } from '../../src/decide/probe.ts';
import { lineOf } from '../support/decision-lines.ts';
import { print } from './measure.ts';

const program = new URL('../../dist/rego-csr-approver', import.meta.url).pathname;
const most = Number(process.env['LINES'] ?? 100_000);
const cores = (process.env['CORES'] ?? '0;0,1').split(';');

const log = { policies: await loadPolicies(loadConfig(undefined)), count: 0 };
const denied = { selfnodeserver: { allowed: false, denied: false, reason: '' } };
const kinds = [
  await lineOf(log),
  await lineOf(log),
  await lineOf(log),
  await lineOf(log, { sar: denied }),
  await lineOf(log, { sans: { ...probeDocument.sans, dns: ['localhost'] } }),
].map((line) => JSON.stringify(line));

/** Line number `index`, with an id of its own. */
function numbered(index: number): string {
  const id = `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
  return `${(kinds[index % kinds.length] ?? '').replace(/(?<="decision_id":")[^"]+/, id)}\n`;
}

/** MiB that the process has held at most (VmHWM of proc(5)). */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Replays so many lines. */
async function run(lines: number, cpus: string, workers: number) {
  const args = [
    '-c',
    cpus,
    program,
    'replay',
    '-',
    '--workers',
    String(workers),
    '--fail-on',
    'any,reasons,undecidable',
  ];
  const child = spawn('taskset', args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit');
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
  }, 200);
  for (let index = 0; index < lines; index += 500) {
    let block = '';
    for (let at = index; at < Math.min(index + 500, lines); at += 1) block += numbered(at);
    // oxlint-disable-next-line no-await-in-loop -- no faster than it is read
    if (!child.stdin.write(block)) await once(child.stdin, 'drain');
  }
  peak = Math.max(peak, peakOf(child.pid ?? 0));
  clearInterval(watch);
  child.stdin.end();
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(said);
  return { rate: Number(/\((\d+) lines a second\)/.exec(said)?.[1] ?? Number.NaN), peak };
}

print('lines, cores, workers', 'lines/s', 'MiB');
for (const cpus of cores) {
  const several = cpus.includes(',');
  for (const workers of several ? [1, 2] : [1]) {
    for (const lines of several && workers === 1 ? [most / 10, most] : [most / 10]) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time, so that they do not disturb each other
      const { rate, peak } = await run(lines, cpus, workers);
      print(`${String(lines)}, ${cpus}, ${String(workers)}`, rate.toFixed(0), peak.toFixed(0));
    }
  }
}
