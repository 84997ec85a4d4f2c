/** The oracle's executable: built from this folder into the user's cache, once for each state of its sources. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ToolError } from '../tools/error.ts';
import { buildFlags, goEnvironment, platform } from '../tools/go.ts';

const here = import.meta.dirname;

/** Beside the tools' cache, not in it: the key is the sources, not a released version. */
function cacheDirectory(): string {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'rego-csr-approver', 'oracle');
}

function executable(): string {
  const hash = createHash('sha256').update(JSON.stringify([buildFlags, platform]));
  const sources = readdirSync(here).filter((file) => /\.go$|^go\.(?:mod|sum)$/.test(file));
  for (const file of sources.sort()) hash.update(`\0${file}\0`).update(readFileSync(join(here, file)));
  return join(cacheDirectory(), hash.digest('hex').slice(0, 16), 'oracle');
}

/** The path of an up-to-date oracle. Two builds at once do no harm: each renames its own file into place. */
export async function buildOracle(): Promise<string> {
  const file = executable();
  if (existsSync(file)) return file;
  const draft = `${file}.${process.pid}.${Date.now()}`;
  mkdirSync(join(file, '..'), { recursive: true });
  try {
    await goBuild(draft);
    renameSync(draft, file);
    return file;
  } finally {
    rmSync(draft, { force: true });
  }
}

function goBuild(output: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', ['build', ...buildFlags, '-o', output, '.'], {
      cwd: here,
      env: goEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let messages = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (messages += text));
    child.once('error', () => {
      reject(
        new ToolError('Go is needed to build the oracle (test/oracle/go.mod), and there is no go on PATH.'),
      );
    });
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new ToolError(`oracle: go build failed with exit code ${code}. Go said:\n${messages}`));
    });
  });
}
