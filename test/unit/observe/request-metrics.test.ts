import { expect, test } from 'vitest';
import { Standings } from '../../../src/controller/standings.ts';
import { Metrics } from '../../../src/observe/metrics.ts';
import { request } from '../decide/stubs.ts';

const now = new Date('2026-11-22T06:10:00Z');
const at = (uid: string, minutes: number) =>
  request({ uid, creationTimestamp: new Date(now.getTime() - minutes * 60_000).toISOString() });
const samples = async (metrics: Metrics, name: string) =>
  Object.fromEntries(
    [
      ...(await metrics.registry.metrics()).matchAll(
        new RegExp(`^csr_approver_${name}\\{verdict="(\\w+)"\\} (\\S+)$`, 'gm'),
      ),
    ].map(([, verdict = '', value]) => [verdict, Number(value)]),
  );

test('pending requests are told by their last verdict, with the age of the oldest', async () => {
  const metrics = new Metrics('1', () => new Set());
  const standings = new Standings();
  standings.set('a', 'wait');
  standings.set('b', 'wait');
  standings.set('c', 'deny');
  standings.set('d', 'ignore');
  const requests = [at('a', 2), at('b', 7), at('c', 9), at('d', 30), at('e', -1)];
  metrics.requests.measured(standings.of(requests, now));
  const none = { error: 0, abstain: 0, approve: 0 };
  expect(await samples(metrics, 'pending_requests')).toEqual({ ...none, wait: 2, deny: 1, undecided: 1 });
  // One of the future, by a clock that is wrong, is new.
  const ages = { ...none, wait: 420, deny: 540, undecided: 0 };
  expect(await samples(metrics, 'pending_oldest_age_seconds')).toEqual(ages);
  standings.forget('b');
  metrics.requests.measured(standings.of([at('a', 2), at('b', 7)], now));
  expect(await samples(metrics, 'pending_requests')).toMatchObject({ wait: 1, deny: 0, undecided: 1 });
  standings.clear();
  metrics.requests.measured(standings.of([], now));
  expect(await samples(metrics, 'pending_oldest_age_seconds')).toEqual({
    ...none,
    wait: 0,
    deny: 0,
    undecided: 0,
  });
});

test('what others decided is counted from 0', async () => {
  const metrics = new Metrics('1', () => new Set());
  metrics.expectSigner('s');
  metrics.requests.decidedByOthers('s', 'Denied');
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => /foreign.*\{/.test(line));
  expect(lines).toEqual([
    'csr_approver_foreign_approvals_total{signer="s",condition="Approved"} 0',
    'csr_approver_foreign_approvals_total{signer="s",condition="Denied"} 1',
  ]);
});
