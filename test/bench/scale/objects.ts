/** Objects as a real cluster has them, of real size: what the API server sends for each Node and each request. */
import { buildCSR } from '../../support/csr.ts';

const signerName = 'kubernetes.io/kubelet-serving';

const nodeName = (number: number): string => `worker-${String(number).padStart(5, '0')}.cluster.example.com`;
const nodeIP = (number: number): string =>
  `10.${String(number >> 16)}.${String((number >> 8) & 255)}.${String(number & 255)}`;

const uid = (kind: number, number: number): string =>
  `6d5a4b1e-${String(kind).padStart(4, '0')}-4000-8000-${String(number).padStart(12, '0')}`;
const sha = (number: number): string => number.toString(16).padStart(64, 'a');

/** Those that the kubelet lists of itself (nodeStatusMaxImages), each by name and digest. */
const images = Array.from({ length: 50 }, (_, i) => ({
  names: [
    `registry.example.com/platform/team-${String(i % 7)}/service-${String(i)}@sha256:${sha(i)}`,
    `registry.example.com/platform/team-${String(i % 7)}/service-${String(i)}:v1.${String(i)}.0`,
  ],
  sizeBytes: 100_000_000 + i,
}));

const fieldNames = (prefix: string, count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`f:${prefix}-${String(i)}`, { '.': {}, 'f:value': {} }]),
  );
const managedFields = ['kubelet', 'kube-controller-manager', 'cloud-controller'].map((manager) => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-11-22T06:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: {
    'f:metadata': { 'f:labels': fieldNames('label', 20) },
    'f:status': fieldNames('condition', 20),
  },
}));
const conditions = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable', 'Ready'].map(
  (type) => ({
    type,
    status: 'False',
    lastHeartbeatTime: '2026-11-22T06:00:00Z',
    lastTransitionTime: '2026-11-22T06:00:00Z',
    reason: `KubeletHas${type}`,
    message: `kubelet has what it needs, of ${type} there is nothing to report`,
  }),
);

/** Some 20 KB of JSON. */
export function nodeObject(number: number, createdAt: string) {
  const name = nodeName(number);
  return {
    metadata: {
      name,
      uid: uid(1, number),
      resourceVersion: String(1000 + number),
      creationTimestamp: createdAt,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': 'm5.2xlarge',
        'topology.kubernetes.io/region': 'eu-central-1',
        'topology.kubernetes.io/zone': `eu-central-1${'abc'[number % 3] ?? 'a'}`,
      },
      annotations: {
        'csi.volume.kubernetes.io/nodeid': `{"ebs.csi.aws.com":"i-${sha(number).slice(-17)}"}`,
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
      managedFields,
    },
    spec: { providerID: `aws:///eu-central-1a/i-${sha(number).slice(-17)}`, podCIDR: '192.168.0.0/24' },
    status: {
      addresses: [
        { type: 'InternalIP', address: nodeIP(number) },
        { type: 'Hostname', address: name },
        { type: 'InternalDNS', address: name },
      ],
      capacity: { cpu: '8', memory: '32Gi', pods: '110' },
      allocatable: { cpu: '8', memory: '31Gi', pods: '110' },
      conditions,
      images,
      nodeInfo: {
        kubeletVersion: 'v1.36.3',
        osImage: 'Debian GNU/Linux 12',
        kernelVersion: '6.1.0',
        machineID: sha(number),
      },
    },
  };
}

/** Of a certificate of a kubelet: what is in an old request. */
const certificate = Buffer.from('x'.repeat(1100)).toString('base64');
const anyRequest = Buffer.from(buildCSR({ node: nodeName(0), ip: [nodeIP(0)] }).pem).toString('base64');

/** The request of a node: a real one, or, of an old one, any, which nobody decodes any more. */
export function requestObject(number: number, createdAt: string, state: 'issued' | 'pending' | 'abandoned') {
  const node = nodeName(number);
  const request =
    state === 'pending'
      ? Buffer.from(buildCSR({ node, ip: [nodeIP(number)] }).pem).toString('base64')
      : anyRequest;
  return {
    metadata: {
      name: `csr-${state}-${String(number)}`,
      generateName: 'csr-',
      uid: uid(2, number),
      resourceVersion: String(100_000 + number),
      creationTimestamp: createdAt,
      managedFields: managedFields.slice(0, 1),
    },
    spec: {
      request,
      signerName,
      usages: ['digital signature', 'server auth'],
      username: `system:node:${node}`,
      groups: ['system:nodes', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${sha(number)}`] },
    },
    status:
      state === 'issued'
        ? {
            certificate,
            conditions: [
              {
                type: 'Approved',
                status: 'True',
                reason: 'PolicyAllowed',
                message: 'allowed by csr/kubelet_serving/decision',
              },
            ],
          }
        : {},
  };
}
