import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBundleFiles } from '../../../src/bundle/files.ts';
import { probeFor } from '../../../src/decide/probe.ts';
import { Isolate } from '../../../src/policy/isolate.ts';
import { loadPolicy } from '../../../src/policy/policy.ts';
import { opaBundle } from '../../support/opa-bundle.ts';
import { neverEnds } from '../../support/policies.ts';

/** Rules of the decision log, as the real opa builds them. */

const signer = 'kubernetes.io/kubelet-serving';
const folder = mkdtempSync(join(tmpdir(), 'log-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const decision = `package csr.mine

# METADATA
# entrypoint: true
# custom: {signer_name: ${signer}}
decision := {"allow": true, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()}
`;
const good = `package system.log

# METADATA
# entrypoint: true
mask contains "/input/requestor/extra"

mask contains {"op": "upsert", "path": "/input/requestor/username", "value": "***"} if input.path == "p"

mask contains path if {
	some path in data.system.log.more
}

# METADATA
# entrypoint: true
drop if input.custom.verdict.kind == "wait"
`;

let built = 0;
async function load(files: Readonly<Record<string, string>>, logIsolate?: Isolate) {
  built += 1;
  const bundle = await opaBundle(join(folder, String(built)), {
    '.manifest': JSON.stringify({ roots: ['csr/mine', 'system'] }),
    'csr/mine/decision.rego': decision,
    ...files,
  });
  const choice = { signers: [signer], supported: [signer], probe: probeFor };
  const policies = await loadPolicy(await readBundleFiles(bundle), choice, undefined, logIsolate);
  return policies.get(signer)?.logRules;
}

describe('rules that are entrypoints', () => {
  let isolate: Isolate;
  let rules: Awaited<ReturnType<typeof load>>;
  beforeAll(async () => {
    isolate = new Isolate({ deadlineMs: 200 });
    const data = JSON.stringify({ more: ['/input/node'] });
    rules = await load({ 'system/log/log.rego': good, 'system/log/data.json': data }, isolate);
  });
  afterAll(() => isolate.close());

  test('say what is to be masked, in one order, with the data of the bundle', async () => {
    const answer = await rules?.ask({ path: 'p', custom: { verdict: { kind: 'approve' } } });
    expect(answer?.drop).toBe(false);
    expect(answer?.mask.map(({ op, pointer, value }) => [op, pointer, value])).toEqual([
      ['remove', '/input/node', null],
      ['remove', '/input/requestor/extra', null],
      ['upsert', '/input/requestor/username', '***'],
    ]);
  });

  test('say which line is not to be written', async () => {
    const answer = await rules?.ask({ custom: { verdict: { kind: 'wait' } } });
    expect([answer?.drop, answer?.mask.length]).toEqual([true, 2]);
  });

  test('have a thread of their own', async () => {
    await isolate.close();
    await expect(rules?.ask({})).rejects.toThrow('evaluation has been stopped');
  });
});

test('a bundle without them has none', async () => {
  expect(await load({})).toBeUndefined();
});

test.each<[string, string, RegExp]>([
  ['a mask that is no entrypoint', 'package system.log\n\nmask contains "/input/a"', /no entrypoint/],
  ['a drop that is none', 'package system.log\n\ndefault drop := false', /no entrypoint/],
  ['a mask by another head', 'package system\n\nlog.mask contains "/input/a"', /no entrypoint/],
  [
    'a mask that is undefined',
    'package system.log\n\n# METADATA\n# entrypoint: true\nmask := {"/input/a"} if input.path == "none"',
    /undefined.*mask contains/,
  ],
  [
    'a mask of another shape',
    'package system.log\n\n# METADATA\n# entrypoint: true\nmask := {"/input/a": true}',
    /not a set of paths/,
  ],
  [
    'a path that cannot be masked',
    'package system.log\n\n# METADATA\n# entrypoint: true\nmask contains "/decision_id"',
    /leads to nothing/,
  ],
  [
    'a drop of another shape',
    'package system.log\n\n# METADATA\n# entrypoint: true\ndrop := "yes"',
    /neither true nor false/,
  ],
])('%s is refused when it is loaded', async (_, source, message) => {
  await expect(load({ 'system/log/log.rego': source })).rejects.toMatchObject({
    code: 'MaskInvalid',
    message: expect.stringMatching(message),
  });
});

test('a mask in the data is refused: it is nothing that could be evaluated', async () => {
  const data = JSON.stringify({ mask: ['/input/a'] });
  await expect(load({ 'system/log/data.json': data })).rejects.toMatchObject({
    code: 'MaskInvalid',
    message: expect.stringContaining('the data has data.system.log.mask'),
  });
});

test.each<[string, string]>([
  ['spins', neverEnds],
  ['throws', 'sprintf("%q", ["x"]) == "x"'],
  ['is undefined', 'input.path == "none"'],
])('a mask that %s only for some lines is no answer for those', async (_, body) => {
  const source = `package system.log

# METADATA
# entrypoint: true
mask := set() if {
	input.path != "bad"
} else := set() if {
	${body}
}
`;
  const isolate = new Isolate({ deadlineMs: 200 });
  const rules = await load({ 'system/log/log.rego': source }, isolate);
  await expect(rules?.ask({ path: 'bad' })).rejects.toThrow('system/log/mask');
  expect(await rules?.ask({ path: 'good' })).toEqual({ drop: false, mask: [] });
  await isolate.close();
});
