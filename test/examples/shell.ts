/** Policy repositories, and the stock tools beside the shipped program. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTool } from '../tools/ensure.ts';
import { run } from '../tools/run.ts';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
/** The system's own, for bash, coreutils and awk. */
const system = ['/usr/local/bin', '/usr/bin', '/bin'];

export const policyTools = ['opa', 'conftest', 'regal', 'rego-csr-approver'] as const;
type PolicyTool = (typeof policyTools)[number];

/** PATH with the pinned tools and the shipped program. */
export async function toolPath(): Promise<string> {
  return [...(await toolDirectories(policyTools)), ...system].join(delimiter);
}

/** PATH on which one tool is not, even where the machine has one of its own: `links` is filled with all others. */
export async function pathWithout(tool: string, links: string): Promise<string> {
  mkdirSync(links);
  for (const directory of system) {
    for (const name of readdirSync(directory)) {
      const link = join(links, name);
      if (name !== tool && !existsSync(link)) symlinkSync(join(directory, name), link);
    }
  }
  return [...(await toolDirectories(policyTools.filter((name) => name !== tool))), links].join(delimiter);
}

function toolDirectories(names: readonly PolicyTool[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) => (name === 'rego-csr-approver' ? dist : dirname(await ensureTool(name)))),
  );
}

export interface ShellResult {
  readonly code: number;
  /** Both streams, one after the other. */
  readonly said: string;
}

/** Runs a script in a directory; nothing of the environment is passed on but what the tools need. */
export async function shell(script: string, cwd: string, path: string): Promise<ShellResult> {
  const env = { PATH: path, HOME: '/nonexistent', TMPDIR: tmpdir() };
  const result = await run('/bin/bash', ['-euc', script], { cwd, env, timeoutMs: 110_000 });
  if (result.kind !== 'exit') throw new Error(`${script}: ${result.kind}: ${result.stderr}`);
  return { code: result.code, said: `${result.stdout}${result.stderr}` };
}

/** Every file below a directory, with its content. */
export function filesOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(directory.length + 1), readFileSync(path, 'utf8')] as const;
    }),
  );
}

/** A directory of which copies can be made, all removed at the end. */
export class Scratch {
  readonly root = mkdtempSync(join(tmpdir(), 'policy-repository-'));

  path(name: string): string {
    return join(this.root, name);
  }

  copyOf(name: string): string {
    const copy = mkdtempSync(join(this.root, 'copy-'));
    cpSync(this.path(name), copy, { recursive: true });
    return copy;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
