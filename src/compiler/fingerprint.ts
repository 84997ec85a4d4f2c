import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSourceName } from './sources.ts';

/** A text that is another one when a file of a policy, of data or of cases at or below these paths may have changed. */
export async function fingerprint(paths: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const look = async (path: string): Promise<void> => {
    // What is gone, or may not be read, is told by whoever reads it.
    const info = await stat(path, { bigint: true }).catch(() => undefined);
    if (info === undefined) lines.push(`${path}\0gone`);
    else lines.push([path, info.ino, info.size, info.mtimeNs, info.ctimeNs].join('\0'));
  };
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      // oxlint-disable no-await-in-loop -- in order; some hundred files
      if (entry.isDirectory()) await walk(path);
      else if (isSourceName(entry.name) || /\.(ya?ml|json)$/i.test(entry.name)) await look(path);
      // oxlint-enable no-await-in-loop
    }
  };
  for (const path of paths) {
    // oxlint-disable-next-line no-await-in-loop
    const info = await stat(path).catch(() => undefined);
    // oxlint-disable-next-line no-await-in-loop -- of a folder only what is in it: its own times change with an output
    await (info?.isDirectory() === true ? walk(path) : look(path));
  }
  return lines.sort().join('\n');
}
