/**
 * The acceptance test: what happens to a node, from its bootstrap token to the rotation of its certificates, with real
 * kubelets and a real control plane on machines of namespaces.
 *
 *     node test/e2e/main.ts [--client-approver=controller-manager|rego] [--kubernetes=MINOR] [--flag-form] [--if-possible]
 *
 * Exit code 0: all as told; 1: something was not; 2: it could not be shown; 128 + signal: interrupted.
 */
import { ControlPlaneError } from '../control-plane/control-plane.ts';
import { ToolError } from '../tools/error.ts';
import { cgroupName, removeCgroups } from './cgroups.ts';
import { runEnclosed } from './enclosure.ts';
import { parseOptions, requiredTools } from './options.ts';
import { installMissing, missingOf } from './preflight.ts';
import { ensureTool } from '../tools/ensure.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const interruption = new AbortController();
for (const [signal, code] of Object.entries(exitCodes)) {
  process.on(signal, () => {
    process.exitCode = code;
    console.error(`interrupted by ${signal}: everything that was started is ended`);
    interruption.abort(new ToolError(`interrupted by ${signal}`));
  });
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  try {
    await installMissing((text) => console.error(text));
    const missing = await missingOf();
    if (missing.length > 0) return cannot(missing, options.ifPossible);
    // In there is no network to fetch anything from.
    for (const tool of requiredTools(options)) await ensureTool(tool, { signal: interruption.signal });
    return (await runEnclosed([...args, `--cgroup=${cgroupName}`], interruption.signal)) ?? 1;
  } finally {
    await removeCgroups();
  }
}

function cannot(missing: readonly string[], mayBeSkipped: boolean): number {
  const what = missing.map((line) => `  ${line}`).join('\n');
  console.error(`The story with real kubelets cannot be told here. Missing:\n${what}`);
  if (mayBeSkipped) console.error('Skipped, as --if-possible allows.');
  return mayBeSkipped ? 0 : 2;
}

try {
  const code = await main(process.argv.slice(2));
  process.exitCode ??= code;
} catch (error) {
  if (!(error instanceof ToolError || error instanceof ControlPlaneError)) throw error;
  console.error(error.message);
  process.exitCode ??= 2;
}
