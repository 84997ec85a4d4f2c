import { wordsOf, type Attributes } from './access.ts';

/**
 * Every call that is made but access reviews, with the permission that it takes: what deploy/kustomize/components/doctor
 * grants (a test holds the two together), and what a finding names that could not look.
 */
const kubeSystem = 'kube-system';
const program = 'rego-csr-approver';

const rbac = 'rbac.authorization.k8s.io';
const leases = { verb: 'get', group: 'coordination.k8s.io', resource: 'leases' };

export const reads = {
  nodes: { verb: 'list', group: '', resource: 'nodes' },
  requests: { verb: 'list', group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
  clusterRoles: { verb: 'list', group: rbac, resource: 'clusterroles' },
  clusterRoleBindings: { verb: 'list', group: rbac, resource: 'clusterrolebindings' },
  serviceCIDRs: { verb: 'list', group: 'networking.k8s.io', resource: 'servicecidrs' },
  deployments: { verb: 'list', group: 'apps', resource: 'deployments' },
  // To get a namespace is a request in it.
  namespaces: { verb: 'get', group: '', resource: 'namespaces', namespace: program },
  reviews: { verb: 'create', group: 'authorization.k8s.io', resource: 'subjectaccessreviews' },
  service: { verb: 'get', group: '', resource: 'services', name: 'kubernetes', namespace: 'default' },
  endpointSlices: {
    verb: 'list',
    group: 'discovery.k8s.io',
    resource: 'endpointslices',
    namespace: 'default',
  },
  requestEvents: { verb: 'list', group: 'events.k8s.io', resource: 'events', namespace: 'default' },
  heartbeats: { ...leases, verb: 'list', namespace: 'kube-node-lease' },
  components: { verb: 'list', group: '', resource: 'pods', namespace: kubeSystem },
  kubeadm: { verb: 'get', group: '', resource: 'configmaps', name: 'kubeadm-config', namespace: kubeSystem },
  kubeletConfig: {
    verb: 'get',
    group: '',
    resource: 'configmaps',
    name: 'kubelet-config',
    namespace: kubeSystem,
  },
  controllerManager: { ...leases, name: 'kube-controller-manager', namespace: kubeSystem },
  pods: { verb: 'list', group: '', resource: 'pods', namespace: program },
  podEvents: { verb: 'list', group: 'events.k8s.io', resource: 'events', namespace: program },
  configMaps: { verb: 'get', group: '', resource: 'configmaps', namespace: program },
  leader: { ...leases, name: `${program}-leader`, namespace: program },
} as const satisfies Readonly<Record<string, Attributes>>;

/** Paths that are no objects. */
export const paths = { metrics: '/metrics', flagz: '/flagz' } as const;

/** Not part of the role: whoever may do it may ask any kubelet anything. */
export const configz: Attributes = { verb: 'get', group: '', resource: 'nodes/proxy' };

/** In words, for whom it is asked of another namespace or name. */
export const permission = (read: Attributes, at: { namespace?: string; name?: string } = {}): string =>
  wordsOf({ ...read, ...at });
