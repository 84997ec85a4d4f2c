/**
 * What `build` costs, once and on each save: `node test/bench/build.bench.ts`, after `make build`. Every figure is a median.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { ensureTool } from '../tools/ensure.ts';
import { print } from './measure.ts';

const runs = 5;
const root = new URL('../../', import.meta.url).pathname;
const program = `${root}dist/rego-csr-approver`;
const scratch = mkdtempSync(join(tmpdir(), 'build-bench-'));

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

interface Cost {
  readonly seconds: number;
  /** Largest resident set, while the process runs. */
  readonly mb: number;
}

async function medianOf(command: string, args: readonly string[]): Promise<Cost> {
  const costs: Cost[] = [];
  for (let run = 0; run < runs; run += 1) {
    const begun = performance.now();
    const child = spawn(command, args, { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
    let mb = 0;
    const timer = setInterval(() => (mb = Math.max(mb, peakOf(child.pid))), 5);
    // oxlint-disable-next-line no-await-in-loop -- one at a time, so that they do not disturb each other
    await once(child, 'exit');
    clearInterval(timer);
    if (child.exitCode !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
    costs.push({ seconds: (performance.now() - begun) / 1000, mb });
  }
  return { seconds: median(costs.map((cost) => cost.seconds)), mb: median(costs.map((cost) => cost.mb)) };
}

/** VmHWM of proc(5). */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** From a save to the word about the bundle, and to that about the cases. */
async function saves(): Promise<void> {
  const repository = join(scratch, 'repository');
  execFileSync(program, ['init', repository]);
  const options = ['--watch', '--cases', 'cases', '--config', 'config.yaml', '-o', 'bundle.tar.gz'];
  const child = spawn(program, ['build', 'policy', ...options], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // It watches for ever, whatever becomes of this.
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const hears = (words: RegExp) =>
    eventually(() => (words.test(said) ? true : undefined), { withinMs: 60_000 });
  await hears(/passed/);
  const times: { readonly built: number; readonly verified: number }[] = [];
  for (let run = 0; run < runs; run += 1) {
    said = '';
    const begun = performance.now();
    appendFileSync(join(repository, 'policy/acme/kubelet_serving/pool.rego'), `\n# ${String(run)}\n`);
    // oxlint-disable-next-line no-await-in-loop
    await hears(/ built /);
    const built = (performance.now() - begun) / 1000;
    // oxlint-disable-next-line no-await-in-loop
    await hears(/passed/);
    times.push({ built, verified: (performance.now() - begun) / 1000 });
  }
  const mb = peakOf(child.pid);
  child.kill('SIGINT');
  await once(child, 'exit');
  process.off('exit', end);
  print('on a save: bundle', median(times.map(({ built }) => built)), mb);
  print('on a save: bundle and 7 cases', median(times.map(({ verified }) => verified)), mb);
}

try {
  mkdirSync(join(scratch, 'one/mine'), { recursive: true });
  writeFileSync(join(scratch, 'one/.manifest'), '{"roots": ["mine"]}');
  const rule = 'package mine\n\n# METADATA\n# entrypoint: true\nallow := input.x == 1\n';
  writeFileSync(join(scratch, 'one/mine/rule.rego'), rule);
  cpSync(`${root}policies/default`, join(scratch, 'default'), { recursive: true });
  const opa = await ensureTool('opa');
  print('median of 5', 'seconds', 'peak MB');
  for (const name of ['one', 'default']) {
    // oxlint-disable-next-line no-await-in-loop
    const ours = await medianOf(program, ['build', name, '-o', 'ours.tar.gz']);
    print(`build ${name}`, ours.seconds, ours.mb);
    const options = ['-b', name, '-t', 'wasm', '--ignore', '*_test.rego', '-o', 'opa.tar.gz'];
    // oxlint-disable-next-line no-await-in-loop
    const theirs = await medianOf(opa, ['build', ...options]);
    print(`opa build ${name}`, theirs.seconds, theirs.mb);
  }
  await saves();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
