/** The Go toolchain: whether it is there and new enough, and the environment that makes its builds ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from './error.ts';
import { run } from './run.ts';
import type { Tool } from './tools.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Platform in Go's words; tools always run where they are built, whatever GOOS and GOARCH say. */
export const platform = {
  GOOS: process.platform as string,
  GOARCH: architectures[process.arch] ?? process.arch,
} as const;

export const buildFlags: readonly string[] = ['-trimpath', '-mod=readonly', '-buildvcs=false'];

/**
 * Settings of the user that would change what is built, or break it, are replaced: GOFLAGS (-mod=vendor, -tags),
 * a go.work further up, GO111MODULE=off (empty would not do: Go then looks into the file of `go env -w`). Where modules come from (GOPROXY, GONOSUMDB, …) and GOTOOLCHAIN stay theirs.
 */
export function goEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...platform,
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    GO111MODULE: 'on',
    CGO_ENABLED: '0',
  };
}

/** One clear sentence when Go is missing, or older than the module's `go` directive. */
export async function checkGo(tool: Pick<Tool, 'name' | 'version' | 'moduleDirectory'>): Promise<void> {
  const needed = goDirective(tool);
  const purpose = `Go ${needed} or newer is needed to build ${tool.name} ${tool.version}`;
  const result = await run('go', ['version'], { cwd: tool.moduleDirectory, env: goEnvironment() });
  if (result.kind === 'missing') throw new ToolError(`${purpose}, and there is no go on PATH.`);
  const found = /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(result.stdout)?.[1];
  // Go itself may fail here: with GOTOOLCHAIN=auto an older one fetches the toolchain that go.mod asks for.
  if (result.kind !== 'exit' || result.code !== 0 || found === undefined)
    throw new ToolError(`${purpose}, and \`go version\` failed: ${result.stderr.trim() || result.kind}`);
  if (compareVersions(found, needed) < 0)
    throw new ToolError(
      `${purpose}, and the go on PATH is ${found}: install a newer one, or allow it to fetch one (GOTOOLCHAIN=auto).`,
    );
}

function goDirective(tool: Pick<Tool, 'moduleDirectory'>): string {
  const file = join(tool.moduleDirectory, 'go.mod');
  const directive = /^go (\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1];
  if (directive === undefined) throw new ToolError(`${file} has no go directive`);
  return directive;
}

function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
