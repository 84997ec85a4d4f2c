/** From a tool's name to a binary of exactly the pinned version: the cache, what is installed, or a build. */
import { mkdirSync } from 'node:fs';
import { build } from './build.ts';
import { cachedFile, isCached, removeDeadDrafts, toolDirectory } from './cache.ts';
import { checkGo } from './go.ts';
import { findInstalled } from './installed.ts';
import { withLock } from './lock.ts';
import { stderrProgress, type Progress } from './progress.ts';
import { findTool } from './tools.ts';

export type EnsureOptions = {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** The directory of the Go modules, for tests. */
  readonly modules?: string;
};

/** How often someone who waits for another run's build hears of it. */
const waitingMs = 30_000;

/** The path of the named tool, built if it must be. One after another: a Go build uses every core by itself. */
export async function ensureTool(name: string, options: EnsureOptions = {}): Promise<string> {
  const tool = findTool(name, options.modules);
  if (isCached(tool)) return cachedFile(tool);
  const installed = await findInstalled(tool);
  if (installed !== undefined) return installed;
  await checkGo(tool);
  mkdirSync(toolDirectory(tool), { recursive: true });
  const progress = options.progress ?? stderrProgress;
  let said = -Infinity;
  return withLock(
    `${toolDirectory(tool)}.lock`,
    {
      signal: options.signal,
      waiting: (owner) => {
        if (performance.now() - said < waitingMs) return;
        said = performance.now();
        progress(`${tool.name} ${tool.version}: waiting, process ${owner.pid} is building it`);
      },
    },
    async () => {
      if (isCached(tool)) return cachedFile(tool);
      removeDeadDrafts(tool);
      return build(tool, progress, options.signal);
    },
  );
}
