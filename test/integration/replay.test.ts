import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { ensureTool } from '../tools/ensure.ts';
import { runToEnd } from './program.ts';
import { Scene } from './scene.ts';

/** What the shipped program decided on a real control plane, decided again by the same policy and by another. */

const exec = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'replay-'));
/** What a pod's log holds: the decisions of standard output, and among them the lines of standard error. */
const podLog = join(folder, 'pod.log');
const acme = join(folder, 'acme');
const bundle = join(folder, 'acme.tar.gz');

let scene: Scene;
let names: Readonly<Record<'approve' | 'wait' | 'deny' | 'refused', string>>;
beforeAll(async () => {
  scene = await Scene.open();
  const approver = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig }));
  names = {
    approve: await scene.request(1),
    wait: await scene.request(2, { ip: ['10.0.0.99'] }),
    deny: await scene.request(3, { email: ['a@example.com'] }),
    refused: await scene.request(4, { pem: (text) => `text before\n${text}` }),
  };
  await eventually(
    async () => {
      const missing = Object.values(names).find((name) => !approver.output.includes(JSON.stringify(name)));
      if (missing !== undefined) throw new NotYet(`no decision on ${missing}`);
      return true;
    },
    { explain: () => approver.log },
  );
  await approver.stop();
  writeFileSync(podLog, interleaved(approver.output, approver.log));
  // A policy that extends the default one: the Node must be in a known pool, and none of these is.
  expect(await runToEnd(['init', acme])).toMatchObject({ code: 0 });
  const build = ['build', '-b', 'policy', '-t', 'wasm', '--ignore', '*_test.rego', '-o', bundle];
  await exec(await ensureTool('opa'), build, { cwd: acme });
});
afterAll(async () => {
  await scene?.close();
  rmSync(folder, { recursive: true });
});

/** By turns, a line each. */
function interleaved(output: string, log: string): string {
  const [ours, others] = [output, log].map((text) => text.split('\n').filter(Boolean));
  return Array.from({ length: Math.max(ours?.length ?? 0, others?.length ?? 0) }, (_, index) =>
    [ours?.[index], others?.[index]].flatMap((line) => (line === undefined ? [] : [`${line}\n`])).join(''),
  ).join('');
}

interface Report {
  readonly summary: Readonly<Record<'decided' | 'flipped' | 'reworded', number>>;
  readonly skipped: readonly { readonly reason: string }[];
  readonly changes: readonly {
    readonly was: string;
    readonly now: string;
    readonly codes: { readonly was: readonly string[]; readonly now: readonly string[] };
    readonly examples: readonly {
      readonly csr: string;
      readonly explain: readonly { readonly code: string; readonly rule?: string; readonly place?: string }[];
    }[];
  }[];
}

async function replay(...args: string[]) {
  const ended = await runToEnd(['replay', podLog, '-o', 'json', ...args]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own report
  return { ...ended, report: JSON.parse(ended.stdout) as Report };
}

test('the same policy decides every line of a pod as it did, and nothing but the decisions', async () => {
  const { code, report, stderr } = await replay('--fail-on', 'any,reasons,undecidable');
  expect(code, stderr).toBe(0);
  expect(report.summary).toMatchObject({ flipped: 0, reworded: 0 });
  expect(report.summary.decided).toBeGreaterThanOrEqual(4);
  expect(report.changes).toEqual([]);
  expect(report.skipped.map(({ reason }) => reason)).toEqual(['OtherLine']);
});

test('another policy changes what it is about, and says by which rule', async () => {
  const args = ['--bundle', bundle, '--config', join(acme, 'config.yaml'), '--workers', '2'];
  const { code, report, stderr } = await replay(
    ...args,
    '--fail-on',
    'approve->*',
    '--fail-on',
    '*->approve',
  );
  expect(code, stderr).toBe(1);
  const told = report.changes.map(({ was, now, codes, examples }) => ({
    flip: `${was} -> ${now}`,
    added: codes.now.filter((one) => !codes.was.includes(one)),
    csrs: [...new Set(examples.map(({ csr }) => csr))],
    rules: [...new Set(examples.flatMap(({ explain }) => explain.map(({ rule }) => rule)))],
  }));
  expect(told).toEqual([
    {
      flip: 'approve -> wait',
      added: ['PoolUnknown'],
      csrs: [names.approve],
      rules: ['acme.kubelet_serving.wait'],
    },
    {
      flip: 'wait -> wait',
      added: ['PoolUnknown'],
      csrs: [names.wait],
      rules: ['acme.kubelet_serving.wait', 'csr.kubelet_serving.wait'],
    },
  ]);
});

test('a decision says in the log which rule gave each reason', async () => {
  const { stdout } = await exec('grep', ['-F', JSON.stringify(names.deny), podLog]);
  const line = stdout.split('\n').find((text) => text.startsWith('{"labels"')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({
    custom: {
      verdict: {
        reasons: [
          { code: 'EmailNotAllowed', rule: expect.stringMatching(/^csr\.floor\.serving: sans\.rego:\d+$/) },
        ],
      },
    },
  });
});
