import { defaultConfig } from '../../../../src/config/schema.ts';
import { seen } from '../../../../src/doctor/seen.ts';
import { own, config, event, noPod } from '../changed.ts';
import { healthy, minutes, now, valueOf } from '../healthy.ts';
import type { Cases } from '../changed.ts';

export const installation: Cases = {
  none: [
    { own: seen(undefined), installations: seen([]), pods: seen([]), leader: seen(undefined) },
    ['error NotInstalled'],
  ],
  'none, but for a Lease that it has left': [
    {
      own: seen(undefined),
      installations: seen([]),
      pods: seen([]),
      leader: seen({ holder: 'rego-csr-approver-1_x', renewedAt: now - 16_000, seconds: 15 }),
    },
    ['error NotInstalled'],
  ],
  'none, and somebody who holds its Lease': [
    { own: seen(undefined), installations: seen([]), pods: seen([]) },
    ['error NotInstalled', 'warning LeaderNotOurs'],
  ],
  'a second one': [
    { installations: seen([own, { ...own, namespace: 'other' }]) },
    ['warning SecondInstallation'],
  ],
  'no pod': [{ pods: seen([]) }, ['error NoPodReady', 'warning LeaderNotOurs']],
  'no pod that is ready': [{ pods: seen([{ name: 'rego-csr-approver-1', ...noPod }]) }, ['error NoPodReady']],
  'one of two that is not ready': [
    { pods: seen([...valueOf(healthy.pods), { name: 'rego-csr-approver-3', ...noPod }]) },
    ['warning PodsNotReady'],
  ],
  'one pod': [
    {
      own: seen({ ...own, replicas: 1 }),
      installations: seen([own]),
      pods: seen(valueOf(healthy.pods).slice(0, 1)),
    },
    ['info OnePod'],
  ],
  'no leader': [{ leader: seen(undefined) }, ['error NobodyLeads']],
  'a leader that is gone': [
    { leader: seen({ holder: 'rego-csr-approver-1_x', renewedAt: now - 16_000, seconds: 15 }) },
    ['error NobodyLeads'],
  ],
  'another leader': [
    { leader: seen({ holder: 'x_y', renewedAt: now, seconds: 15 }) },
    ['warning LeaderNotOurs'],
  ],
  'no election': [
    {
      leader: seen(undefined),
      ...config({ leaderElection: { ...defaultConfig.leaderElection, enabled: false } }),
    },
    [],
  ],
  'an image by its tag': [
    { own: seen({ ...own, image: 'registry.example.com/x:1.0' }) },
    ['warning ImageNotByDigest'],
  ],
  'a namespace for anything': [{ namespaceLabels: seen({}) }, ['warning NamespaceNotRestricted']],
  'a dry run': [config({ enforcement: 'dryrun' }), ['info DryRun']],
  'a configuration that is refused': [
    { configProblem: 'config.yaml:3: cluster.x: unknown field' },
    ['error ConfigurationRefused'],
  ],
  'a bundle that is refused': [
    {
      events: seen([event('PolicyActivated', now - minutes(9)), event('PolicyRejected', now - minutes(2))]),
    },
    ['warning PolicyRejected'],
  ],
  'a bundle that is taken after all': [
    {
      events: seen([event('PolicyRejected', now - minutes(9)), event('PolicyActivated', now - minutes(2))]),
    },
    [],
  ],
  'a bundle that a pod has refused which is gone': [
    { events: seen([event('PolicyRejected', now, 'gone')]) },
    [],
  ],
  'decisions that fail': [
    { events: seen([event('DecisionFailed', now - minutes(1), 'csr-1')]) },
    ['warning DecisionsFail'],
  ],
  'decisions that failed once': [{ events: seen([event('DecisionFailed', now - minutes(40), 'csr-1')]) }, []],
};
