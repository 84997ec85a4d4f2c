/** Binaries that the user has already: taken only where they report exactly the pinned version. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { run } from './run.ts';
import type { Tool } from './tools.ts';

/** Asking a version takes milliseconds; a program that does not answer is not the one we look for. */
const versionTimeoutMs = 20_000;

/** The path of a fitting binary in KUBEBUILDER_ASSETS or on PATH. */
export async function findInstalled(tool: Tool): Promise<string | undefined> {
  const directories = [
    process.env['KUBEBUILDER_ASSETS'] ?? '',
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  for (const directory of new Set(directories)) {
    if (!isAbsolute(directory)) continue;
    const file = join(directory, tool.program);
    if (isExecutable(file) && (await reportedVersion(tool, file)) === tool.version) return file;
  }
  return undefined;
}

/** What a binary says its version is, with a `v` in front; undefined where it says none. */
export async function reportedVersion(tool: Tool, file: string): Promise<string | undefined> {
  const result = await run(file, tool.versionArguments, { timeoutMs: versionTimeoutMs });
  if (result.kind !== 'exit' || result.code !== 0) return undefined;
  const version = tool.versionPattern.exec(result.stdout)?.[1];
  return version === undefined ? undefined : `v${version.replace(/^v/, '')}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
