import { client, serving } from './requests.ts';

/** A value of a field, and the code by which it is refused; one that is taken must leave the good requests approved. */
export interface Row {
  readonly value: unknown;
  readonly refused?: string;
}

const takes = (...values: readonly unknown[]): Row[] => values.map((value) => ({ value }));
const refuses = (refused: string, ...values: readonly unknown[]): Row[] =>
  values.map((value) => ({ value, refused }));

/**
 * Every field of ApproverConfiguration, at its most permissive and beyond: a new field needs a row.
 *
 * Are the caps relaxed where `limits` goes above its default? No: the floor's cap is the hard limit (src/csr/limits.ts),
 * which the schema and the decoder both hold, and the default is a smaller one.
 */
export const fields: Readonly<Record<string, readonly Row[]>> = {
  apiVersion: refuses('ConfigInvalid', 'rego-csr-approver/v0'),
  kind: refuses('ConfigInvalid', 'Permissive'),
  signers: [
    ...refuses('SignerNotSupported', [serving, client, 'kubernetes.io/kube-apiserver-client']),
    ...refuses('ConfigInvalid', [], ['']),
    ...takes([serving, client]),
  ],
  enforcement: takes('dryrun', 'enforce'),
  onDeny: takes('deny', 'leavePending'),
  // Others are in bundles.ts.
  'policy.bundle': refuses('BundleNotFound', '/nonexistent'),
  'policy.polling.minDelaySeconds': [...refuses('ConfigInvalid', 0), ...takes(1)],
  'policy.polling.maxDelaySeconds': takes(86_400),
  'policy.polling.longPollSeconds': takes(3_600),
  // Of a bundle that is a file there is nothing to show or to trust; others are in the tests of sources.
  'policy.credentials.bearerTokenFile': takes('/nonexistent'),
  'policy.credentials.clientCertificateFile': takes('/nonexistent'),
  'policy.credentials.clientKeyFile': takes('/nonexistent'),
  'policy.credentials.dockerConfigFile': takes('/nonexistent'),
  'policy.caFile': takes('/nonexistent'),
  'policy.keys': [
    ...refuses('KeyUnreadable', { release: { algorithm: 'RS256', file: '/nonexistent' } }),
    ...refuses('ConfigInvalid', { release: { algorithm: 'none', file: '/dev/null' } }),
    ...takes({}),
  ],
  'policy.scope': takes(''),
  'policy.cacheDirectory': takes('/nonexistent'),
  'policy.entrypoints': [
    ...refuses('EntrypointMissing', { [serving]: 'csr/floor/facts' }, { [client]: 'csr/floor/form' }),
    ...takes({ [serving]: 'csr/mine/serving' }),
  ],
  // Others are in overlays.ts.
  'policy.data': refuses('OverlayUnreadable', ['/nonexistent']),
  // A candidate decides nothing, so whatever it is: not even a bad one is in the way.
  'policy.shadow.bundle': takes('/nonexistent', 'http://192.0.2.1/allow-everything.tar.gz'),
  'policy.shadow.polling.minDelaySeconds': takes(1),
  'policy.shadow.polling.maxDelaySeconds': takes(86_400),
  'policy.shadow.polling.longPollSeconds': takes(3_600),
  'policy.shadow.credentials.bearerTokenFile': takes('/nonexistent'),
  'policy.shadow.credentials.clientCertificateFile': takes('/nonexistent'),
  'policy.shadow.credentials.clientKeyFile': takes('/nonexistent'),
  'policy.shadow.credentials.dockerConfigFile': takes('/nonexistent'),
  'policy.shadow.caFile': takes('/nonexistent'),
  'policy.shadow.keys': takes({ release: { algorithm: 'RS256', file: '/nonexistent' } }),
  'policy.shadow.scope': takes('any'),
  'policy.shadow.entrypoints': takes({ [serving]: 'csr/floor/facts' }),
  'policy.shadow.data': takes(['/nonexistent']),
  'cluster.apiNames': takes([]),
  'cluster.apiAddresses': [...refuses('ConfigInvalid', ['none']), ...takes([])],
  'cluster.serviceCIDRs': [...refuses('ConfigInvalid', ['10.96.0.0/33'], ['-10.96.0.0/16']), ...takes([])],
  'cluster.podCIDRs': takes([]),
  'cluster.dnsDomain': takes('example.org'),
  'limits.maxRequestBytes': [...refuses('ConfigInvalid', 65_537), ...takes(65_536)],
  'limits.maxSANs': [...refuses('ConfigInvalid', 129), ...takes(128)],
  'limits.maxNodeAddresses': takes(4096),
  'limits.exemptNodes': takes(['n1', 'n9']),
  'limits.evaluationMs': takes(10_000),
  'limits.evaluationMemoryMiB': takes(1024),
  'limits.workers': takes(4),
  'limits.concurrency': takes(256),
  'limits.apiQps': [...refuses('ConfigInvalid', -1, 0.9), ...takes(0, 1, 10_000)],
  'limits.apiBurst': [...refuses('ConfigInvalid', 0), ...takes(10_000)],
  'leaderElection.enabled': takes(false),
  'leaderElection.namespace': [...refuses('ConfigInvalid', '', 'A/B'), ...takes('kube-system')],
  'leaderElection.name': [...refuses('ConfigInvalid', '../x'), ...takes('kube-controller-manager')],
  'leaderElection.leaseDurationSeconds': [...refuses('ConfigInvalid', 10, 301), ...takes(300)],
  'leaderElection.renewDeadlineSeconds': [...refuses('ConfigInvalid', 15), ...takes(14)],
  'leaderElection.retryPeriodSeconds': [...refuses('ConfigInvalid', 0, 9), ...takes(8)],
  'dns.servers': takes(['127.0.0.1:9']),
  'dns.timeoutMs': takes(10_000),
  'server.address': takes('0.0.0.0'),
  'server.port': takes(0),
  'admin.address': takes('127.0.0.1'),
  'admin.port': takes(0),
  'tracing.endpoint': [
    ...refuses('ConfigInvalid', 'collector:4318', 'https://user:password@example.com'),
    ...takes('http://127.0.0.1:9/v1/traces'),
  ],
  // Without an endpoint there is no tracing.
  'tracing.samplingRatio': refuses('ConfigInvalid', 1),
  'tracing.headersFile': refuses('ConfigInvalid', '/nonexistent'),
  'tracing.caFile': refuses('ConfigInvalid', '/nonexistent'),
  // None of these is opened before something is decided by a running program.
  'decisionLog.console': takes(false),
  'decisionLog.labels': [...refuses('ConfigInvalid', { 'a b': 'c' }), ...takes({ app: 'other' })],
  'decisionLog.file.path': [...refuses('ConfigInvalid', ''), ...takes('/nonexistent/decisions')],
  'decisionLog.file.maxBytes': refuses('ConfigInvalid', 1),
  'decisionLog.file.maxFiles': refuses('ConfigInvalid', 0),
  'decisionLog.service.url': [
    ...refuses('ConfigInvalid', 'ftp://example.com', 'http://example.com'),
    ...takes('https://example.com', 'http://127.0.0.1:9'),
  ],
  'decisionLog.service.resource': refuses('ConfigInvalid', 'logs'),
  'decisionLog.service.credentials.bearerTokenFile': refuses('ConfigInvalid', ''),
  'decisionLog.service.credentials.clientCertificateFile': refuses('ConfigInvalid', '/nonexistent'),
  'decisionLog.service.credentials.clientKeyFile': refuses('ConfigInvalid', '/nonexistent'),
  'decisionLog.service.caFile': refuses('ConfigInvalid', ''),
  'decisionLog.service.minDelaySeconds': refuses('ConfigInvalid', 0),
  'decisionLog.service.maxDelaySeconds': refuses('ConfigInvalid', 0),
  'decisionLog.service.uploadSizeLimitBytes': refuses('ConfigInvalid', 1),
  'decisionLog.service.bufferSizeLimitBytes': refuses('ConfigInvalid', 1),
  'log.level': takes('error'),
};

const everywhere = {
  node_name: '^n[0-9]+$',
  // Patterns for every name and ranges of all addresses are refused by the policy itself.
  names: [
    '{node}',
    'kubernetes',
    '*.default.svc',
    '*.default.svc.cluster.local',
    '*.b.svc',
    'localhost',
    'api.example.com',
  ],
  cidrs: ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'],
};
const machine = {
  query: { version: 'v1', resource: 'machines', name: '{node_name}' },
  addresses: ['status', 'addresses'],
};

/** Every knob of the default policies at its most permissive, with what it takes to have an effect. */
export const knobs: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  kubelet_serving: {
    trust: {
      trust: [['node-status'], ['inventory'], ['lookup:machine']],
      inventory: { everywhere },
      lookups: { machine },
    },
    inventory: { trust: [['inventory']], inventory: { everywhere } },
    lookups: { trust: [['lookup:machine']], lookups: { machine } },
    max_expiration_seconds: { max_expiration_seconds: 2_147_483_647 },
    require_credential_id: { require_credential_id: false },
    reserved_names: { reserved_names: [] },
    reserved_cidrs: { reserved_cidrs: [] },
    max_age_seconds: { max_age_seconds: 86_400 },
    newest_only: { newest_only: false },
    max_pending_requestor: { max_pending_requestor: 0 },
    max_pending_cluster: { max_pending_cluster: 0 },
  },
  kubelet_client: {
    bootstrappers: {
      bootstrappers: [
        { groups: ['system:bootstrappers'], any_node_name: true },
        { users: ['^[a-z]+$', '^system:[a-z:]+$'], any_node_name: true },
      ],
    },
    bootstrap_existing_nodes: { bootstrap_existing_nodes: true },
    max_expiration_seconds: { max_expiration_seconds: 2_147_483_647 },
    require_credential_id: { require_credential_id: false },
  },
};

/**
 * What the program may read of its environment, and why none of it is a setting of the floor. Of a built program the
 * floor is part of the text: no variable says where it lies.
 */
export const environment: Readonly<Record<string, string>> = {
  KUBECONFIG: 'which cluster is asked, and as whom',
  KUBERNETES_SERVICE_HOST: 'where the API server of a pod is',
  KUBERNETES_SERVICE_PORT: 'its port',
  POD_NAME: 'what Events about the program are about, and who leads',
  POD_NAMESPACE: 'its namespace, and that of the Lease',
  POD_UID: 'its uid',
};
