import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureTool } from '../tools/ensure.ts';

const exec = promisify(execFile);

/** Writes these files into a new folder and has the real opa build them, with more flags; gives the archive. */
export async function opaBundle(
  folder: string,
  files: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const output = `${folder}.tar.gz`;
  await exec(await ensureTool('opa'), ['build', '-t', 'wasm', '-b', '.', '-o', output, ...flags], {
    cwd: folder,
  });
  return output;
}
