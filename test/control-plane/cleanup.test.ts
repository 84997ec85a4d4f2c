/** Nothing outlives the process that started a control plane, whenever and however that ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureTool } from '../tools/ensure.ts';
import { mayBeAlive, self } from '../tools/owner.ts';
import { startControlPlane } from './control-plane.ts';

const seconds = 1000;
let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'cleanup-test-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true, force: true });
});

/** Everything it makes is below `temporary`, and goes as the last thing: after the processes. */
async function expectNothingLeft(pids: readonly number[] = []): Promise<void> {
  await vi.waitFor(() => {
    expect(readdirSync(temporary)).toEqual([]);
    expect(pids.filter((pid) => mayBeAlive({ pid, started: '', host: self.host }))).toEqual([]);
  }, 5 * seconds);
}

function launch(file: string): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, file)], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

test('after SIGKILL of the process that owns it', async () => {
  const owner = launch('owner-fixture.ts');
  const { dir, pids }: { dir: string; pids: number[] } = JSON.parse(await firstLine(owner));
  expect(pids).toHaveLength(4);
  expect(existsSync(dir)).toBe(true);
  owner.kill('SIGKILL');
  await expectNothingLeft(pids);
});

test.for([50, 150, 300, 600, 1200, 1800, 2400])('after SIGKILL %i ms into the start', async (ms) => {
  await Promise.all([
    ensureTool('etcd'),
    ensureTool('kube-apiserver'),
    ensureTool('kube-controller-manager'),
  ]);
  const owner = launch('owner-fixture.ts');
  await sleep(ms);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await expectNothingLeft();
});

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('after %s to the command', async (signal) => {
  const command = launch('main.ts');
  const kubeconfig = await firstLine(command);
  expect(existsSync(kubeconfig)).toBe(true);
  command.kill(signal);
  expect(await once(command, 'exit')).toEqual([0, null]);
  expect(readdirSync(temporary)).toEqual([]);
});

test('after a component that cannot start, with the end of its log', async () => {
  vi.stubEnv('TMPDIR', temporary);
  const started = startControlPlane({ flags: { apiserver: ['--no-such-flag'] } });
  await expect(started).rejects.toThrow(
    /^kube-apiserver ended while starting, exit code 1; .*\n.*no-such-flag/,
  );
  expect(readdirSync(temporary)).toEqual([]);
});
