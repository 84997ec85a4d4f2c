import { expect, test } from 'vitest';
import type { Reason } from '../../../src/decide/verdict.ts';
import { Metrics } from '../../../src/observe/metrics.ts';

const signer = 'kubernetes.io/kubelet-serving';
const because = (...codes: string[]): Reason[] => codes.map((code) => ({ code, msg: '', source: 'policy' }));
const samples = async (metrics: Metrics, name: string) =>
  (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`csr_approver_${name}{`));

test('count decisions and their reasons, each code once a decision', async () => {
  const metrics = new Metrics('1', () => new Set(['NodeNotFound', 'SANClaimed']));
  metrics.decided(signer, 'wait', because('NodeNotFound', 'SANClaimed', 'NodeNotFound'), 0.01);
  metrics.decided(signer, 'wait', because('NodeNotFound'), 0.01);
  metrics.decided(signer, 'approve', [], 0.01);
  expect(await samples(metrics, 'decisions_total')).toEqual([
    `csr_approver_decisions_total{signer="${signer}",verdict="wait"} 2`,
    `csr_approver_decisions_total{signer="${signer}",verdict="approve"} 1`,
  ]);
  expect(await samples(metrics, 'decision_reasons_total')).toEqual([
    `csr_approver_decision_reasons_total{signer="${signer}",verdict="wait",code="NodeNotFound"} 2`,
    `csr_approver_decision_reasons_total{signer="${signer}",verdict="wait",code="SANClaimed"} 1`,
  ]);
});

test('a code that no rule declares is Other, however many there are', async () => {
  const metrics = new Metrics('1', () => new Set(['Known']));
  for (let index = 0; index < 1000; index += 1) {
    metrics.decided(signer, 'deny', because(`Made up ${String(index)}`, 'x"}\n1', 'Known'), 0.01);
  }
  expect(await samples(metrics, 'decision_reasons_total')).toEqual([
    `csr_approver_decision_reasons_total{signer="${signer}",verdict="deny",code="Other"} 1000`,
    `csr_approver_decision_reasons_total{signer="${signer}",verdict="deny",code="Known"} 1000`,
  ]);
});

test('codes of a policy that is loaded later count from then on', async () => {
  let known = new Set<string>();
  const metrics = new Metrics('1', () => known);
  metrics.decided(signer, 'deny', because('New'), 0.01);
  known = new Set(['New']);
  metrics.decided(signer, 'deny', because('New'), 0.01);
  expect(
    (await samples(metrics, 'decision_reasons_total')).map((line) => /code="(\w+)"/.exec(line)?.[1]),
  ).toEqual(['Other', 'New']);
});

test('codes of policies that come and go, or are very long, are labels up to a number', async () => {
  let known = new Set<string>();
  const metrics = new Metrics('1', () => known);
  for (let index = 0; index < 600; index += 1) {
    const codes = [`Code${String(index)}`, 'x'.repeat(129)];
    known = new Set(codes);
    metrics.decided(signer, 'deny', because(...codes), 0.01);
  }
  const lines = await samples(metrics, 'decision_reasons_total');
  expect(lines).toHaveLength(501);
  expect(lines.some((line) => line.endsWith('code="Other"} 600'))).toBe(true);
  known = new Set(['Code7']);
  metrics.decided(signer, 'deny', because('Code7'), 0.01);
  expect((await samples(metrics, 'decision_reasons_total')).join('\n')).toContain('code="Code7"} 2');
});

test('of policies: the revision in force is a label, and no other one', async () => {
  const metrics = new Metrics('1', () => new Set());
  const at = new Date('2026-11-22T06:00:00Z');
  for (let index = 0; index < 100; index += 1) metrics.activated('policy', `r${String(index)}`, at);
  metrics.inForce('floor', 'f', at);
  expect(await samples(metrics, 'policy_info')).toEqual([
    'csr_approver_policy_info{bundle="policy",revision="r99"} 1',
    'csr_approver_policy_info{bundle="floor",revision="f"} 1',
  ]);
  expect(await samples(metrics, 'policy_last_activation_timestamp_seconds')).toContain(
    'csr_approver_policy_last_activation_timestamp_seconds{bundle="policy"} 1795327200',
  );
  metrics.refused('policy');
  expect(await samples(metrics, 'policy_stale')).toEqual(['csr_approver_policy_stale{bundle="policy"} 1']);
  expect(await samples(metrics, 'policy_activations_total')).toEqual([
    'csr_approver_policy_activations_total{bundle="policy",result="activated"} 100',
    'csr_approver_policy_activations_total{bundle="policy",result="refused"} 1',
  ]);
});

test('what is counted of a bundle, a signer and the watches is there before anything has happened', async () => {
  const metrics = new Metrics('1', () => new Set());
  metrics.expectBundle('policy');
  metrics.expectSigner(signer);
  const names = [
    'policy_activations_total',
    'policy_download_errors_total',
    'policy_stale',
    'policy_last_successful_fetch_timestamp_seconds',
    'decisions_total',
    'watch_errors_total',
    'approval_writes_total',
  ];
  const all = (await Promise.all(names.map((name) => samples(metrics, name)))).flat();
  expect(all.map((line) => line.replace('csr_approver_', ''))).toEqual([
    'policy_activations_total{bundle="policy",result="activated"} 0',
    'policy_activations_total{bundle="policy",result="refused"} 0',
    'policy_download_errors_total{bundle="policy"} 0',
    'policy_stale{bundle="policy"} 0',
    'policy_last_successful_fetch_timestamp_seconds{bundle="policy"} 0',
    ...['approve', 'deny', 'wait', 'error', 'abstain'].map(
      (verdict) => `decisions_total{signer="${signer}",verdict="${verdict}"} 0`,
    ),
    'watch_errors_total{resource="certificatesigningrequests"} 0',
    'watch_errors_total{resource="nodes"} 0',
    'approval_writes_total{condition="Approved",result="ok"} 0',
    'approval_writes_total{condition="Denied",result="ok"} 0',
  ]);
  metrics.fetched('policy', new Date('2026-11-22T06:00:00Z'));
  expect(await samples(metrics, 'policy_last_successful_fetch_timestamp_seconds')).toEqual([
    'csr_approver_policy_last_successful_fetch_timestamp_seconds{bundle="policy"} 1795327200',
  ]);
});

test('stages and facts are timed by kind, and no name of an author is a label', async () => {
  const metrics = new Metrics('1', () => new Set());
  metrics.stages.decided({ decode: 1, form: 2, total: 3 });
  metrics.stages.wrote(40);
  for (const name of ['sar.selfnodeserver', 'sar.other', 'node', 'lookups.machine', 'nodes', 'sarcasm']) {
    metrics.stages.gathered(name, 5);
  }
  const counts = (await metrics.registry.metrics()).matchAll(
    /^csr_approver_(?:stage|fact)_duration_seconds_count\{(.*)\} (\d+)$/gm,
  );
  expect([...counts].map(([, label, count]) => `${label ?? ''} ${count ?? ''}`)).toEqual([
    'stage="decode" 1',
    'stage="form" 1',
    'stage="facts" 0',
    'stage="evaluation" 0',
    'stage="write" 1',
    'fact="sar" 2',
    'fact="node" 1',
    'fact="lookups" 1',
  ]);
});
