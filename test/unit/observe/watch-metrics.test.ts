import { expect, test } from 'vitest';
import { Metrics } from '../../../src/observe/metrics.ts';

const setUp = () => {
  const metrics = new Metrics('1', () => new Set());
  const samples = async (pattern: RegExp) =>
    (await metrics.registry.metrics()).split('\n').filter((line) => pattern.test(line));
  return { metrics, samples };
};

test('every reason to list anew is there from the beginning, of both watches', async () => {
  const { samples } = setUp();
  const lines = await samples(/^csr_approver_watch_restarts_total\{/);
  expect(lines).toHaveLength(12);
  expect(lines.every((line) => line.endsWith(' 0'))).toBe(true);
});

test('a watch that ends in good order is no restart', async () => {
  const { metrics, samples } = setUp();
  const { watchEnded } = metrics.watch.of('nodes');
  for (const how of ['timeout', 'silent', 'silent', 'expired'] as const) watchEnded(how);
  expect(await samples(/^csr_approver_watch_restarts_total\{.*[1-9]$/)).toEqual([
    'csr_approver_watch_restarts_total{resource="nodes",reason="expired"} 1',
    'csr_approver_watch_restarts_total{resource="nodes",reason="silent"} 2',
  ]);
});

test('lists count with how long they took and what they held', async () => {
  const { metrics, samples } = setUp();
  const { listed, error } = metrics.watch.of('certificatesigningrequests');
  listed(20_000, 2_500);
  listed(1, 500);
  error();
  const of = 'resource="certificatesigningrequests"';
  expect(await samples(/(list_.*(_sum|_count|objects_total)|watch_errors_total)\{resource="cert/)).toEqual([
    `csr_approver_watch_errors_total{${of}} 1`,
    `csr_approver_list_duration_seconds_sum{${of}} 3`,
    `csr_approver_list_duration_seconds_count{${of}} 2`,
    `csr_approver_list_objects_total{${of}} 20001`,
  ]);
});

test('an age that is not known yet is not shown', async () => {
  const { metrics, samples } = setUp();
  metrics.watch.measured('nodes', Infinity, 0);
  expect(await samples(/^csr_approver_watch_last_progress_age_seconds\{/)).toEqual([]);
  metrics.watch.measured('nodes', 1_500, 7);
  expect(await samples(/^csr_approver_watch(_last_progress_age_seconds|ed_objects)\{/)).toEqual([
    'csr_approver_watch_last_progress_age_seconds{resource="nodes"} 1.5',
    'csr_approver_watched_objects{resource="nodes"} 7',
  ]);
});

test('the queue is measured by state', async () => {
  const { metrics, samples } = setUp();
  metrics.queue.measured({ ready: 1, delayed: 2, working: 3, oldestAgeMs: () => 250 });
  expect(await samples(/^csr_approver_queue_(depth|oldest)/)).toEqual([
    'csr_approver_queue_depth{state="ready"} 1',
    'csr_approver_queue_depth{state="delayed"} 2',
    'csr_approver_queue_depth{state="working"} 3',
    'csr_approver_queue_oldest_age_seconds 0.25',
  ]);
});
