/**
 * What a change of the policy costs: `node --expose-gc test/bench/reload.bench.ts`. Loading it in this process, and the
 * shipped program on a real control plane from the change of a file to decisions by the new policy. Figures to read.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadBundle } from '../../src/activation/load.ts';
import { parseBundle } from '../../src/bundle/bundle.ts';
import { unpackBundle } from '../../src/bundle/files.ts';
import { defaultConfig } from '../../src/config/schema.ts';
import { connect } from '../../src/kube/connect.ts';
import { getCSR } from '../../src/kube/calls.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { Approver } from '../support/approver.ts';
import { eventually } from '../support/eventually.ts';
import { policyBundle, replaceBy } from '../support/policies.ts';
import { SimulatedNode } from '../support/simulated-node.ts';
import { print } from './measure.ts';

const RELOADS = 50;
const never = new AbortController().signal;
const range = (count: number): number[] => [...Array(count).keys()];
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const slowest = (values: readonly number[]) => Math.max(...values);
const residentMiB = () => {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
};

async function timed<T>(run: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await run();
  return { value, ms: performance.now() - start };
}

/** One after the other, each replacing the one before. */
async function loading(): Promise<void> {
  const archive = readFileSync(new URL('../../dist/default.tar.gz', import.meta.url));
  const unpack: number[] = [];
  const parse: number[] = [];
  const whole: number[] = [];
  let before: Awaited<ReturnType<typeof loadBundle>> | undefined;
  let first = 0;
  for (const turn of range(RELOADS + 1)) {
    // oxlint-disable no-await-in-loop -- one at a time, as in the program
    const { value: files, ms } = await timed(() => unpackBundle(archive));
    const { ms: parsed } = await timed(async () => parseBundle(files));
    const { value: loaded, ms: all } = await timed(() => loadBundle(defaultConfig, files, never));
    await before?.close();
    // oxlint-enable no-await-in-loop
    before = loaded;
    if (turn === 0) {
      // The first thread, and the first of everything.
      print('the first, in all, ms', all);
      first = residentMiB();
      continue;
    }
    unpack.push(ms);
    parse.push(parsed);
    whole.push(all);
  }
  print(`default policy, ${String(RELOADS)} times`, 'median ms', 'slowest');
  print('unpack', median(unpack), slowest(unpack));
  print('read manifest and data', median(parse), slowest(parse));
  print('compile, start, probe, floor too', median(whole), slowest(whole));
  print('memory of this process, MiB', 'after 1', `after ${String(RELOADS)}`);
  print('', first, residentMiB());
  await before?.close();
}

async function serving(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'reload-bench-'));
  const cluster = await startControlPlane();
  const admin = connect({ kubeconfig: cluster.adminKubeconfig }, { userAgent: 'bench' });
  const policies = [
    await policyBundle(folder, 'a', { allow: 'input.node.found' }),
    await policyBundle(folder, 'b', { wait: 'true' }),
  ];
  const file = join(folder, 'bundle.tar.gz');
  const use = (index: number) => replaceBy(file, policies[index % 2] ?? '');
  use(1);
  const approver = await Approver.start({ kubeconfig: cluster.adminKubeconfig, bundle: file });
  const node = await SimulatedNode.join(cluster, 'n1', [{ type: 'InternalIP', address: '10.0.0.1' }]);
  try {
    const untilActive: number[] = [];
    const untilApproved: number[] = [];
    const before = await approver.usage();
    for (const turn of range(RELOADS)) {
      // oxlint-disable no-await-in-loop -- one after the other
      const waiting = turn % 2 === 0 ? await node.request({ ip: ['10.0.0.1'] }) : undefined;
      // The file's age, and where in its second the program is when it changes, are left to chance.
      await sleep(Math.random() * 1000);
      const start = performance.now();
      use(turn);
      await eventually(async () =>
        (await approver.status())['policy']?.active_revision === 'ab'[turn % 2] ? true : undefined,
      );
      untilActive.push(performance.now() - start);
      if (waiting === undefined) continue;
      await eventually(async () => {
        const text = JSON.stringify((await getCSR(admin, waiting.metadata.name))['status']);
        return text.includes('Approved') ? true : undefined;
      });
      untilApproved.push(performance.now() - start);
      // oxlint-enable no-await-in-loop
    }
    const after = await approver.usage();
    print('from the change of a file', 'median ms', 'slowest');
    print('to the new policy in force', median(untilActive), slowest(untilActive));
    print('to the approval of what waited', median(untilApproved), slowest(untilApproved));
    print('the program', 'threads', 'MiB');
    print('before', before.threads, before.residentMiB);
    print(`after ${String(RELOADS)} reloads`, after.threads, after.residentMiB);
  } finally {
    await approver.stop();
    await Promise.all([node.close(), admin.close()]);
    await cluster.stop();
    rmSync(folder, { recursive: true });
  }
}

await loading();
console.log();
await serving();
