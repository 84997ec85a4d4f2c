import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadPolicies } from '../../src/activation/load.ts';
import { parseConfig } from '../../src/config/load.ts';
import { defaultConfig } from '../../src/config/schema.ts';
import { decide, decideDocument, type Policies } from '../../src/decide/decide.ts';
import { inputSchema } from '../../src/decide/input.ts';
import { decisionLineSchema, type DecisionLine } from '../../src/decision-log/line.ts';
import { requestIn } from '../../src/decision-log/read-request.ts';
import { problemIn, Receiver } from '../receiver/receiver.ts';
import { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { guideBlocks } from '../support/guide.ts';
import { opaBundle } from '../support/opa-bundle.ts';
import { neverEnds } from '../support/policies.ts';
import { run } from '../tools/run.ts';
import { apply, objectsOf } from './install.ts';
import { Scene } from './scene.ts';

/** The decision log of the shipped program, on a real control plane, in every place that it goes to. */

const folder = mkdtempSync(join(tmpdir(), 'decision-log-'));
const file = join(folder, 'not', 'yet', 'there', 'decisions.ndjson');

let scene: Scene;
let receiver: Receiver;
let policies: Policies;
let approver: Approver | undefined;
beforeAll(async () => {
  [scene, receiver, policies] = await Promise.all([
    Scene.open(),
    Receiver.start(),
    loadPolicies(defaultConfig),
  ]);
});
afterAll(async () => {
  await Promise.all([scene?.close(), receiver?.close()]);
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await approver?.stop();
  // Whatever was written, OPA's own structure takes it.
  expect(await problemIn(approver?.output ?? '')).toBe('');
  approver = undefined;
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
});

async function start(
  decisionLog: string,
  more: { bundle?: string; config?: string } = {},
): Promise<Approver> {
  approver = await scene.keep(
    Approver.start({
      kubeconfig: scene.cluster.adminKubeconfig,
      ...more,
      config: `decisionLog: ${decisionLog}\n${more.config ?? ''}`,
    }),
  );
  return approver;
}
const service = (seconds: number) =>
  `service: {url: "http://127.0.0.1:${String(receiver.port)}", minDelaySeconds: ${String(seconds)}, maxDelaySeconds: ${String(seconds)}}`;

const parse = (text: string): Record<string, unknown>[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
const nameIn = (line: Record<string, unknown>): unknown => decisionLineSchema.parse(line).custom.csr['name'];

/** The first line of a request, once it is there. */
function lineOf(name: string, lines: () => readonly Record<string, unknown>[]): Promise<DecisionLine> {
  return eventually(
    async () => {
      const found = lines().find((line) => nameIn(line) === name);
      if (found === undefined) throw new NotYet(`no line of ${name}`);
      return decisionLineSchema.parse(found);
    },
    { explain: () => `${approver?.log ?? ''}\n${receiver.complaints}` },
  );
}

/** What our own decision is on nothing but a line. */
async function again(line: DecisionLine) {
  if (line.input === undefined) {
    const request = requestIn(line);
    if (request === undefined) throw new Error('not to be decoded again');
    const options = { now: new Date(line.timestamp), limits: defaultConfig.limits };
    return decide(request, () => Promise.reject(new Error('no facts')), policies, options);
  }
  const { sar, node, claims, cluster, lookups, dns, pending, ...document } = inputSchema.parse(line.input);
  const facts = { sar, node, claims, cluster, lookups, dns, pending };
  return decideDocument(document, async () => ({ facts, failures: [] }), policies);
}

test('each decision is told on standard output, in the file and to the server, and can be made again', async () => {
  const program = await start(`{labels: {cluster: test, app: mine}, file: {path: ${file}}, ${service(1)}}`);
  const names = {
    approve: await scene.request(1),
    wait: await scene.request(2, { ip: ['10.0.0.99'] }),
    deny: await scene.request(3, { email: ['a@example.com'] }),
    refused: await scene.request(4, { pem: (text) => `text before\n${text}` }),
  };
  await scene.condition(names.approve, 'Approved', () => program.log);
  const places = {
    console: () => parse(program.output),
    file: () => parse(readFileSync(file, 'utf8')),
    service: () => receiver.events,
  };
  for (const [kind, name] of Object.entries(names)) {
    // oxlint-disable-next-line no-await-in-loop -- each is awaited
    const line = await lineOf(name, places.console);
    for (const place of [places.file, places.service]) {
      // oxlint-disable-next-line no-await-in-loop
      await lineOf(name, place);
      expect(place().find((one) => one['decision_id'] === line.decision_id)).toEqual(line);
    }
    // oxlint-disable-next-line no-await-in-loop
    const { verdict } = await again(line);
    // The line says beside it which rule gave a reason.
    const reasons = line.custom.verdict.reasons.map((reason) =>
      Object.fromEntries(Object.entries(reason).filter(([key]) => key !== 'rule')),
    );
    expect([line.custom.verdict.kind, reasons]).toEqual([verdict.kind, verdict.reasons]);
    expect(line.custom.verdict.kind).toBe(kind === 'refused' ? 'deny' : kind);
    expect(line).toMatchObject({
      labels: { cluster: 'test', app: 'rego-csr-approver' },
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      path: 'csr/kubelet_serving/decision',
      bundles: { floor: {}, policy: { revision: (await program.status())['policy']?.active_revision } },
    });
  }
  const approval = await lineOf(names.approve, places.console);
  expect(approval).toMatchObject({
    requested_by: 'system:node:n1',
    result: { allow: true },
    metrics: { timer_total_ns: expect.any(Number), timer_facts_ns: expect.any(Number) },
    custom: { condition: 'Approved', enforcement: 'enforce', floor: { facts: { pass: true } } },
  });
  // The line of the write has the same id.
  const wrote = program.lines.find(({ msg, csr }) => msg === 'wrote' && csr === names.approve);
  expect(wrote?.['decision_id']).toBe(approval.decision_id);
  const { body } = await program.get('/metrics');
  for (const sink of Object.keys(places)) {
    expect(body).toMatch(new RegExp(`decision_log_lines_total\\{sink="${sink}"\\} [4-9]`));
  }
  expect(body).not.toMatch(/decision_log_lost_total\{.*\} [1-9]/);
  // What the guide does to tell them from the log, of which this is the other half.
  const [, filter = 'false'] = guideBlocks('The decision log', 'sh')[0]?.split(' | ') ?? [];
  const both = join(folder, 'both');
  writeFileSync(both, program.log + program.output);
  const kept = await run('sh', ['-c', `${filter} < ${both}`]);
  expect(parse(kept.stdout)).toEqual(places.console());
  expect((await program.get('/readyz')).body).toContain('[+] decision_log: no problem');
  expect(receiver.complaints).toBe('');
});

test('the overlay that the guide shows is taken, and its configuration is good', async () => {
  const [config = '', patches = ''] = guideBlocks('The decision log', 'yaml');
  const { decisionLog } = parseConfig(
    `apiVersion: rego-csr-approver/v1alpha1\nkind: ApproverConfiguration\n${config}`,
    'config.yaml',
  );
  const overlay = mkdtempSync(join(scene.cluster.dir, 'overlay-'));
  const base = relative(overlay, new URL('../../deploy/kustomize/base', import.meta.url).pathname);
  writeFileSync(join(overlay, 'kustomization.yaml'), `resources: [${base}]\n${patches}`);
  const built = await scene.cluster.kubectl(['kustomize', overlay]);
  const deployment = objectsOf(built).find(({ kind }) => kind === 'Deployment');
  const mounts = JSON.stringify(deployment);
  for (const path of [decisionLog.file?.path, decisionLog.service?.credentials.bearerTokenFile]) {
    expect(mounts).toContain(`"mountPath":"${dirname(path ?? 'none')}"`);
  }
  await apply(scene, built);
});

test('a stop hands over what was gathered', async () => {
  const program = await start(`{console: false, ${service(3600)}}`);
  const name = await scene.request(1);
  await scene.condition(name, 'Approved', () => program.log);
  expect(receiver.events.filter((line) => nameIn(line) === name)).toEqual([]);
  expect(await program.stop()).toBe(0);
  expect(program.output).toBe('');
  expect((await lineOf(name, () => receiver.events)).custom.verdict.kind).toBe('approve');
});

test('sinks that are gone are lost lines, counted and said, and every request is decided', async () => {
  // Nobody listens there, and there can be no folder below a file.
  const program = await start(
    '{service: {url: "http://127.0.0.1:9", minDelaySeconds: 1, maxDelaySeconds: 1}, file: {path: /dev/null/x}}',
  );
  program.process.stdout?.destroy();
  const names = [await scene.request(1), await scene.request(2), await scene.request(3)];
  await Promise.all(names.map((name) => scene.condition(name, 'Approved', () => program.log)));
  const counted = await eventually(async () => {
    const { body } = await program.get('/metrics');
    const failures = ['console', 'file', 'service'].filter((sink) =>
      new RegExp(`decision_log_failures_total\\{sink="${sink}"\\} [1-9]`).test(body),
    );
    if (failures.length < 3) throw new NotYet(failures.join());
    return body;
  });
  expect(counted).toMatch(/decision_log_lost_total\{sink="console",reason="failed"\} [1-9]/);
  const { status, body } = await program.get('/readyz');
  expect([status, body]).toEqual([200, expect.stringMatching(/\[\+\] decision_log: .*\/dev\/null\/x/)]);
  expect(program.log).toContain('the decision log cannot be written');
  expect(await program.stop()).toBe(0);
});

describe('masks of the policy', () => {
  const decision = `package csr.mine

# METADATA
# entrypoint: true
# custom: {signer_name: kubernetes.io/kubelet-serving, facts: {node: true}}
decision := {"allow": allow, "deny": set(), "wait": set(), "warn": set(), "config_errors": set()}

default allow := false

allow if input.node.found
`;
  const mask = `package system.log

# METADATA
# entrypoint: true
mask contains "/input/requestor"

mask contains {"op": "upsert", "path": "/input/sans/ip", "value": ["masked"]}

mask contains "/input/node" if {
	input.custom.csr.name == "spins"
	${neverEnds}
}

# METADATA
# entrypoint: true
drop if input.custom.csr.name == "dropped"
`;

  test('hold in every place; one that fails tells less, and none changes what is decided', async () => {
    const bundle = await opaBundle(join(folder, 'masked'), {
      '.manifest': JSON.stringify({ revision: 'm1', roots: ['csr/mine', 'system/log'] }),
      'csr/mine/decision.rego': decision,
      'system/log/mask.rego': mask,
    });
    const program = await start(`{file: {path: ${file}.masked}}`, { bundle });
    const names = ['dropped', 'spins', 'plain'];
    // One after the other: the last line comes when the others have come, or never do.
    for (const [at, name] of names.entries()) {
      // oxlint-disable-next-line no-await-in-loop
      await scene.request(at + 1, {}, { name });
      // oxlint-disable-next-line no-await-in-loop
      await scene.condition(name, 'Approved', () => program.log);
    }
    const lines = await eventually(async () => {
      const found = parse(program.output);
      if (found.length < 2) throw new NotYet(program.output);
      return found.map((line) => decisionLineSchema.parse(line));
    });
    expect(lines.map(({ custom }) => custom.failure?.code ?? custom.csr['name'])).toEqual([
      'MaskFailed',
      'plain',
    ]);
    const [failed, plain] = lines;
    expect(plain).toMatchObject({
      erased: ['/input/requestor', '/requested_by'],
      masked: ['/input/sans/ip'],
      input: { sans: { ip: ['masked'] }, node: { found: true } },
      custom: { verdict: { kind: 'approve' } },
    });
    expect(failed).not.toHaveProperty('input');
    expect(JSON.stringify(lines)).not.toContain('system:authenticated');
    await eventually(() => (readFileSync(`${file}.masked`, 'utf8') === program.output ? true : undefined));
    const { body } = await program.get('/metrics');
    expect(body).toContain('decision_log_mask_failures_total 1');
    expect(body).toContain('decision_log_dropped_total{reason="policy"} 1');
    expect(program.log).toContain('the rules of the policy for the decision log failed');
  });
});

test('a candidate is told of in the line of the decision', async () => {
  const program = await start('{}', { config: 'policy: {shadow: {}}' });
  await eventually(async () => {
    const { shadow } = await program.status();
    if (shadow?.active_revision === undefined) throw new NotYet(JSON.stringify(shadow));
    return shadow;
  });
  const name = await scene.request(1);
  const line = await lineOf(name, () => parse(program.output));
  expect(line.custom.shadow).toEqual({
    status: 'compared',
    revision: expect.any(String),
    verdict: { kind: 'approve', reasons: [], warnings: [] },
  });
  expect(line.bundles['shadow']?.revision).toBe(line.bundles['policy']?.revision);
});
