/** Formats, checks, lints and tests the policies, and runs their cases on OPA and on WebAssembly: `make policy`. */
import { spawnSync } from 'node:child_process';
import { ensureTool } from '../tools/ensure.ts';
import { policiesPath } from './paths.ts';

const bundles = ['floor', 'default'];
const schema = 'schemas/input.json';
const vitest = [
  'run',
  '--config',
  '../test/vitest.config.ts',
  '--project',
  'rego',
  'cases',
  'shared',
  'codes',
  'semantics',
  'rego/verify',
  'config.test',
];

const steps: readonly (readonly [tool: string, ...args: string[]])[] = [
  ['opa', 'fmt', '--fail', '--diff', ...bundles],
  ...bundles.map(
    (bundle) =>
      [
        'opa',
        'check',
        '--strict',
        '--schema',
        schema,
        '--capabilities',
        'capabilities.json',
        bundle,
      ] as const,
  ),
  ['regal', 'lint', ...bundles],
  ...bundles.map((bundle) => ['opa', 'test', bundle] as const),
  ...bundles.map(
    (bundle) => ['opa', 'test', '--coverage', '--threshold', '100', '--format', 'json', bundle] as const,
  ),
  ['vitest', ...vitest, '--reporter=dot'],
];

for (const [tool, ...args] of steps) {
  // oxlint-disable-next-line no-await-in-loop -- a step at a time, so that output stays in order
  const program = tool === 'vitest' ? tool : await ensureTool(tool);
  // The coverage report is long: it is shown only if something is not covered.
  const quiet = args.includes('--coverage');
  const { status, stdout } = spawnSync(program, args, {
    cwd: policiesPath(),
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    console.error(`${stdout ?? ''}\n${tool} ${args.join(' ')}: failed`);
    process.exitCode = 1;
    break;
  }
}
