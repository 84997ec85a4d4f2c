import { lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { escapeText } from '../text/escape.ts';
import { messageOf } from '../text/message.ts';
import { CommandError, type ExitCode, exitCode } from './error.ts';
import type { IO } from './io.ts';
import { type RepositoryFiles, exampleNames, readTemplate, repositoryOf } from './repository.ts';
import { updateRepository } from './update.ts';
import { writeFiles } from './write-files.ts';

export interface InitOptions {
  readonly package?: string;
  readonly example?: string;
  readonly update: boolean;
}

/** Writes a policy repository, or brings what is vendored in one up to date. */
export async function initCommand(directory: string, options: InitOptions, io: IO): Promise<ExitCode> {
  const target = resolve(directory);
  const template = await readTemplate();
  if (options.update) {
    if (options.package !== undefined || options.example !== undefined) {
      throw new CommandError('OptionsConflict', '--update takes neither --package nor --example');
    }
    const changed = await updateRepository(target, template);
    for (const line of changed) io.out(`${escapeText(line, 1024)}\n`);
    io.out(changed.length === 0 ? 'nothing to update\n' : 'review the changes, and run ./ci.sh\n');
    return exitCode.yes;
  }
  const example = options.example ?? 'extend';
  const known = exampleNames(template);
  if (!known.includes(example)) {
    throw new CommandError(
      'ExampleUnknown',
      `there is no example ${escapeText(example)}; there are ${known.join(', ')}`,
    );
  }
  if (options.package !== undefined) checkPackage(options.package);
  await place(target, repositoryOf(template, example, options.package));
  io.out(`${escapeText(directory, 1024)} is ready: read its README.md, and run its ci.sh\n`);
  return exitCode.yes;
}

const keywords = new Set(
  'as contains data default else every false if import in input not null package some true with'.split(' '),
);

/** A package that Rego can name and that is not the default policy's, nor the floor's. */
function checkPackage(name: string): void {
  const parts = name.split('.');
  const named = /^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){0,7}$/.test(name);
  if (!named || parts.some((part) => keywords.has(part) || part.endsWith('_test'))) {
    throw new CommandError(
      'PackageInvalid',
      `${escapeText(name)} is no package name: write words in lower case between dots, such as acme.kubelet_serving; no keyword of Rego, none that ends in _test`,
    );
  }
  if (parts[0] === 'csr' || parts[0] === 'system') {
    throw new CommandError('PackageInvalid', `packages below ${parts[0]} are taken: begin with another word`);
  }
}

/** Writes everything into a directory beside the target first, so that an error leaves nothing behind. */
async function place(target: string, files: RepositoryFiles): Promise<void> {
  const exists = await checkFree(target);
  const draft = await mkdtemp(join(dirname(target), `.${basename(target)}-`)).catch((cause: unknown) => {
    throw new CommandError('DirectoryUnwritable', `${dirname(target)}: ${messageOf(cause)}`, { cause });
  });
  const placed: string[] = [];
  try {
    await writeFiles(join(draft, 'repository'), files);
    if (exists) {
      // Into the directory itself, which may be somebody's working directory: entry by entry, none replaced.
      for (const entry of await readdir(join(draft, 'repository'))) {
        // oxlint-disable-next-line no-await-in-loop -- what was placed must be known if the next one fails
        await placeEntry(join(draft, 'repository', entry), join(target, entry));
        placed.push(join(target, entry));
      }
    } else {
      await rename(join(draft, 'repository'), target);
    }
  } catch (cause) {
    await Promise.all(placed.map((path) => rm(path, { recursive: true, force: true })));
    if (cause instanceof CommandError) throw cause;
    throw new CommandError('DirectoryUnwritable', `${target}: ${messageOf(cause)}`, { cause });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function placeEntry(from: string, to: string): Promise<void> {
  if ((await lstat(to).catch(() => undefined)) !== undefined) {
    throw new CommandError('DirectoryNotEmpty', `${to} has appeared meanwhile`);
  }
  await rename(from, to);
}

/** Whether the target is there, which must then be an empty directory and no link to one. */
async function checkFree(target: string): Promise<boolean> {
  const info = await lstat(target).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined;
    throw new CommandError('DirectoryUnwritable', `${target}: ${messageOf(cause)}`, { cause });
  });
  if (info === undefined) return false;
  if (!info.isDirectory()) {
    const kind = info.isSymbolicLink() ? 'a symbolic link' : 'not a directory';
    throw new CommandError('NotADirectory', `${target} is ${kind}: name a new or an empty directory`);
  }
  if ((await readdir(target)).length > 0) {
    throw new CommandError(
      'DirectoryNotEmpty',
      `${target} is not empty: nothing is ever overwritten; name a new directory, or use --update in a policy repository`,
    );
  }
  return true;
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
