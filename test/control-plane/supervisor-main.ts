/**
 * The process that owns one control plane: it starts the components, and stops them and removes their directory
 * when asked to, and as well when the channel to the test ends, however the test ended (SIGKILL too).
 * It runs in a session of its own, so that Ctrl-C in a terminal reaches only the test.
 *
 * A single process starts, signals and reaps: it holds the components as children, so a pid that it signals
 * cannot have become someone else's.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logFileName, stopOrder, type ComponentName, type Report, type Request } from './protocol.ts';

const dir = mkdtempSync(join(tmpdir(), 'rego-csr-approver-'));
const children = new Map<ComponentName, ChildProcess>();
let stopping: Promise<void> | undefined;

function report(message: Report): void {
  // The test may be gone at any moment: then there is no one to tell.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function start(id: number, name: ComponentName, file: string, args: readonly string[]): void {
  if (stopping !== undefined || children.has(name)) {
    report({ kind: 'reply', id, error: stopping === undefined ? `${name} runs already` : 'stopping' });
    return;
  }
  const log = openSync(join(dir, logFileName(name)), 'a');
  // Relative socket paths are short enough for sun_path wherever the directory is. No ETCD_* from outside.
  const env = { PATH: process.env['PATH'], HOME: dir, TMPDIR: process.env['TMPDIR'] };
  const child = spawn(file, args, { cwd: dir, env, stdio: ['ignore', log, log] });
  closeSync(log);
  children.set(name, child);
  child.once('error', (error) => {
    children.delete(name);
    report({ kind: 'reply', id, error: error.message });
  });
  child.once('spawn', () => {
    const pid = child.pid ?? 0;
    child.once('exit', (code, signal) => {
      children.delete(name);
      report({ kind: 'exit', name, pid, how: signal === null ? `exit code ${code}` : `signal ${signal}` });
    });
    report({ kind: 'reply', id, pid });
  });
}

/** Nothing here is worth a graceful end: data and certificates go with the directory. */
async function stopAll(): Promise<void> {
  for (const name of stopOrder) {
    const child = children.get(name);
    if (child === undefined) continue;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    if (child.kill('SIGKILL')) await exited;
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

async function stop(): Promise<void> {
  stopping ??= stopAll();
  await stopping;
}

/** With no component, no channel and no request left, the process ends by itself. */
async function quit(): Promise<void> {
  await stop();
  if (process.connected) process.disconnect();
}

process.once('disconnect', () => void quit());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void quit());
process.once('uncaughtException', () => void quit());

process.on('message', (request: Request) => {
  switch (request.op) {
    case 'start':
      start(request.id, request.name, request.file, request.args);
      break;
    case 'signal':
      children.get(request.name)?.kill(request.signal);
      report({ kind: 'reply', id: request.id });
      break;
    case 'stop':
      void stop().then(() => report({ kind: 'reply', id: request.id }));
      break;
  }
});
report({ kind: 'hello', dir });
if (!process.connected) void quit(); // The test ended while this file was being loaded: no event will tell.
