import { afterAll, beforeAll, expect, test } from 'vitest';
import { chart, Helm } from './helm.ts';

/** What Helm prints says what holds for the values that were given, and nothing else. */

let helm: Helm;
beforeAll(async () => {
  helm = await Helm.open();
});
afterAll(() => helm?.close());

const notes = async (values: Readonly<Record<string, unknown>>): Promise<string> =>
  (
    await helm.said('install', 'mine', chart, '--dry-run=client', '--namespace=csr', ...helm.flags([values]))
  ).split('NOTES:\n')[1] ?? '';

const both = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

/** What is said where a value is set, and where it is not. */
test.each<[string, Readonly<Record<string, unknown>>, RegExp, RegExp]>([
  ['a dry run', { config: { enforcement: 'dryrun' } }, /A dry run: it decides/, /It approves requests for/],
  [
    'client certificates',
    { config: { signers: both } },
    /for kubernetes\.io\/kubelet-serving and kubernetes\.io\/kube-apiserver-client-kubelet\.[^]*-certificatesigningrequest-approving-controller/,
    /for kubernetes\.io\/kubelet-serving\. /,
  ],
  [
    'the off switch',
    { selfNodeServer: { bind: false } },
    /The off switch is off: selfNodeServer\.bind=false/,
    /serving certificates: system:nodes\. [^]*kubectl delete clusterrolebinding node-server-auto-renew-crt/,
  ],
  [
    'single users',
    { selfNodeServer: { groups: [], users: ['system:node:n1'] } },
    /serving certificates: system:node:n1\./,
    /serving certificates: system:nodes\./,
  ],
  [
    'nobody',
    { selfNodeServer: { groups: [] } },
    /serving certificates: nobody, so that every request waits\./,
    /serving certificates: system:nodes\./,
  ],
  [
    'no permissions',
    { rbac: { create: false } },
    /rbac\.create=false: [^]*csr\/mine-rego-csr-approver/,
    /rollout status/,
  ],
  ['no pods', { replicaCount: 0 }, /replicaCount is 0: nothing runs/, /rollout status/],
  [
    'pods without an election',
    { replicaCount: 2, config: { leaderElection: { enabled: false } } },
    /all 2 pods decide/,
    /rollout status/,
  ],
  [
    'the host network',
    { hostNetwork: true },
    /namespace csr pod-security\.kubernetes\.io\/enforce=privileged/,
    /namespace csr pod-security\.kubernetes\.io\/enforce=restricted/,
  ],
])('%s', async (_, values, set, unset) => {
  const [given, plain] = [await notes(values), await notes({})];
  expect(given).toMatch(set);
  expect(plain).toMatch(unset);
  expect(plain).not.toMatch(set);
  expect(given).toContain('kubectl -n csr rollout status deployment/mine-rego-csr-approver');
});
