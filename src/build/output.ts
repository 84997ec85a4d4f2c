import { randomUUID } from 'node:crypto';
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { BuildError } from './error.ts';
import { isSourceName } from './sources.ts';

/**
 * Refuses an output that the next build would read as part of the policy.
 * @throws BuildError OutputInSource
 */
export async function checkOutput(file: string, directory: string): Promise<void> {
  const source = await canonical(resolve(directory));
  // Of a link its target is replaced.
  const target = await canonical(resolve(file));
  const places = await Promise.all([resolve(file), target].map(placeOf));
  const isRead = places.some(
    ({ folder, name }) =>
      isSourceName(name) && (folder === source || folder.startsWith(source === sep ? sep : source + sep)),
  );
  if (!isRead) return;
  throw new BuildError(
    'OutputInSource',
    `--output ${escapeText(file, 1024)} would be read as part of the policy by the next build: name a .tar.gz, or a place outside of ${escapeText(directory, 1024)}`,
  );
}

async function placeOf(path: string): Promise<{ folder: string; name: string }> {
  return { folder: await canonical(dirname(path)), name: basename(path) };
}

async function canonical(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/**
 * Writes a bundle beside its place and moves it there: whoever reads it finds the old one or the new one, whole. A
 * device or a pipe is written to; of a link its target is replaced.
 * @returns whether it is a file now: what else goes to standard output must not follow a bundle there
 * @throws BuildError OutputUnwritable
 */
export async function writeOutput(file: string, archive: Uint8Array): Promise<boolean> {
  try {
    const info = await stat(file).catch(() => undefined);
    if (info?.isDirectory() === true) throw new Error('it is a directory');
    if (info !== undefined && !info.isFile()) {
      await writeFile(file, archive);
      return false;
    }
    await replace(await canonical(file), archive);
    return true;
  } catch (cause) {
    throw new BuildError(
      'OutputUnwritable',
      `${escapeText(file, 1024)}: cannot be written: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

async function replace(file: string, archive: Uint8Array): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
  try {
    await writeFile(draft, archive, { flag: 'wx' });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
