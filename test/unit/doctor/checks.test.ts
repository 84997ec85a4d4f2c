import { describe, expect, test } from 'vitest';
import { keyOf, node, registerNode } from '../../../src/doctor/access.ts';
import { sampleNode } from '../../../src/doctor/checks/api-server.ts';
import { checks } from '../../../src/doctor/checks.ts';
import { diagnose } from '../../../src/doctor/finding.ts';
import { seen, unseen } from '../../../src/doctor/seen.ts';
import { guideBlocks } from '../../support/guide.ts';
import { apiServer } from './cases/api-server.ts';
import { clocks } from './cases/clocks.ts';
import { installation } from './cases/installation.ts';
import { kubelets } from './cases/kubelets.ts';
import { permissions } from './cases/permissions.ts';
import { reservedNames } from './cases/reserved-names.ts';
import { signer } from './cases/signer.ts';
import { nodes, own, podRange } from './changed.ts';
import { codes, findings, healthy, now } from './healthy.ts';

/** A healthy cluster, with exactly one thing changed. */

test('nothing is wrong with a healthy one, and every check says so', () => {
  expect(codes({})).toEqual([]);
  expect(diagnose(checks, healthy).map(({ code }) => code)).toEqual(checks.map(({ name }) => name));
});

const cases = { apiServer, signer, permissions, reservedNames, kubelets, installation, clocks };

describe.each(Object.entries(cases))('%s', (_, ofGroup) => {
  test.each(Object.entries(ofGroup))('%s', (__, [changed, expected]) => {
    expect(codes(changed)).toEqual(expected);
  });
});

test('every fault of every check is one of a case', () => {
  const faults = checks.flatMap((check) =>
    Object.entries(check.faults).map(([code, { severity }]) => `${severity} ${code}`),
  );
  const found = new Set(
    Object.values(cases).flatMap((of) => Object.values(of).flatMap(([, expected]) => expected)),
  );
  expect(faults.filter((fault) => !found.has(fault))).toEqual([]);
  const all = checks.flatMap((check) => [check.name, ...Object.keys(check.faults)]);
  expect(new Set(all).size).toBe(all.length);
});

test('what could not be looked at is unknown, with the permission that would show it, and never taken for good', () => {
  const blind = Object.fromEntries(
    Object.entries(healthy).map(([name, part]) => {
      const isPart = typeof part === 'object' && part !== null && 'value' in part;
      return [name, isPart ? unseen('forbidden', `see ${name}`) : part];
    }),
  );
  // Without Nodes one is made up for the review.
  const madeUp = { ...node(sampleNode({ nodes: unseen('') })), attributes: registerNode };
  const reviews = new Map(
    [...healthy.reviews.keys(), keyOf(madeUp)].map(
      (key) => [key, unseen('forbidden', 'ask reviews')] as const,
    ),
  );
  const found = findings({ ...blind, reviews });
  const sighted = ['KubernetesVersion', 'Clock'];
  expect(found.map(({ code }) => code)).toEqual(
    checks.map(({ name }) => name).filter((name) => !sighted.includes(name)),
  );
  for (const { severity, mend } of found) {
    expect(severity).toBe('unknown');
    expect(mend).toMatch(/^Run it as somebody who may (see|ask) /);
  }
});

test('the command for kubeadm’s ConfigMap is the guide’s', () => {
  const [first] = findings({ kubeletConfig: seen(false) });
  expect(guideBlocks('kubeadm, existing cluster', 'sh')[0]).toBe(first?.commands[0]);
});

test('what should be reserved is added to the ConfigMap, and nothing of it is lost', () => {
  const [first] = findings({
    serving: seen({ dns: ['api.example.com'], ip: ['198.51.100.7'] }),
    kubeadm: seen({ controlPlaneEndpoint: '', certSANs: [], podSubnet: '10.245.0.0/16', serviceSubnet: '' }),
  });
  const [patch = '', restart] = first?.commands ?? [];
  const text = patch.slice(patch.indexOf('{'), patch.lastIndexOf('}') + 1);
  expect(JSON.parse(text)).toEqual({
    data: {
      'config.yaml': `# of the overlay
apiVersion: rego-csr-approver/v1alpha1
kind: ApproverConfiguration
cluster:
  podCIDRs:
    - 10.244.0.0/16
    - 10.245.0.0/16
  apiNames:
    - api.example.com
  apiAddresses:
    - 198.51.100.7
`,
    },
  });
  expect(restart).toBe('kubectl rollout restart deployment rego-csr-approver -n rego-csr-approver');
});

test.each<[string, string, readonly string[], string | undefined]>([
  ['what runs', 'registry.example.com/a/x:1.0', ['registry.example.com/a/x'], 'registry.example.com/a/x'],
  ['what runs, of a registry with a port', 'localhost:5000/x:1.0', ['localhost:5000/x'], 'localhost:5000/x'],
  ['what runs, by its short name', 'x', ['docker.io/library/x'], 'docker.io/library/x'],
  [
    'nothing where a kubelet says another repository',
    'registry.example.com/x:1.0',
    ['evil.example.com/x'],
    undefined,
  ],
  [
    'nothing where two kubelets say different things',
    'registry.example.com/x:1.0',
    ['registry.example.com/x', 'evil.example.com/x'],
    undefined,
  ],
  ['nothing where none says anything', 'registry.example.com/x:1.0', [], undefined],
])('the command for an image by its tag names %s', (_, image, repositories, expected) => {
  const at = `@sha256:${'1'.repeat(64)}`;
  const pods = [...repositories, ''].map((repository, index) => ({
    name: `rego-csr-approver-${String(index + 1)}`,
    ready: true,
    problem: '',
    imageID: repository === '' ? '' : repository + at,
  }));
  const [found] = findings({ own: seen({ ...own, image }), pods: seen(pods) });
  expect(found?.code).toBe('ImageNotByDigest');
  expect(found?.commands).toEqual(
    expected === undefined
      ? []
      : [
          `kubectl set image deployment/rego-csr-approver -n rego-csr-approver rego-csr-approver=${expected}${at}`,
        ],
  );
});

test('Nodes that keep a range from being reserved are named: they write their own addresses', () => {
  const [found] = findings(podRange(nodes({ createdAt: now, addresses: ['10.244.0.9'] })));
  expect(found?.seen).toBe('1 of 3 Nodes are in 10.244.0.0/16 too: m0');
});
