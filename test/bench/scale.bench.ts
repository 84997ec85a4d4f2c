/**
 * What a big cluster costs the shipped program: `node test/bench/scale.bench.ts`, after `make build`. The API server is
 * simulated, with objects of real size: a real one would take an hour to be filled with 15,000 Nodes, and the machine's
 * memory. Figures to read, not a test.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { print } from './measure.ts';
import { nodeObject, requestObject } from './scale/objects.ts';
import { simulate, type Cluster } from './scale/simulate.ts';

const withinMs = 120_000;
/** So long nothing happens before the memory is called idle: V8 returns it some seconds after the work. */
const calmMs = 20_000;

/** Memory of the program in MiB, as the kernel counts it: now, and the most that it ever was. */
function memory({ process: { pid } }: Approver): { now: number; most: number } {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { now: of('VmRSS'), most: of('VmHWM') };
}

/** A sample of the program's metrics; 0 where there is none. */
const sample = (metrics: string, name: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(`csr_approver_${name} `))
      ?.split(' ')
      .at(-1) ?? 0,
  );

async function measure(what: string, cluster: Cluster): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'scale-bench-'));
  const simulated = await simulate(directory, cluster);
  const began = performance.now();
  const approver = Approver.launch({ kubeconfig: simulated.config });
  try {
    const explain = () => approver.log;
    await eventually(() => approver.port, { withinMs, explain });
    await eventually(async () => ((await approver.get('/readyz')).status === 200 ? true : undefined), {
      withinMs,
      explain,
    });
    const readyMs = performance.now() - began;
    const pending = async () => ((await simulated.approved()) >= cluster.pending ? true : undefined);
    await eventually(pending, { withinMs, explain });
    const clearedMs = performance.now() - began;
    const after = memory(approver);
    await sleep(calmMs);
    const idle = memory(approver);
    const { body } = await approver.get('/metrics');
    const list = (resource: string) => sample(body, `list_duration_seconds_sum{resource="${resource}"}`);
    const decisions = sample(body, 'decision_duration_seconds_count');
    print(
      what,
      list('nodes'),
      list('certificatesigningrequests'),
      readyMs / 1000,
      cluster.pending === 0 ? '-' : (clearedMs - readyMs) / 1000,
      decisions === 0 ? '-' : (sample(body, 'decision_duration_seconds_sum') / decisions) * 1000,
      String(Math.round(after.now)),
      String(Math.round(after.most)),
      String(Math.round(idle.now)),
    );
  } finally {
    await approver.stop();
    await simulated.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

const size = (object: object) => `${(JSON.stringify(object).length / 1024).toFixed(1)} KiB`;
const at = '2026-11-22T06:00:00Z';
console.log(`a Node: ${size(nodeObject(1, at))}; a request: ${size(requestObject(1, at, 'issued'))}`);
print(
  'cluster',
  'Nodes s',
  'requests s',
  'ready s',
  'cleared s',
  'decision ms',
  'RSS MiB',
  'most MiB',
  'idle MiB',
);
const none = { nodes: 0, issued: 0, abandoned: 0, pending: 0 };
const rows: readonly [string, Cluster][] = [
  ['empty', none],
  ['15,000 Nodes', { ...none, nodes: 15_000 }],
  ['… 20,000 old requests', { ...none, nodes: 15_000, issued: 20_000 }],
  ['… that nobody ever decided', { ...none, nodes: 15_000, abandoned: 20_000 }],
  ['5,000 Nodes, 3,000 pending', { ...none, nodes: 5_000, pending: 3_000 }],
];
const [only = ''] = process.argv.slice(2);
// One program at a time: they would take each other's CPU.
// oxlint-disable-next-line no-await-in-loop
for (const [what, cluster] of rows) if (what.includes(only)) await measure(what, cluster);
