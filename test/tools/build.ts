/** One `go build`, from a module of ours into the cache. */
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedFile, draftDirectory } from './cache.ts';
import { ToolError } from './error.ts';
import { buildFlags, goEnvironment } from './go.ts';
import { reportedVersion } from './installed.ts';
import { duration, type Progress } from './progress.ts';
import type { Tool } from './tools.ts';

const heartbeatMs = 30_000;
/** What Go says when it cannot reach the module proxy. */
const networkTrouble =
  /dial tcp|no such host|i\/o timeout|connection re(?:fused|set)|TLS handshake|proxyconnect|network is unreachable|module lookup disabled/;

/** Builds into a draft directory and renames: a killed build leaves nothing that looks like a tool. */
export async function build(tool: Tool, progress: Progress, signal?: AbortSignal): Promise<string> {
  const title = `${tool.name} ${tool.version}`;
  const draft = draftDirectory(tool);
  const output = join(draft, tool.program);
  const started = performance.now();
  const elapsed = (): string => duration(performance.now() - started);
  progress(`${title}: building, ${aboutMinutes(tool.coldMinutes)}, first time only`);
  const heartbeat = setInterval(() => progress(`${title}: still building after ${elapsed()}`), heartbeatMs);
  try {
    mkdirSync(draft, { recursive: true });
    const result = await goBuild(tool, output, signal);
    signal?.throwIfAborted();
    if (result.code !== 0) throw new ToolError(failure(title, result));
    const version = await reportedVersion(tool, output);
    if (version !== tool.version)
      throw new ToolError(`${title}: what was built reports version ${version ?? 'none at all'}`);
    const file = cachedFile(tool);
    mkdirSync(dirname(file), { recursive: true });
    renameSync(output, file);
    progress(`${title}: built in ${elapsed()}`);
    return file;
  } finally {
    clearInterval(heartbeat);
    rmSync(draft, { recursive: true, force: true });
  }
}

type BuildResult = { readonly code: number | null; readonly messages: string };

function goBuild(tool: Tool, output: string, signal?: AbortSignal): Promise<BuildResult> {
  return new Promise((resolve, reject) => {
    const args = ['build', ...buildFlags, '-ldflags', tool.ldflags, '-o', output, tool.importPath];
    const child = spawn('go', args, {
      cwd: tool.moduleDirectory,
      env: goEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A group of its own: go, its compilers and its linker are stopped together.
    });
    let messages = '';
    const collect = (text: string): void => void (messages += text);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const abort = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    child.once('error', reject);
    child.once('close', (code) => {
      signal?.removeEventListener('abort', abort);
      resolve({ code, messages });
    });
  });
}

function failure(title: string, { code, messages }: BuildResult): string {
  const said = messages
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('go: downloading '))
    .join('\n');
  const what = networkTrouble.test(said)
    ? `${title}: its Go modules could not be downloaded; are the network and the GOPROXY reachable? Go said:`
    : `${title}: go build ${code === null ? 'was killed' : `failed with exit code ${code}`}. Go said:`;
  return `${what}\n${said}`;
}

function aboutMinutes(minutes: number): string {
  return minutes <= 1 ? 'about a minute' : `about ${Math.ceil(minutes)} minutes`;
}
