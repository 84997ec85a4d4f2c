import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RepositoryFiles } from './repository.ts';

/** Writes files below a directory, and replaces none; scripts are executable. */
export async function writeFiles(directory: string, files: RepositoryFiles): Promise<void> {
  for (const [path, bytes] of files) {
    const file = join(directory, path);
    // oxlint-disable-next-line no-await-in-loop -- a few dozen small files
    await mkdir(dirname(file), { recursive: true });
    // oxlint-disable-next-line no-await-in-loop
    await writeFile(file, bytes, { flag: 'wx', mode: path.endsWith('.sh') ? 0o777 : 0o666 });
  }
}
