// Everything that continuous integration runs, step by step, with times; `make test`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { z } from 'zod';

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Whether it is a run of vitest, whose tests are counted. */
  readonly counted?: boolean;
  /** Without it nothing after it can work. */
  readonly needed?: boolean;
}

const reports = mkdtempSync(join(tmpdir(), 'reports-'));

const vitest = (project: string, ...more: string[]): Step => ({
  name: `tests: ${project}`,
  command: [
    'vitest',
    'run',
    '--config',
    'test/vitest.config.ts',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report(project)}`,
    ...more,
  ],
  counted: true,
});

const steps: readonly Step[] = [
  { name: 'tools', command: ['node', 'test/tools/main.ts', 'all'], needed: true },
  { name: 'bundles and program', command: ['make', '--no-print-directory', 'build'], needed: true },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'dead code', command: ['knip'] },
  { name: 'policies', command: ['make', '--no-print-directory', 'policy'] },
  vitest('unit'),
  { name: 'decoder: every branch', command: ['make', '--no-print-directory', 'coverage'] },
  vitest('rego'),
  vitest('differential'),
  vitest('integration'),
  vitest('chaos'),
  { name: 'soak', command: ['node', 'test/soak/main.ts'] },
  { name: 'image', command: ['make', '--no-print-directory', 'image'] },
  vitest('image'),
  { name: 'demo', command: ['make', '--no-print-directory', 'demo'] },
  { name: 'real kubelets', command: ['make', '--no-print-directory', 'e2e'] },
  {
    name: 'real kubelets, client certificates by our policy',
    command: ['make', '--no-print-directory', 'e2e', 'E2E=--client-approver=rego'],
  },
];

function report(project: string): string {
  return join(reports, `${project}.json`);
}

const summary = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numTotalTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

function notPassed({ testResults }: z.infer<typeof summary>): string[] {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults.filter((one) => one.status !== 'passed');
    if (tests.length === 0) return status === 'passed' ? [] : [file];
    return tests.map(({ fullName }) => `${file}: ${fullName}`);
  });
}

async function run(step: Step): Promise<boolean> {
  const [command, ...args] = step.command;
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  running = child;
  await once(child, 'exit');
  return child.exitCode === 0;
}

let running: ReturnType<typeof spawn> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    running?.kill(signal);
    process.exitCode = 130;
    stopped = true;
  });
}
let stopped = false;
const count = { passed: 0, failed: 0 };
const times: string[] = [];
/** Tests that did not pass, since the end of the output may be all that is kept of it. */
const failures: string[] = [];
for (const [index, step] of steps.entries()) {
  if (stopped) break;
  const begun = performance.now();
  console.log(`\n=== ${String(index + 1)}/${String(steps.length)} ${step.name}`);
  // oxlint-disable-next-line no-await-in-loop -- two cores: one step at a time
  const passed = await run(step);
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  times.push(`${passed ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${step.name}`);
  if (step.counted === true) {
    try {
      const project = step.name.replace('tests: ', '');
      const results = summary.parse(JSON.parse(readFileSync(report(project), 'utf8')));
      const { numPassedTests, numFailedTests, numTotalTests } = results;
      failures.push(...notPassed(results));
      count.passed += numPassedTests;
      // One that neither passed nor failed was skipped, which no test here may be.
      count.failed += Math.max(numFailedTests, numTotalTests - numPassedTests, passed ? 0 : 1);
    } catch {
      count.failed += 1;
    }
  } else if (passed) count.passed += 1;
  else count.failed += 1;
  if (!passed && step.needed === true) break;
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n${times.join('\n')}\n`);
for (const failure of failures) console.log(`FAILED  ${failure}`);
console.log(`${String(count.passed)} passed, ${String(count.failed)} failed`);
if (count.failed > 0 || times.length < steps.length) process.exitCode ??= 1;
