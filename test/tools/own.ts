/** Go programs of our own: built from their folder into the user's cache, once for each state of their sources. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { ToolError } from './error.ts';
import { buildFlags, goEnvironment, platform } from './go.ts';

/** Beside the tools' cache, not in it: the key is the sources, not a released version. */
function cacheDirectory(program: string): string {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'rego-csr-approver', program);
}

function executable(folder: string): string {
  const program = basename(folder);
  const hash = createHash('sha256').update(JSON.stringify([buildFlags, platform]));
  const sources = readdirSync(folder).filter((file) => /\.go$|^go\.(?:mod|sum)$/.test(file));
  for (const file of sources.sort()) hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  return join(cacheDirectory(program), hash.digest('hex').slice(0, 16), program);
}

/**
 * The path of an up-to-date program, called as its folder is. Two builds at once do no harm: each renames its own file
 * into place.
 */
export async function buildOwn(folder: string): Promise<string> {
  const file = executable(folder);
  if (existsSync(file)) return file;
  const draft = `${file}.${process.pid}.${Date.now()}`;
  mkdirSync(join(file, '..'), { recursive: true });
  try {
    await goBuild(folder, draft);
    renameSync(draft, file);
    return file;
  } finally {
    rmSync(draft, { force: true });
  }
}

function goBuild(folder: string, output: string): Promise<void> {
  const program = basename(folder);
  return new Promise((resolve, reject) => {
    const child = spawn('go', ['build', ...buildFlags, '-o', output, '.'], {
      cwd: folder,
      env: goEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let messages = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (messages += text));
    child.once('error', () => {
      reject(
        new ToolError(
          `Go is needed to build the ${program} (${join(folder, 'go.mod')}), and there is no go on PATH.`,
        ),
      );
    });
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new ToolError(`${program}: go build failed with exit code ${code}. Go said:\n${messages}`));
    });
  });
}
