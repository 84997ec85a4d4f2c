import { Deviation } from '../demo/deviation.ts';
import { run } from '../tools/run.ts';

const timeoutMs = 60_000;

/** Runs a program to its end; gives its stdout, and throws unless it exits with 0. */
export async function command(file: string, args: readonly string[]): Promise<string> {
  const result = await run(file, args, { timeoutMs });
  if (result.kind === 'exit' && result.code === 0) return result.stdout;
  const how = result.kind === 'exit' ? `exit code ${result.code}` : result.kind;
  throw new Deviation(`${file} ${args.join(' ')}: ${how}\n${result.stderr.trim()}`);
}
