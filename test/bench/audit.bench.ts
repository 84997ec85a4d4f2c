/**
 * What an audit of a big cluster takes of the shipped program: `node test/bench/audit.bench.ts`, after `make build`. The API
 * server is simulated, with objects of real size; no kubelet is connected to. Figures to read, not a test.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { print } from './measure.ts';
import { simulate, type Cluster } from './scale/simulate.ts';

const executable = new URL('../../dist/rego-csr-approver', import.meta.url).pathname;

/** Most memory that a process has had, in MiB; 0 when it has ended. */
function mostOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

async function measure(what: string, cluster: Cluster): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'audit-bench-'));
  const simulated = await simulate(directory, cluster);
  try {
    const began = performance.now();
    const args = ['audit', '-o', 'json', '--fail-on', 'none', '--kubeconfig', simulated.config];
    const child = spawn(executable, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let [lines, bytes, most] = [0, 0, 0];
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      lines += chunk.reduce((count, octet) => count + (octet === 10 ? 1 : 0), 0);
    });
    const timer = setInterval(() => (most = Math.max(most, mostOf(child.pid))), 100);
    await once(child, 'close');
    clearInterval(timer);
    const seconds = (performance.now() - began) / 1000;
    print(what, String(child.exitCode), seconds, String(lines), bytes / 2 ** 20, String(Math.round(most)));
  } finally {
    await simulated.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

print('cluster', 'exit', 'seconds', 'lines', 'MiB', 'most RSS MiB');
const none = { nodes: 0, issued: 0, abandoned: 0, pending: 0 };
const rows: readonly [string, Cluster][] = [
  ['empty', none],
  ['1,000 Nodes, as many requests', { ...none, nodes: 1000, issued: 1000 }],
  ['15,000 Nodes, as many requests', { ...none, nodes: 15_000, issued: 15_000 }],
];
// One at a time: they would take each other's CPU.
// oxlint-disable-next-line no-await-in-loop
for (const [what, cluster] of rows) await measure(what, cluster);
