import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { hostileBundle } from '../support/hostile-policy.ts';
import { Scene } from './scene.ts';

/** The program with a policy that does to it whatever a policy can do, on a real control plane. */
let directory: string;
let bundle: string;
let scene: Scene;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'isolation-'));
  [bundle, scene] = await Promise.all([hostileBundle(directory), Scene.open()]);
});

afterAll(async () => {
  await scene.close();
  rmSync(directory, { recursive: true, force: true });
});

const start = (config = '') => Approver.start({ kubeconfig: scene.cluster.adminKubeconfig, bundle, config });

/** Asks the health server until it is told to stop; gives the answers that were not 200, and how many were. */
function watchHealth(approver: Approver): { stop: () => Promise<{ bad: string[]; good: number }> } {
  const stop = new AbortController();
  const answers: { path: string; status: number }[] = [];
  const asking = (async () => {
    while (!stop.signal.aborted) {
      for (const path of ['/livez', '/readyz', '/metrics']) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const { status } = await approver.get(path).catch(() => ({ status: 0 }));
        answers.push({ path, status });
      }
      // oxlint-disable-next-line no-await-in-loop
      await sleep(10);
    }
  })();
  return {
    stop: async () => {
      stop.abort();
      await asking;
      const bad = answers.filter(({ status }) => status !== 200);
      return {
        bad: bad.map(({ path, status }) => `${path} ${String(status)}`),
        good: answers.length - bad.length,
      };
    },
  };
}

/** Verdicts of one user's requests so far, with why. */
const verdicts = (approver: Approver, node: number) =>
  approver.lines
    .filter(({ msg, user }) => msg === 'decided' && user === `system:node:n${String(node)}`)
    .map(({ verdict, why }) => `${String(verdict)} ${String(why)}`);

describe('whatever the policy does to one request, others are decided', () => {
  let approver: Approver;
  beforeAll(async () => {
    approver = await start();
  });
  afterAll(async () => {
    // Still running, whatever it was asked; and what the policy printed is nowhere.
    expect(approver.process.exitCode).toBeNull();
    expect(await approver.stop()).toBe(0);
    await scene.cluster.kubectl(['delete', 'csr', '--all']);
    const decisions = approver.output.split('\n').filter((line) => line !== '');
    expect(decisions).not.toEqual([]);
    for (const line of decisions) expect(JSON.parse(line)).toHaveProperty('decision_id');
    const lines = approver.log.split('\n').filter((line) => line !== '');
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level');
  });

  test.each([
    [
      'loop',
      11,
      /^DecisionFailed PolicyTimeout: hostile\/decision took longer than 500 ms\. To do: Evaluate the policy with /,
    ],
    [
      'split',
      12,
      /^DecisionFailed PolicyTimeout: hostile\/decision took longer than 500 ms\. To do: Evaluate the policy with /,
    ],
    [
      'hog',
      13,
      /^DecisionFailed PolicyFailed: hostile\/decision: opa_malloc: failed\. To do: Evaluate the policy with /,
    ],
    [
      'abort',
      14,
      /^DecisionFailed PolicyFailed: hostile\/decision: \[sprintf\] unexpected placeholder\. To do: Evaluate the policy with /,
    ],
    [
      'deep',
      15,
      /^DecisionFailed PolicyFailed: hostile\/decision: Maximum call stack size exceeded\. To do: Evaluate the policy with /,
    ],
    ['long', 16, /^DecisionFailed PolicyFailed: hostile\/decision: says too much: 3000\d{3} characters/],
    ['many', 17, /^DecisionFailed PolicyFailed: hostile\/decision says too much: /],
    [
      'half',
      18,
      /^DecisionFailed PolicyFailed: hostile\/decision: illegal string escape character\. To do: Evaluate the policy with /,
    ],
    [
      'undefined',
      19,
      /^DecisionFailed PolicyFailed: hostile\/decision is undefined for this input\. To do: Evaluate the policy with /,
    ],
    ['shape', 20, /^DecisionFailed PolicyFailed: hostile\/decision gave no usable decision: /],
    ['pad', 22, /^DecisionFailed PolicyFailed: hostile\/decision: says too much: 400000000 characters/],
    ['odd', 21, /^PolicyWaiting Odd: one\\u\{a\}\{"level":"error"\}\\u\{1b\}\[31m$/],
  ])('%s', async (name, number, event) => {
    const health = watchHealth(approver);
    const bad = await scene.request(number, { dns: [name] });
    const good = await scene.request(number + 20);
    await scene.condition(good, 'Approved', () => approver.log);
    await scene.event(bad, event, () => approver.log);
    expect(await scene.conditions(bad)).toEqual([]);
    const { bad: unhealthy, good: healthy } = await health.stop();
    expect(unhealthy).toEqual([]);
    expect(healthy).toBeGreaterThan(0);
  });

  test('a node has the others of its requests wait, and nobody else', async () => {
    await Promise.all(Array.from({ length: 40 }, () => scene.request(50, { dns: ['loop'] })));
    for (const number of [51, 52, 53]) {
      const before = verdicts(approver, 50).length;
      // oxlint-disable-next-line no-await-in-loop -- each while the first node's requests spin
      await scene.condition(await scene.request(number), 'Approved', () => approver.log);
      // Without shares, some twenty and more of that node's come first.
      expect(verdicts(approver, 50).length - before).toBeLessThan(8);
    }
    const spun = verdicts(approver, 50);
    expect(spun.length).toBeGreaterThan(0);
    expect(new Set(spun)).toEqual(new Set(['error PolicyTimeout: hostile/decision took longer than 500 ms']));
  });
});

test('with a second thread, others are decided while the policy spins', async () => {
  const approver = await start('limits: {workers: 2, evaluationMs: 10000, evaluationMemoryMiB: 64}');
  const health = watchHealth(approver);
  const bad = await scene.request(61, { dns: ['loop'] });
  for (const number of [62, 63, 64]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await scene.condition(await scene.request(number), 'Approved', () => approver.log);
  }
  expect(verdicts(approver, 61)).toEqual([]);
  expect((await health.stop()).bad).toEqual([]);
  await scene.event(bad, /took longer than 10000 ms/, () => approver.log);
  expect(await approver.stop()).toBe(0);
});
