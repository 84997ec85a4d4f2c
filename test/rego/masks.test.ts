import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBundleFiles } from '../../src/bundle/files.ts';
import { probeFor } from '../../src/decide/probe.ts';
import { masked } from '../../src/decision-log/mask.ts';
import { noFacts } from '../../src/policy/needs.ts';
import type { LogRules } from '../../src/policy/log-rules.ts';
import { loadPolicy } from '../../src/policy/policy.ts';
import { opaBundle } from '../support/opa-bundle.ts';
import { ensureTool } from '../tools/ensure.ts';
import { lineOf } from '../unit/decision-log/decided.ts';

/** The masks that policies/README.md shows, by opa and in WebAssembly. */

const exec = promisify(execFile);
const signer = 'kubernetes.io/kubelet-serving';
const folder = mkdtempSync(join(tmpdir(), 'masks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const readme = readFileSync(new URL('../../policies/README.md', import.meta.url), 'utf8');
const section = /## Masks of the decision log\n[\s\S]*?(?=\n## )/.exec(readme)?.[0] ?? '';
const source = /```rego\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
const command = /`(opa eval [^`]+)`/.exec(section)?.[1] ?? '';

let rules: LogRules | undefined;
beforeAll(async () => {
  const bundle = await opaBundle(join(folder, 'policy'), {
    '.manifest': JSON.stringify({ roots: ['csr/mine', 'system/log'] }),
    'csr/mine/decision.rego': `package csr.mine

# METADATA
# entrypoint: true
# custom: {signer_name: ${signer}}
decision := {"allow": true, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()}
`,
    'system/log/mask.rego': source,
  });
  const choice = { signers: [signer], supported: [signer], probe: probeFor };
  rules = (await loadPolicy(await readBundleFiles(bundle), choice)).get(signer)?.logRules;
});

async function line(annotations: Record<string, string>) {
  const document = probeFor(signer, noFacts);
  const { node, requestor } = document;
  if (node === undefined) throw new TypeError('no node');
  const input = {
    ...document,
    requestor: { ...requestor, extra: { id: ['s3cret'] } },
    node: { ...node, annotations },
  };
  return { ...(await lineOf()), input };
}

test.each([[{}], [{ a: 's3cret' }]])(
  'both say the same, and what they say is taken: %o',
  async (annotations) => {
    const one = await line(annotations);
    writeFileSync(join(folder, 'line.json'), JSON.stringify(one));
    const args = command.split(' ').slice(1, -1);
    const { stdout } = await exec(await ensureTool('opa'), [...args, 'data.system.log.mask'], {
      cwd: folder,
    });
    const [{ expressions }]: [{ expressions: [{ value: unknown[] }] }] = JSON.parse(stdout).result;
    const byOpa = expressions[0].value.map((rule) =>
      String(typeof rule === 'string' ? rule : Object(rule).path),
    );
    const answer = await rules?.ask(one);
    expect(answer?.drop).toBe(false);
    expect(answer?.mask.map(({ pointer }) => pointer).sort()).toEqual(byOpa.sort());
    const told = masked(one, answer?.mask ?? []);
    expect(JSON.stringify(told)).not.toContain('s3cret');
    expect([told.erased, told.masked]).toEqual([
      ['/input/requestor/extra'],
      Object.keys(annotations).length > 0 ? ['/input/node/annotations'] : undefined,
    ]);
  },
);

test('waits are not written', async () => {
  const one = await line({});
  const { custom } = one;
  const waits = { ...one, custom: { ...custom, verdict: { ...custom.verdict, kind: 'wait' } } };
  expect((await rules?.ask(waits))?.drop).toBe(true);
});
