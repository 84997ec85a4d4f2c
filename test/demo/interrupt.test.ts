/** However the demo ends, nothing that it started is left. That it ends well, `make test` sees by running it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { mayBeAlive, self } from '../tools/owner.ts';
import { descendants, type Process } from './processes.ts';

let temporary: string;
let demo: ChildProcess;
let output: string;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'demo-test-'));
  output = '';
  demo = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  demo.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
});

afterEach(() => {
  demo.kill('SIGKILL');
  rmSync(temporary, { recursive: true, force: true });
});

const shown = (text: string) => vi.waitUntil(() => output.includes(text), { timeout: 60_000, interval: 20 });

/** Its processes as soon as one of each is there; what a kubectl is for is not told. */
async function running(...programs: readonly string[]): Promise<Process[]> {
  return vi.waitUntil(
    () => {
      const found = descendants(demo.pid ?? 0);
      const isThere = (program: string) => found.some(({ command }) => command.includes(program));
      return programs.every(isThere) ? found : undefined;
    },
    { timeout: 20_000, interval: 20 },
  );
}

function expectNothingLeft(processes: readonly Process[]): void {
  expect(processes.filter(({ pid }) => mayBeAlive({ pid, started: '', host: self.host }))).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
}

const everything = ['supervisor-main', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'approver.mjs'];

test.for([
  { signal: 'SIGINT', code: 130, after: 'registered their addresses', programs: everything },
  { signal: 'SIGTERM', code: 143, after: 'rogue-1', programs: everything },
  { signal: 'SIGINT', code: 130, after: 'A control plane', programs: ['supervisor-main', 'etcd'] },
] as const)('$signal after "$after"', async ({ signal, code, after, programs }) => {
  await shown(after);
  const processes = await running(...programs);
  demo.kill(signal);
  expect(await once(demo, 'exit')).toEqual([code, null]);
  expect(output).toContain('Interrupted');
  expectNothingLeft(processes);
});

test('fails, and tells why, when the approver dies', async () => {
  await shown('registered their addresses');
  const processes = await running(...everything);
  const approver = processes.find(({ command }) => command.includes('approver.mjs'));
  process.kill(approver?.pid ?? 0, 'SIGKILL');
  expect(await once(demo, 'exit')).toEqual([1, null]);
  expect(output).toContain('The demo failed. the approver has ended: SIGKILL');
  expect(output).toContain("the approver's log, its end");
  expectNothingLeft(processes);
});
