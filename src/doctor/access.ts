import type { Config } from '../config/schema.ts';
import type { LookupQuery } from '../policy/lookup-query.ts';
import type { Target } from './snapshot.ts';

/** Attributes of a SubjectAccessReview (authorization.k8s.io/v1). */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** With its subresource. */
  readonly resource: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** One question to the API server: may he? */
export interface Question {
  readonly user: string;
  readonly groups: readonly string[];
  readonly attributes: Attributes;
}

export const keyOf = ({ user, attributes }: Question): string => JSON.stringify([user, attributes]);

const certificates = 'certificates.k8s.io';
const csrs = 'certificatesigningrequests';
export const serving = 'kubernetes.io/kubelet-serving';
/** Takes in all of that domain (kubernetes/plugin/pkg/admission/certificates/util.go). */
export const everySigner = 'kubernetes.io/*';

/** Who may ask for a serving certificate at all: the off switch. */
export const selfnodeserver: Attributes = {
  verb: 'create',
  group: certificates,
  resource: `${csrs}/selfnodeserver`,
};
export const updateApproval: Attributes = {
  verb: 'update',
  group: certificates,
  resource: `${csrs}/approval`,
};
export const approveFor = (signer: string): Attributes => ({
  verb: 'approve',
  group: certificates,
  resource: 'signers',
  name: signer,
});

/** `list nodes`, `approve signers/NAME`, `get services/kubernetes in default` */
export function wordsOf({ verb, group, resource, name, namespace }: Attributes): string {
  const what = group === '' ? resource : `${resource}.${group}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}${where}`;
}

/** What deploy/kustomize/base/rbac.yaml grants; a test holds the two together. */
export function wanted({ namespace }: Target, { signers, leaderElection }: Config): readonly Attributes[] {
  const lease = { group: 'coordination.k8s.io', resource: 'leases' };
  const where = leaderElection.namespace ?? namespace;
  const events = { verb: 'create', group: 'events.k8s.io', resource: 'events' };
  const election = [
    { verb: 'create', ...lease, namespace: where },
    { verb: 'get', ...lease, namespace: where, name: leaderElection.name },
    { verb: 'update', ...lease, namespace: where, name: leaderElection.name },
  ];
  return [
    ...['get', 'list', 'watch'].map((verb) => ({ verb, group: certificates, resource: csrs })),
    updateApproval,
    ...signers.map(approveFor),
    { verb: 'create', group: 'authorization.k8s.io', resource: 'subjectaccessreviews' },
    ...['get', 'list', 'watch'].map((verb) => ({ verb, group: '', resource: 'nodes' })),
    { verb: 'list', group: 'networking.k8s.io', resource: 'servicecidrs' },
    { verb: 'get', group: '', resource: 'services', name: 'kubernetes', namespace: 'default' },
    { verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices', namespace: 'default' },
    { ...events, namespace: 'default' },
    { ...events, namespace },
    ...(leaderElection.enabled ? election : []),
  ];
}

const otherSigners = [
  'kubernetes.io/kube-apiserver-client-kubelet',
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/legacy-unknown',
];

/** What whoever takes over the program must not get with it. A sample of what `*` would grant, each a way to more. */
export function unwanted({ namespace }: Target, { signers }: Config): readonly Attributes[] {
  return [
    ...otherSigners.filter((signer) => !signers.includes(signer)).map(approveFor),
    approveFor(everySigner),
    approveFor('example.com/any'),
    { verb: 'sign', group: certificates, resource: 'signers', name: serving },
    { verb: 'update', group: certificates, resource: `${csrs}/status` },
    { verb: 'create', group: certificates, resource: csrs },
    { verb: 'update', group: '', resource: 'nodes' },
    { verb: 'patch', group: '', resource: 'nodes/status' },
    { verb: 'get', group: '', resource: 'nodes/proxy' },
    { verb: 'list', group: '', resource: 'secrets' },
    { verb: 'create', group: '', resource: 'serviceaccounts/token', namespace },
    { verb: 'create', group: '', resource: 'pods', namespace },
    { verb: 'update', group: '', resource: 'configmaps', namespace },
    { verb: 'impersonate', group: '', resource: 'users' },
    { verb: 'bind', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
    { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  ];
}

/** What a lookup of the policy needs; a namespace that depends on the request may be any. */
export function lookupAccess({ group, resource, namespace, name }: LookupQuery): Attributes {
  return {
    verb: name === '' ? 'list' : 'get',
    group,
    resource,
    ...(namespace === '' || namespace.includes('{') ? {} : { namespace }),
    ...(name === '' || name.includes('{') ? {} : { name }),
  };
}

export function program({ namespace, serviceAccount }: Target): Omit<Question, 'attributes'> {
  return {
    user: `system:serviceaccount:${namespace}:${serviceAccount}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

export const anybody: Omit<Question, 'attributes'> = {
  user: 'rego-csr-approver:doctor:anybody',
  groups: ['system:authenticated'],
};

export function node(name: string): Omit<Question, 'attributes'> {
  return { user: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] };
}

/** Granted to nodes by the Node authorizer, and by nothing else in a cluster whose RBAC is Kubernetes' own. */
export const registerNode: Attributes = { verb: 'create', group: '', resource: 'nodes' };
