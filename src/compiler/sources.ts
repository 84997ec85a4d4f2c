import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { BuildError } from './error.ts';

/** What a directory may hold at most: what a bundle may, since all of it becomes part of one. */
export interface SourceLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
}

/** A file of a policy directory. */
export interface SourceFile {
  /** Relative to the directory, with slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** A symbolic link has no bytes: nothing is read through it. */
  readonly isLink: boolean;
}

/** Whether OPA reads a file of that name from a bundle's directory (opa/v1/bundle, Reader.Read). */
export function isSourceName(name: string): boolean {
  return /\.(rego|manifest|manifest\.pb)$|^(data\.(json|ya?ml)|policy\.wasm|plan\.(json|pb)|patch\.json|\.signatures\.json)$/.test(
    name,
  );
}

/**
 * Reads everything that OPA would, in its order. Links to such files and to folders are listed, and not followed.
 * @throws BuildError DirectoryUnreadable, DirectoryTooLarge
 */
export async function readSources(directory: string, limits: SourceLimits): Promise<SourceFile[]> {
  const info = await stat(directory).catch(unreadable(directory));
  if (!info.isDirectory()) {
    throw new BuildError(
      'DirectoryUnreadable',
      `${shown(directory)} is not a directory: name the one with the policy`,
    );
  }
  const files: SourceFile[] = [];
  let total = 0;
  const take = async (path: string, at: string): Promise<void> => {
    const { size } = await lstat(at).catch(unreadable(at));
    total += size;
    if (size > limits.entryBytes || total > limits.totalBytes || files.length >= limits.entries) {
      throw new BuildError(
        'DirectoryTooLarge',
        `at ${shown(at)}: more than ${String(limits.entries)} files, ${String(limits.entryBytes)} bytes in one or ${String(limits.totalBytes)} in all`,
      );
    }
    files.push({ path, bytes: await readFile(at).catch(unreadable(at)), isLink: false });
  };
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(
      unreadable(join(directory, folder)),
    );
    // filepath.Walk's order: where two files set the same data, the message names the same one.
    for (const entry of entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const at = join(directory, path);
      // oxlint-disable no-await-in-loop -- in order, and one file in memory after the other
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile() && isSourceName(entry.name)) await take(path, at);
      else if (entry.isSymbolicLink() && (isSourceName(entry.name) || (await leadsToFolder(at)))) {
        files.push({ path, bytes: new Uint8Array(), isLink: true });
      }
      // oxlint-enable no-await-in-loop
    }
  };
  await walk('');
  return files;
}

async function leadsToFolder(link: string): Promise<boolean> {
  return (await stat(link).catch(() => undefined))?.isDirectory() ?? false;
}

const shown = (path: string): string => escapeText(path, 1024);

function unreadable(path: string): (cause: unknown) => never {
  return (cause) => {
    throw new BuildError('DirectoryUnreadable', `${shown(path)}: cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  };
}
