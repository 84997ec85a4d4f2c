/** Where built tools live: outside the repository, one directory for everything that decides what a build yields. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { buildFlags, platform } from './go.ts';
import { mayBeAlive, self } from './owner.ts';
import type { Tool } from './tools.ts';

const draftPrefix = '.building';

/** The cache of all tools; relative XDG paths are to be ignored (XDG Base Directory Specification). */
export function cacheRoot(): string {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'rego-csr-approver', 'tools');
}

export function toolDirectory(tool: Tool): string {
  return join(cacheRoot(), tool.name);
}

/** The executable's place; the key covers the module's files, the flags and the platform. */
export function cachedFile(tool: Tool): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(tool.moduleDirectory, file)));
  hash.update(JSON.stringify([tool.importPath, tool.ldflags, buildFlags, platform]));
  const key = `${tool.version}-${hash.digest('hex').slice(0, 12)}`;
  return join(toolDirectory(tool), key, tool.program);
}

export function isCached(tool: Tool): boolean {
  return existsSync(cachedFile(tool));
}

/** A directory to build in: on the cache's file system, so that a rename can put the result in place. */
export function draftDirectory(tool: Tool): string {
  return join(toolDirectory(tool), [draftPrefix, self.pid, self.started, self.host].join('~'));
}

/** Removes what builds that were killed have left. */
export function removeDeadDrafts(tool: Tool): void {
  for (const name of readdirSync(toolDirectory(tool))) {
    const [prefix, pid = '', started = '', host = ''] = name.split('~');
    if (prefix !== draftPrefix || mayBeAlive({ pid: Number(pid), started, host })) continue;
    rmSync(join(toolDirectory(tool), name), { recursive: true, force: true });
  }
}
