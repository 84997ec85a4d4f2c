import { readRequest, type CertificateRequest } from '../../../src/decide/request.ts';
import { csrObject, type CSRObjectSpec } from '../../support/csr-object.ts';
import { OID, rdn } from '../../support/csr.ts';

export const serving = 'kubernetes.io/kubelet-serving';
export const client = 'kubernetes.io/kube-apiserver-client-kubelet';

/** A request that must never be approved, whatever is configured, and the facts in its best light. */
export interface BadRequest {
  readonly name: string;
  /** The rule of the floor that stands against it: `serving`, `client` or the floor itself, and its code. */
  readonly rule: string;
  readonly request: CertificateRequest;
  /** Whether the requestor's Node is there; it lists all that is requested, unless `unlisted`. */
  readonly node: 'there' | 'missing' | 'unlisted';
  readonly access: boolean;
  /** The field of the configuration that reserved it, where no cluster says so by itself. */
  readonly addedBy?: string;
}

interface Change {
  readonly spec: CSRObjectSpec;
  readonly node?: BadRequest['node'];
  readonly access?: boolean;
  readonly addedBy?: string;
}

const subject = (organization: string, name: string) => [
  rdn(OID.organization, organization),
  rdn(OID.commonName, name),
];
const names = (...dns: string[]): Change => ({ spec: { request: { dns } } });
const addresses = (...ip: string[]): Change => ({ spec: { request: { dns: ['n1'], ip } } });

/** The good serving request of n1 with one thing changed; the rule that sees it first. */
const servingChanges: readonly (readonly [rule: string, name: string, change: Change])[] = [
  [
    'serving/RequestorNotNode',
    'a user who is no node',
    { spec: { username: 'alice', request: { subject: subject('system:nodes', 'alice'), dns: ['n1'] } } },
  ],
  [
    'serving/RequestorNotInNodesGroup',
    'a node without its group',
    { spec: { groups: ['system:authenticated'] } },
  ],
  [
    'serving/SubjectNotRequestor',
    'the name of another node',
    { spec: { request: { node: 'n2', dns: ['n1'] } } },
  ],
  [
    'serving/OrganizationNotNodes',
    'another organization',
    { spec: { request: { subject: subject('system:masters', 'system:node:n1'), dns: ['n1'] } } },
  ],
  ['serving/UsagesNotAllowed', 'client auth', { spec: { usages: ['digital signature', 'client auth'] } }],
  [
    'serving/UsagesNotAllowed',
    'client auth beside it',
    { spec: { usages: ['digital signature', 'server auth', 'client auth'] } },
  ],
  ['serving/SANMissing', 'no name', { spec: { request: { attributes: [] } } }],
  ['serving/EmailNotAllowed', 'an email address', { spec: { request: { email: ['a@example.com'] } } }],
  ['serving/URINotAllowed', 'a URI', { spec: { request: { uri: ['spiffe://cluster.local/ns/x'] } } }],
  ['serving/NameMalformed', 'an underscore', names('n_1')],
  ['serving/NameMalformed', 'a wildcard', names('*.example.com')],
  ...[
    'kubernetes',
    'kubernetes.default.svc',
    'KUBERNETES.default.svc.cluster.local',
    'a.b.svc',
    'localhost',
  ].map((name) => ['serving/NameReserved', name, names(name)] as const),
  ['serving/AddressMalformed', 'a name that looks like an address', names('010.0.0.1')],
  ...[
    '127.0.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    'fe80::1',
    'ff02::1',
  ].map((address) => ['serving/AddressReserved', address, addresses(address)] as const),
  ['serving/AddressReserved', 'loopback as a name', names('127.0.0.1')],
  ['serving/NodeNotFound', 'no Node', { spec: {}, node: 'missing' }],
  [
    'serving/APIServerName',
    'a configured name',
    { ...names('api.example.com'), addedBy: 'cluster.apiNames' },
  ],
  ['serving/APIServerAddress', 'the endpoint', { ...addresses('192.0.2.10'), node: 'unlisted' }],
  [
    'serving/APIServerAddress',
    'a configured address',
    { ...addresses('198.51.100.7'), node: 'unlisted', addedBy: 'cluster.apiAddresses' },
  ],
  ['serving/ControlPlaneLabelMissing', 'the endpoint, listed', addresses('192.0.2.10')],
  ['serving/ServiceAddress', 'the Service kubernetes', addresses('10.96.0.1')],
  ['serving/ServiceAddress', 'a Service', addresses('10.96.5.5')],
  [
    'serving/ServiceAddress',
    'of a configured range',
    { ...addresses('10.97.0.1'), addedBy: 'cluster.serviceCIDRs' },
  ],
  ['serving/PodAddress', 'a pod', { ...addresses('10.244.1.5'), addedBy: 'cluster.podCIDRs' }],
  ['/SignerNotSupported', 'another signer', { spec: { signerName: 'kubernetes.io/kube-apiserver-client' } }],
];

/** The good client request by which n9 is bootstrapped. */
const bootstrap = {
  signerName: client,
  usages: ['digital signature', 'client auth'],
  username: 'system:bootstrap:abcdef',
  groups: ['system:authenticated', 'system:bootstrappers'],
  request: { node: 'n9', attributes: [] },
};

const clientChanges: typeof servingChanges = [
  [
    'client/RequestorNotAuthenticated',
    'nobody',
    { spec: { groups: ['system:bootstrappers', 'system:unauthenticated'] } },
  ],
  ['client/RequestorHalfNode', 'half a node', { spec: { groups: [...bootstrap.groups, 'system:nodes'] } }],
  [
    'client/CommonNameNotNode',
    'no name of a node',
    { spec: { request: { subject: subject('system:nodes', 'system:admin'), attributes: [] } } },
  ],
  [
    'client/SubjectNotRequestor',
    'another node',
    { spec: { username: 'system:node:n1', groups: ['system:authenticated', 'system:nodes'] }, node: 'there' },
  ],
  [
    'client/OrganizationNotNodes',
    'another organization',
    { spec: { request: { subject: subject('system:masters', 'system:node:n9'), attributes: [] } } },
  ],
  ['client/UsagesNotAllowed', 'server auth', { spec: { usages: [...bootstrap.usages, 'server auth'] } }],
  ['client/SANNotAllowed', 'a name', { spec: { request: { node: 'n9', dns: ['n9'] } } }],
  ['client/AccessNotGranted', 'without leave', { spec: {}, access: false }],
];

export const badRequests: readonly BadRequest[] = [
  ...servingChanges.map(([rule, name, change]) => bad(rule, name, { node: 'there', ...change })),
  ...clientChanges.map(([rule, name, change]) =>
    bad(rule, name, { node: 'missing', ...change, spec: { ...bootstrap, ...change.spec } }),
  ),
];

/** A request that every one of the policies approves, by signer. */
export const goodRequests: readonly BadRequest[] = [
  bad('', 'the good one', { spec: {}, node: 'there' }),
  bad('', 'the good one', { spec: bootstrap, node: 'missing' }),
];

function bad(
  rule: string,
  name: string,
  { spec, node = 'there', access = true, addedBy }: Change,
): BadRequest {
  const request = readRequest({ ...csrObject(spec) });
  if ('problem' in request) throw new TypeError(`${rule} ${name}: ${request.problem}`);
  return { name: `${rule}: ${name}`, rule, request, node, access, ...(addedBy !== undefined && { addedBy }) };
}
