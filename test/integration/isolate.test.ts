import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { probeDocument, probeFor } from '../../src/decide/probe.ts';
import { parseBundle } from '../../src/bundle/bundle.ts';
import type { BundleFiles } from '../../src/bundle/files.ts';
import { readBundleFiles } from '../../src/bundle/files.ts';
import { decisionShape } from '../../src/policy/decision.ts';
import { Isolate, type IsolateOptions } from '../../src/policy/isolate.ts';
import { loadPolicy, type SignerPolicy } from '../../src/policy/policy.ts';
import { hostileBundle, hostileSigner } from '../support/hostile-policy.ts';

let directory: string;
let files: BundleFiles;
let isolate: Isolate | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'isolate-'));
  files = await readBundleFiles(await hostileBundle(directory));
});

afterEach(async () => {
  await isolate?.close();
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** The hostile policy in an isolate of its own. */
async function load(options: IsolateOptions = {}): Promise<SignerPolicy> {
  isolate = new Isolate(options);
  const choice = { signers: [hostileSigner], supported: [hostileSigner], probe: probeFor };
  const policy = (await loadPolicy(files, choice, isolate)).get(hostileSigner);
  if (policy === undefined) throw new Error('no policy');
  return policy;
}

const asking = (name: string) => ({ ...probeDocument, sans: { ...probeDocument.sans, dns: [name] } });
const good = probeDocument;
const loop = asking('loop');

describe('an evaluation that goes wrong is an error of its own, and the next one is answered', () => {
  test.each([
    ['loop', 'hostile/decision took longer than 500 ms'],
    ['split', 'hostile/decision took longer than 500 ms'],
    ['hog', 'hostile/decision: opa_malloc: failed'],
    ['abort', 'hostile/decision: [sprintf] unexpected placeholder'],
    ['pad', 'hostile/decision: says too much: 400000000 characters of JSON, at most 524288'],
    ['deep', 'hostile/decision: Maximum call stack size exceeded'],
    ['long', 'hostile/decision: says too much: 3000'],
    ['many', 'hostile/decision says too much: '],
    ['half', 'hostile/decision: illegal string escape character'],
    ['undefined', 'hostile/decision is undefined for this input'],
  ])('%s', async (name, problem) => {
    const policy = await load();
    const [bad, next] = await Promise.allSettled([policy.evaluate(asking(name)), policy.evaluate(good)]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { name: 'EvaluationError' } });
    expect(bad).toHaveProperty('reason.message', expect.stringContaining(problem));
    expect(next).toMatchObject({ status: 'fulfilled', value: { allow: true } });
  });
});

test('what is nested too deeply to be handed over is an error, and the next one is answered', async () => {
  const policy = await load();
  const depth = 4_000;
  const deep: object = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  // As large as any lookup may be: its size does not show it.
  expect(() => JSON.stringify(deep)).not.toThrow();
  const [bad, next] = await Promise.allSettled([
    policy.evaluate({ ...good, lookups: { inventory: { objects: [deep] } } }),
    policy.evaluate(good),
  ]);
  expect(bad).toMatchObject({
    status: 'rejected',
    reason: { name: 'EvaluationError', message: expect.stringContaining('cannot be handed over') },
  });
  expect(next).toMatchObject({ status: 'fulfilled' });
});

test('what JavaScript gives a meaning to is data, and nothing more', async () => {
  const policy = await load();
  const decision = decisionShape.parse(await policy.evaluate(asking('odd')));
  const [reason] = decision.wait;
  expect(Object.keys(reason as object).sort()).toEqual(['code', 'constructor', 'msg', 'toString']);
  expect(reason).toMatchObject({ code: 'Odd', toString: 'none' });
  expect(Object.getPrototypeOf(reason)).toBe(Object.prototype);
  expect({}).not.toHaveProperty('polluted');
});

describe('time', () => {
  test('runs from the beginning of an evaluation, not while it waits', async () => {
    const policy = await load({ deadlineMs: 300 });
    // Together they wait for a second and more.
    const all = [loop, loop, loop, good, loop, good].map((input) => policy.evaluate(input));
    const answers = await Promise.allSettled(all);
    expect(answers.map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    for (const answer of answers) {
      if (answer.status !== 'rejected') continue;
      expect(answer.reason).toMatchObject({
        message: 'hostile/decision took longer than 300 ms',
        overdue: true,
      });
    }
  });

  test('that a spoilt module takes to start again is not the time of the next evaluation', async () => {
    const policy = await load({ deadlineMs: 150 });
    // With this data a start takes longer than an evaluation may.
    const inventory = Array.from({ length: 40_000 }, (_, n) => ({ name: `node-${String(n)}`, n }));
    const { id } = await isolate!.start(await moduleOf(files), { inventory });
    await isolate!.selfTest(id, 'hostile/decision', good);
    const spoilt = isolate!.evaluate(id, 'hostile/decision', asking('abort'));
    const next = isolate!.evaluate(id, 'hostile/decision', good);
    expect(await spoilt).toHaveProperty('problem');
    expect(await next).toMatchObject({ value: { allow: true } });
    await expect(policy.evaluate(good)).resolves.toMatchObject({ allow: true });
  });

  test('is not taken from the main thread', async () => {
    const policy = await load({ deadlineMs: 200 });
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 10);
    await expect(policy.evaluate(loop)).rejects.toThrow('took longer');
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  });
});

describe('several questions in one message', () => {
  test('are what is asked in one turn', async () => {
    const policy = await load();
    const posted = vi.spyOn(Worker.prototype, 'postMessage');
    onTestFinished(() => posted.mockRestore());
    await Promise.all([policy.evaluate(good), policy.evaluate(good)]);
    expect(posted).toHaveBeenCalledTimes(1);
    await policy.evaluate(good);
    expect(posted).toHaveBeenCalledTimes(2);
  });

  test('are at most eight', async () => {
    const policy = await load();
    const posted = vi.spyOn(Worker.prototype, 'postMessage');
    onTestFinished(() => posted.mockRestore());
    await Promise.all(Array.from({ length: 17 }, () => policy.evaluate(good)));
    expect(posted).toHaveBeenCalledTimes(3);
  });

  test('share nothing: each one that goes wrong is an error of its own, and all others are answered', async () => {
    const policy = await load({ deadlineMs: 200 });
    const names = ['', 'abort', '', 'undefined', 'loop', 'hog', '', 'split', ''];
    const answers = await Promise.allSettled(
      names.map((name) => policy.evaluate(name === '' ? good : asking(name))),
    );
    expect(answers.map(({ status }) => status === 'fulfilled')).toEqual(names.map((name) => name === ''));
    const overdue = answers.map((answer) => answer.status === 'rejected' && answer.reason.overdue === true);
    expect(overdue).toEqual(names.map((name) => name === 'loop' || name === 'split'));
  });

  test('have each its own time', async () => {
    const long = { ...good, lookups: { long: { objects: [{ name: 'x'.repeat(2 << 20) }] } } };
    const patient = await load({ deadlineMs: 10_000 });
    let slowestMs = 0;
    for (let n = 0; n < 5; n += 1) {
      const begun = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await patient.evaluate(long);
      slowestMs = Math.max(slowestMs, performance.now() - begun);
    }
    // More than one of them takes, on this machine and at this time, and less than eight do.
    const policy = await load({ deadlineMs: 5 * slowestMs });
    const answers = await Promise.all(Array.from({ length: 16 }, () => policy.evaluate(long)));
    expect(answers).toHaveLength(16);
  });
});

describe('several threads', () => {
  test('one goes on while another one spins', async () => {
    const policy = await load({ workers: 2, deadlineMs: 2_000 });
    const order: string[] = [];
    const spun = policy.evaluate(loop).catch(() => order.push('spun'));
    for (let n = 0; n < 20; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(policy.evaluate(good)).resolves.toMatchObject({ allow: true });
    }
    order.push('twenty others');
    await spun;
    expect(order).toEqual(['twenty others', 'spun']);
  });

  test('all may spin, and all are replaced with every module started', async () => {
    const policy = await load({ workers: 3, deadlineMs: 100 });
    const spun = await Promise.allSettled(Array.from({ length: 6 }, () => policy.evaluate(loop)));
    expect(spun.every(({ status }) => status === 'rejected')).toBe(true);
    const answers = await Promise.all(Array.from({ length: 30 }, () => policy.evaluate(good)));
    expect(answers).toHaveLength(30);
  });

  test('a module that starts while one of them spins is in all of them', async () => {
    const policy = await load({ workers: 2, deadlineMs: 300 });
    const spun = policy.evaluate(loop);
    const started = isolate!.start(await moduleOf(files), {});
    await expect(spun).rejects.toThrow('took longer');
    const { id } = await started;
    const answers = await Promise.all([1, 2].map(() => isolate!.evaluate(id, 'hostile/decision', good)));
    expect(answers).toEqual([
      expect.objectContaining({ value: expect.objectContaining({ allow: true }) }),
      answers[0],
    ]);
  });

  test('who asks first is answered first', async () => {
    const policy = await load();
    const order: number[] = [];
    await Promise.all([...Array(50).keys()].map((n) => policy.evaluate(good).then(() => order.push(n))));
    expect(order).toEqual([...Array(50).keys()]);
  });
});

describe('closing', () => {
  test('leaves nobody waiting', async () => {
    const policy = await load({ deadlineMs: 10_000 });
    const answers = Promise.allSettled([policy.evaluate(loop), policy.evaluate(good)]);
    await isolate!.close();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('while modules start ends that, and the threads', async () => {
    const threads = countThreads();
    isolate = new Isolate({ workers: 2 });
    const starting = isolate.start(await moduleOf(files), {}).catch((cause: unknown) => cause);
    await isolate.close();
    expect(await starting).toHaveProperty('message', 'evaluation has been stopped');
    expect([threads.started(), threads.running()]).toEqual([2, 0]);
  });

  test('is for good: whoever asks later has no thread started', async () => {
    const policy = await load();
    await isolate!.close();
    await isolate!.close();
    const threads = countThreads();
    await expect(policy.evaluate(good)).rejects.toThrow('evaluation has been stopped');
    await expect(isolate!.start(await moduleOf(files), {})).rejects.toThrow('evaluation has been stopped');
    expect(await isolate!.selfTest(0, 'hostile/decision', good)).toEqual({
      problem: 'evaluation has been stopped',
    });
    expect(threads.started()).toBe(0);
  });

  test('in the middle of a replacement leaves no thread', async () => {
    const threads = countThreads();
    const policy = await load({ workers: 2, deadlineMs: 50 });
    await Promise.allSettled([policy.evaluate(loop), policy.evaluate(loop)]);
    await isolate!.close();
    await sleep(100);
    expect(threads.running()).toBe(0);
    expect(threads.started()).toBeGreaterThan(2);
  });
});

/** Threads of this process from now on. */
function countThreads(): { started: () => number; running: () => number } {
  const threads: Worker[] = [];
  const listener = (thread: Worker) => threads.push(thread);
  process.on('worker', listener);
  onTestFinished(() => void process.off('worker', listener));
  return {
    started: () => threads.length,
    // A thread that has ended has no number any more.
    running: () => threads.filter(({ threadId }) => threadId !== -1).length,
  };
}

async function moduleOf(bundle: BundleFiles): Promise<WebAssembly.Module> {
  return WebAssembly.compile(new Uint8Array(parseBundle(bundle).wasm));
}
