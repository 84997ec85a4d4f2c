/**
 * Builds the tools that are named, where they are not there yet, and prints `name path` for each.
 *
 *     node test/tools/main.ts opa kube-apiserver      # or: all
 *     node test/tools/main.ts --print-path opa regal  # their directories, to put in front of PATH
 *     node test/tools/main.ts clean
 */
import { rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { cacheRoot } from './cache.ts';
import { ensureTool } from './ensure.ts';
import { ToolError } from './error.ts';
import { liveOwner } from './lock.ts';
import { toolNames } from './tools.ts';

/** Asked for by name: the kubelet, for which only tests that run as root have a use, and older Kubernetes. */
const all = toolNames.filter(
  (name) => name !== 'kubelet' && (!name.includes('@') || name.startsWith('opa@')),
);

const usage = `usage: main.ts [--print-path] NAME… | all | clean\nnames: ${toolNames.join(' ')}`;

async function main(args: readonly string[], signal: AbortSignal): Promise<string> {
  const printPath = args.includes('--print-path');
  const names = args.filter((argument) => argument !== '--print-path');
  if (names.length === 0 || names.some((name) => name.startsWith('-'))) throw new ToolError(usage);
  if (names[0] === 'clean') return clean();
  const paths = new Map<string, string>();
  for (const name of names.includes('all') ? all : names) paths.set(name, await ensureTool(name, { signal }));
  if (printPath) return [...new Set([...paths.values()].map((path) => dirname(path)))].join(delimiter);
  return [...paths].map((entry) => entry.join(' ')).join('\n');
}

function clean(): string {
  for (const name of toolNames) {
    const owner = liveOwner(join(cacheRoot(), `${name}.lock`));
    if (owner !== undefined)
      throw new ToolError(`process ${owner.pid} is building ${name}: stop it, or wait for it, then clean`);
  }
  rmSync(cacheRoot(), { recursive: true, force: true });
  return (
    `removed ${cacheRoot()}\n` +
    "Go's own build cache, several GB, is shared with your other projects: `go clean -cache` empties it."
  );
}

const interruption = new AbortController();
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [signal, code] of Object.entries(signals)) {
  process.once(signal, () => {
    process.exitCode = code;
    interruption.abort(new ToolError(`interrupted by ${signal}`));
  });
}
try {
  console.log(await main(process.argv.slice(2), interruption.signal));
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  console.error(error.message);
  process.exitCode ??= 2;
}
