/**
 * What it costs to evaluate policies in threads of their own: `node test/bench/isolation.bench.ts`. Figures to read, not
 * a test. The engine's floor is the same module evaluated by the calling thread, with nothing in between.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadPolicy as loadModule } from '@open-policy-agent/opa-wasm';
import { parseBundle } from '../../src/bundle/bundle.ts';
import { readBundleFiles } from '../../src/bundle/files.ts';
import { probeDocument, probeFor } from '../../src/decide/probe.ts';
import { loadFloor } from '../../src/policy/floor.ts';
import { Isolate } from '../../src/policy/isolate.ts';
import { loadPolicy, type SignerPolicy } from '../../src/policy/policy.ts';
import { hostileBundle, hostileSigner } from '../support/hostile-policy.ts';
import { print } from './measure.ts';

const signer = 'kubernetes.io/kubelet-serving';
const choice = {
  signers: [signer],
  supported: [signer, 'kubernetes.io/kube-apiserver-client-kubelet'],
  probe: probeFor,
};
const path = (name: string) => new URL(`../../dist/${name}.tar.gz`, import.meta.url).pathname;
const policyFiles = await readBundleFiles(path('default'));

/** What a decision evaluates: the floor's form, then its facts beside the policy. */
interface Evaluations {
  readonly form: () => unknown;
  readonly facts: () => unknown;
  readonly policy: () => unknown;
}

async function loadHere(name: string) {
  const { wasm, data } = parseBundle(await readBundleFiles(path(name)));
  const loaded = await loadModule(new Uint8Array(wasm), { initial: 32, maximum: 512 });
  loaded.setData(data);
  return loaded;
}

async function here(): Promise<Evaluations> {
  const [floor, policy] = [await loadHere('floor'), await loadHere('default')];
  return {
    form: () => floor.evaluate(probeDocument, 'csr/floor/form'),
    facts: () => floor.evaluate(probeDocument, 'csr/floor/facts'),
    policy: () => policy.evaluate(probeDocument, 'csr/kubelet_serving/decision'),
  };
}

async function inThreads(isolate: Isolate): Promise<Evaluations> {
  const floor = await loadFloor(probeFor, isolate);
  const policy = (await loadPolicy(policyFiles, choice, isolate)).get(signer);
  if (policy === undefined) throw new Error('no policy');
  return {
    form: () => floor.form(probeDocument),
    facts: () => floor.facts(probeDocument),
    policy: () => policy.evaluate(probeDocument),
  };
}

async function decision({ form, facts, policy }: Evaluations): Promise<void> {
  await form();
  await Promise.all([facts(), policy()]);
}

const seconds = 4;

/** Runs it again and again, so many at the same time; gives how many a second, and how long each took in ms. */
async function run(what: () => unknown, atOnce: number): Promise<{ perSecond: number; times: number[] }> {
  for (let n = 0; n < 1000; n += 1) await what();
  const times: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  const lane = async () => {
    while (performance.now() < until) {
      const start = performance.now();
      await what();
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const perSecond = times.length / ((performance.now() - begun) / 1000);
  return { perSecond, times: times.toSorted((a, b) => a - b) };
}

async function row(title: string, what: () => unknown, atOnce = 1): Promise<void> {
  const { perSecond, times } = await run(what, atOnce);
  const quantile = (q: number) => times[Math.floor(times.length * q)] ?? Number.NaN;
  print(title, perSecond.toFixed(0), quantile(0.5), quantile(0.99));
}

const rss = () => process.memoryUsage().rss / 1024 / 1024;

/** First, while nothing else has filled the memory. */
async function memory(): Promise<void> {
  print('memory (RSS)', 'MiB more');
  const isolates: Isolate[] = [];
  await decision(await here());
  for (const title of ['first thread', 'second thread', 'third thread']) {
    const before = rss();
    const isolate = new Isolate();
    isolates.push(isolate);
    const evaluations = await inThreads(isolate);
    for (let n = 0; n < 2000; n += 1) await decision(evaluations);
    print(title, rss() - before);
  }
  await Promise.all(isolates.map((isolate) => isolate.close()));
}

async function speed(): Promise<void> {
  const floor = await here();
  print('evaluations of the default policy', 'per second', 'p50 ms', 'p99 ms');
  await row('engine alone, this thread', floor.policy);
  for (const workers of [1, 2]) {
    const isolate = new Isolate({ workers });
    const { policy } = await inThreads(isolate);
    await row(`${String(workers)} thread(s), one at once`, policy);
    await row(`${String(workers)} thread(s), 16 at once`, policy, 16);
    await isolate.close();
  }
  console.log();
  print('decisions: form, then facts and policy', 'per second', 'p50 ms', 'p99 ms');
  await row('engine alone, this thread', () => decision(floor));
  for (const workers of [1, 2]) {
    const isolate = new Isolate({ workers });
    const evaluations = await inThreads(isolate);
    await row(`${String(workers)} thread(s), one at once`, () => decision(evaluations));
    await row(`${String(workers)} thread(s), 16 at once`, () => decision(evaluations), 16);
    await isolate.close();
  }
}

/** How long a thread is away that had to be ended, and a module that has thrown. */
async function replacement(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'isolation-bench-'));
  const isolate = new Isolate({ deadlineMs: 100 });
  try {
    const files = await readBundleFiles(await hostileBundle(directory));
    await inThreads(isolate);
    const policy = (await loadPolicy(files, { ...choice, signers: [hostileSigner] }, isolate)).get(signer);
    if (policy === undefined) throw new Error('no policy');
    print('until the next one is answered', 'p50 ms', 'slowest ms');
    await away('after an evaluation that spins', policy, 'loop');
    await away('after one that throws', policy, 'abort');
  } finally {
    await isolate.close();
    rmSync(directory, { recursive: true });
  }
}

async function away(title: string, policy: SignerPolicy, name: string): Promise<void> {
  const bad = { ...probeDocument, sans: { ...probeDocument.sans, dns: [name] } };
  const times: number[] = [];
  for (let n = 0; n < 15; n += 1) {
    await Promise.resolve(policy.evaluate(bad)).catch(() => undefined);
    const start = performance.now();
    await policy.evaluate(probeDocument);
    times.push(performance.now() - start);
    await sleep(20);
  }
  times.sort((a, b) => a - b);
  print(title, times[7] ?? Number.NaN, times[14] ?? Number.NaN);
}

await memory();
console.log();
await speed();
console.log();
await replacement();
