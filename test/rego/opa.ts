/** The pinned opa, conftest and regal, run to their end. */
import { ensureTool } from '../tools/ensure.ts';
import { run } from '../tools/run.ts';
import { policiesPath } from './paths.ts';

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tool in policies/, where the commands of policies/README.md run too. */
export async function runTool(
  name: 'opa' | 'conftest' | 'regal',
  args: readonly string[],
): Promise<ToolResult> {
  const result = await run(await ensureTool(name), args, { cwd: policiesPath() });
  if (result.kind !== 'exit') throw new Error(`${name} ${args.join(' ')}: ${result.kind}: ${result.stderr}`);
  return result;
}

/** Runs opa, which must succeed; gives what it prints. */
export async function opa(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool('opa', args);
  if (code !== 0) throw new Error(`opa ${args.join(' ')} exits ${String(code)}:\n${stderr}${stdout}`);
  return stdout;
}
