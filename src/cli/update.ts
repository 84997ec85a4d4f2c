import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../text/message.ts';
import { CommandError } from './error.ts';
import {
  type RepositoryFiles,
  knobsOf,
  sumOf,
  sumsFile,
  sumsOf,
  vendoredFolder,
  vendoredOf,
} from './repository.ts';
import { writeFiles } from './write-files.ts';

/**
 * Puts this version's vendored files in the place of another's. Refuses, before it writes anything, if one of them was
 * edited or if there are others among them; an update that was interrupted can be repeated.
 * @returns what changed, a line each
 */
export async function updateRepository(directory: string, template: RepositoryFiles): Promise<string[]> {
  const sums = await readSums(directory);
  const next = vendoredOf(template);
  await checkUnedited(directory, sums, next);
  const write = new Map<string, Uint8Array>();
  const lines: string[] = [];
  for (const [path, bytes] of next) {
    // oxlint-disable-next-line no-await-in-loop -- a few dozen small files
    const present = await readPlain(directory, path);
    if (present !== undefined && sumOf(present) === sumOf(bytes)) continue;
    lines.push(`${present === undefined ? 'added' : 'replaced'} ${path}`);
    write.set(path, bytes);
  }
  for (const [path, bytes] of knobsOf(template)) {
    // Knobs belong to the repository: only those of a package that is new in this version come along.
    // oxlint-disable-next-line no-await-in-loop
    if (sumsHaveFolder(sums, dirname(path)) || (await readPlain(directory, path)) !== undefined) continue;
    lines.push(`added ${path}`);
    write.set(path, bytes);
  }
  const gone = [...sums.keys()].filter((path) => !next.has(path));
  lines.push(...gone.map((path) => `removed ${path}`));
  const nextSums = sumsOf(next);
  if (lines.length > 0 || sumOf(nextSums) !== sumOf(await readFile(join(directory, sumsFile)))) {
    await replace(directory, write, gone, nextSums);
  }
  return lines.sort();
}

/** Paths that may be written or removed, whatever the sums say. */
const vendoredPath =
  /^(policy\/csr\/([a-z0-9_]+\/)*[A-Za-z0-9_]+\.(rego|md)|schemas\/[a-z_]+(\.data)?\.json|capabilities\.json)$/;

async function readSums(directory: string): Promise<Map<string, string>> {
  const bytes = await readPlain(directory, sumsFile);
  if (bytes === undefined) {
    throw new CommandError(
      'NotAPolicyRepository',
      `${directory} has no ${sumsFile}: name a directory that \`init\` made`,
    );
  }
  const sums = new Map<string, string>();
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    if (line === '') continue;
    const [, sum = '', path = ''] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (!vendoredPath.test(path)) {
      throw new CommandError('NotAPolicyRepository', `${sumsFile}: not as \`init\` wrote it: restore it`);
    }
    sums.set(path, sum);
  }
  return sums;
}

function sumsHaveFolder(sums: ReadonlyMap<string, string>, folder: string): boolean {
  return [...sums.keys()].some((path) => dirname(path) === folder);
}

/** Each vendored file is as it was written, or as it is about to be; and there are no rules beside them. */
async function checkUnedited(
  directory: string,
  sums: ReadonlyMap<string, string>,
  next: RepositoryFiles,
): Promise<void> {
  const edited: string[] = [];
  for (const path of new Set([...sums.keys(), ...next.keys()])) {
    // oxlint-disable-next-line no-await-in-loop
    const present = await readPlain(directory, path);
    const fresh = next.get(path);
    const allowed = [sums.get(path), fresh === undefined ? undefined : sumOf(fresh)];
    if (present === undefined ? sums.has(path) && fresh !== undefined : !allowed.includes(sumOf(present))) {
      edited.push(path);
    }
  }
  // Where the folder is gone, so are the files in it, which is told of them.
  const folder = join(directory, vendoredFolder);
  const below = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new CommandError('DirectoryUnreadable', `${folder}: ${messageOf(cause)}`, { cause });
  });
  for (const entry of below) {
    const path = join(entry.parentPath, entry.name).slice(directory.length + 1);
    if (path.endsWith('.rego') && !sums.has(path) && !next.has(path)) edited.push(path);
  }
  if (edited.length === 0) return;
  throw new CommandError(
    'VendoredEdited',
    `not as \`init\` wrote them: ${edited.sort().join(', ')}: move rules of your own out of ${vendoredFolder}, restore the files (git checkout), and try again`,
  );
}

/** Bytes of a file that is reached without following any link; undefined if there is none. */
async function readPlain(directory: string, path: string): Promise<Uint8Array | undefined> {
  const parts = path.split('/');
  for (let length = 0; length <= parts.length; length += 1) {
    const at = join(directory, ...parts.slice(0, length));
    // oxlint-disable-next-line no-await-in-loop -- from the top down
    const info = await lstat(at).catch(() => undefined);
    if (info === undefined) return undefined;
    if (length < parts.length ? !info.isDirectory() : !info.isFile()) {
      const wanted = length < parts.length ? 'directory' : 'file';
      throw new CommandError(
        'LinkRefused',
        `${at} is not a plain ${wanted}: nothing is read or written through it`,
      );
    }
  }
  return readFile(join(directory, path));
}

/** Writes all beside their places, then moves each into its own; the sums come last. */
async function replace(
  directory: string,
  write: RepositoryFiles,
  gone: readonly string[],
  sums: Uint8Array,
): Promise<void> {
  try {
    const draft = await mkdtemp(join(directory, '.update-'));
    try {
      await writeFiles(draft, new Map([...write, [sumsFile, sums]]));
      for (const path of write.keys()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other: the sums only when all are there
        await mkdir(dirname(join(directory, path)), { recursive: true });
        // oxlint-disable-next-line no-await-in-loop
        await rename(join(draft, path), join(directory, path));
      }
      await Promise.all(gone.map((path) => rm(join(directory, path), { force: true })));
      await rename(join(draft, sumsFile), join(directory, sumsFile));
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new CommandError('DirectoryUnwritable', `${directory}: ${messageOf(cause)}`, { cause });
  }
}
