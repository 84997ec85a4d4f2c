import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
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
  const places = await Promise.all([resolve(file), target].map(split));
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

async function split(path: string): Promise<{ folder: string; name: string }> {
  return { folder: await canonical(dirname(path)), name: basename(path) };
}

async function canonical(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** What is at an output's place: a stream is a device or a pipe. */
export async function placeOf(file: string): Promise<'nothing' | 'file' | 'directory' | 'stream'> {
  const info = await stat(file).catch(() => undefined);
  if (info === undefined) return 'nothing';
  if (info.isDirectory()) return 'directory';
  return info.isFile() ? 'file' : 'stream';
}

/**
 * Writes a bundle beside its place and moves it there: whoever reads it finds the old one or the new one, whole. A
 * folder that is not there is made. A device or a pipe is written to; of a link its target is replaced.
 * @returns whether it is a file now: what else goes to standard output must not follow a bundle there
 * @throws BuildError OutputUnwritable
 */
export async function writeOutput(file: string, archive: Uint8Array): Promise<boolean> {
  const shown = escapeText(file, 1024);
  const place = await placeOf(file);
  if (place === 'directory')
    throw new BuildError('OutputUnwritable', `${shown} is a directory: name a file in it`);
  if (place === 'stream') {
    await writeFile(file, archive).catch((cause: unknown) => {
      throw new BuildError('OutputUnwritable', `${shown}: cannot be written: ${reasonOf(cause)}`, { cause });
    });
    return false;
  }
  await replace(await canonical(file), archive).catch((cause: unknown) => {
    throw new BuildError(
      'OutputUnwritable',
      `${shown}: nothing can be written into the folder ${escapeText(dirname(file), 1024)}: ${reasonOf(cause)}`,
      { cause },
    );
  });
  return true;
}

async function replace(file: string, archive: Uint8Array): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(draft, archive, { flag: 'wx' });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Without the call and the path that node adds: those of the draft, of which nobody knows. */
function reasonOf(cause: unknown): string {
  return messageOf(cause).replace(/, [a-z]+ '.*$/s, '');
}
