import { readFileSync } from 'node:fs';
import { defaultConfig } from '../../../src/config/schema.ts';
import {
  anybody,
  approveFor,
  keyOf,
  node,
  program,
  registerNode,
  selfnodeserver,
  serving,
  unwanted,
  updateApproval,
  wanted,
} from '../../../src/doctor/access.ts';
import { checks } from '../../../src/doctor/checks.ts';
import { diagnose, type Finding } from '../../../src/doctor/finding.ts';
import { bindingOf, rulesOf } from '../../../src/doctor/gather/objects.ts';
import type { Rbac } from '../../../src/doctor/rbac.ts';
import { seen, type Seen } from '../../../src/doctor/seen.ts';
import type { NodeState, Request, Review, Snapshot } from '../../../src/doctor/snapshot.ts';
import { parseAllDocuments } from 'yaml';

/** A cluster in which nothing is wrong, for tests that change one thing. */

export const now = Date.parse('2026-11-22T06:00:00Z');
export const minutes = (number: number): number => number * 60_000;
export const target = { namespace: 'rego-csr-approver', serviceAccount: 'rego-csr-approver' };

export const aNode = (name: string, changed: Partial<NodeState> = {}): NodeState => ({
  name,
  createdAt: now - minutes(30),
  ready: true,
  controlPlane: false,
  addresses: [name, '10.0.0.1'],
  podCIDRs: [],
  ...changed,
});

export const aRequest = (name: string, changed: Partial<Request> = {}): Request => ({
  name,
  signerName: serving,
  username: 'system:node:n1',
  createdAt: now - minutes(20),
  state: 'issued',
  decidedAt: now - minutes(20),
  approvedBecause: 'PolicyAllowed',
  decidedBy: 'rego-csr-approver',
  notAfter: now + minutes(60 * 24 * 365),
  failure: '',
  ...changed,
});

const file = (name: string): string =>
  readFileSync(new URL(`../../../deploy/kustomize/base/${name}`, import.meta.url), 'utf8');
const objects = ['rbac.yaml', 'selfnodeserver.yaml']
  .flatMap((name) => parseAllDocuments(file(name)))
  .map((document): Record<string, unknown> => document.toJS());
const of = (kind: string) => objects.filter((object) => object['kind'] === kind);

/** The RBAC that deploy/ makes, and what every cluster has. */
function deployedRbac(): Rbac {
  const all = { apiGroups: ['*'], resources: ['*'], resourceNames: [], verbs: ['*'] };
  const masters = { kind: 'Group', name: 'system:masters', namespace: '' };
  return {
    roles: new Map([...of('ClusterRole').map(rulesOf), ['cluster-admin', [all]]]),
    bindings: [
      ...of('ClusterRoleBinding').map(bindingOf),
      { name: 'cluster-admin', role: 'cluster-admin', subjects: [masters] },
    ],
  };
}

const yes: Seen<Review> = seen({ allowed: true, reason: '' });
const no: Seen<Review> = seen({ allowed: false, reason: '' });

function answers(): Snapshot['reviews'] {
  return new Map([
    ...wanted(target, defaultConfig).map(
      (attributes) => [keyOf({ ...program(target), attributes }), yes] as const,
    ),
    ...unwanted(target, defaultConfig).map(
      (attributes) => [keyOf({ ...program(target), attributes }), no] as const,
    ),
    ...[registerNode, selfnodeserver].map(
      (attributes) => [keyOf({ ...node('n1'), attributes }), yes] as const,
    ),
    ...[updateApproval, approveFor(serving)].map(
      (attributes) => [keyOf({ ...anybody, attributes }), no] as const,
    ),
  ]);
}

const apiServer = new Map([
  ['authorization-mode', 'Node,RBAC'],
  ['enable-admission-plugins', 'NodeRestriction'],
  ['kubelet-certificate-authority', '/etc/kubernetes/pki/ca.crt'],
]);
const controllerManager = new Map([
  ['cluster-signing-cert-file', '/etc/kubernetes/pki/ca.crt'],
  ['cluster-signing-key-file', '/etc/kubernetes/pki/ca.key'],
]);

const configMapText = `# of the overlay
apiVersion: rego-csr-approver/v1alpha1
kind: ApproverConfiguration
cluster:
  podCIDRs: [10.244.0.0/16]
`;
const config = { ...defaultConfig, cluster: { ...defaultConfig.cluster, podCIDRs: ['10.244.0.0/16'] } };

const own = {
  namespace: target.namespace,
  name: 'rego-csr-approver',
  serviceAccount: target.serviceAccount,
  container: 'rego-csr-approver',
  image: `registry.example.com/rego-csr-approver@sha256:${'0'.repeat(64)}`,
  args: ['run', '--config=/etc/rego-csr-approver/config.yaml'],
  replicas: 2,
  config: { configMap: 'rego-csr-approver-abc', key: 'config.yaml' },
};

export const healthy: Snapshot = {
  target,
  now,
  ourNow: now + 500,
  version: 'v1.36.3',
  apiServers: seen([{ where: 'pod kube-apiserver-cp', flags: apiServer }]),
  admission: seen({
    plugins: new Map([
      ['NodeRestriction', 100],
      ['CertificateApproval', 100],
    ]),
  }),
  controllerManagers: seen([{ where: 'pod kube-controller-manager-cp', flags: controllerManager }]),
  kubeadm: seen({
    controlPlaneEndpoint: '',
    certSANs: [],
    podSubnet: '10.244.0.0/16',
    serviceSubnet: '10.96.0.0/16',
  }),
  kubeletConfig: seen(true),
  controllerManagerLease: seen({ holder: 'cp', renewedAt: now - 2000, seconds: 15 }),
  requests: seen([aRequest('csr-1')]),
  nodes: seen([
    aNode('n1'),
    aNode('cp', { controlPlane: true, addresses: ['cp', '192.0.2.10'], createdAt: now - minutes(5) }),
  ]),
  heartbeats: seen(new Map([['n1', now - 5000]])),
  kubelets: seen([]),
  rbac: seen(deployedRbac()),
  reviews: answers(),
  config: seen({
    config,
    where: 'config.yaml of ConfigMap rego-csr-approver/rego-csr-approver-abc',
    configMap: { name: 'rego-csr-approver-abc', key: 'config.yaml', text: configMapText },
  }),
  configProblem: '',
  lookups: seen({}),
  cluster: seen({
    api_names: [
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ],
    api_addresses: ['10.96.0.1', '192.0.2.10'],
    service_cidrs: ['10.96.0.0/16'],
    pod_cidrs: ['10.244.0.0/16'],
  }),
  hasServiceCIDRs: seen(true),
  serving: seen({
    dns: ['localhost', 'cp', 'kubernetes', 'kubernetes.default.svc.cluster.local'],
    ip: ['127.0.0.1', '10.96.0.1', '192.0.2.10'],
  }),
  own: seen(own),
  installations: seen([own]),
  pods: seen([
    { name: 'rego-csr-approver-1', ready: true, problem: '', imageID: '' },
    { name: 'rego-csr-approver-2', ready: true, problem: '', imageID: '' },
  ]),
  leader: seen({ holder: 'rego-csr-approver-1_6d5a4b1e', renewedAt: now - 1000, seconds: 15 }),
  namespaceLabels: seen({ 'pod-security.kubernetes.io/enforce': 'restricted' }),
  events: seen([]),
};

/** What is found that is not ok, in a cluster with something changed. */
export function findings(changed: Partial<Snapshot>): Finding[] {
  return diagnose(checks, { ...healthy, ...changed }).filter(({ severity }) => severity !== 'ok');
}

export const codes = (changed: Partial<Snapshot>): string[] =>
  findings(changed).map(({ severity, code }) => `${severity} ${code}`);

/** The value of a part that is seen. */
export function valueOf<T>(part: Seen<T>): T {
  if ('unseen' in part) throw new Error(part.unseen.why);
  return part.value;
}
