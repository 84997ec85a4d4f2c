import type { FactNeeds } from './facts.ts';
import type { InputDocument } from './input.ts';

/** A complete input document of an ordinary request for a kubelet's serving certificate. */
export const probeDocument: InputDocument = {
  version: 1,
  now: '2026-01-01T00:00:02Z',
  name: 'csr-self-test',
  uid: '00000000-0000-0000-0000-000000000000',
  created_at: '2026-01-01T00:00:00Z',
  age_seconds: 2,
  signer_name: 'kubernetes.io/kubelet-serving',
  expiration_seconds: 0,
  usages: ['digital signature', 'server auth'],
  requestor: {
    username: 'system:node:self-test',
    uid: '',
    groups: ['system:authenticated', 'system:nodes'],
    extra: {},
  },
  subject: { common_name: 'system:node:self-test', organization: ['system:nodes'] },
  sans: { dns: ['self-test'], ip: ['192.0.2.1'], email: [], uri: [] },
  key: { algorithm: 'ECDSA', curve: 'P-256', bits: 256 },
  signature_algorithm: 'ECDSA-SHA256',
  fingerprint: `sha256:${'0'.repeat(64)}`,
  sar: { selfnodeserver: { allowed: true, denied: false, reason: 'self-test' } },
  node: {
    found: true,
    name: 'self-test',
    uid: '00000000-0000-0000-0000-000000000001',
    created_at: '2025-12-31T23:59:00Z',
    deleting: false,
    addresses: [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'Hostname', address: 'self-test' },
    ],
    addresses_over_cap: false,
    labels: {},
    annotations: {},
    provider_id: '',
  },
  claims: [
    { address: '192.0.2.1', nodes: ['self-test'] },
    { address: 'self-test', nodes: ['self-test'] },
  ],
  cluster: {
    api_names: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    api_addresses: ['192.0.2.10', '198.51.100.1'],
    service_cidrs: ['198.51.100.0/24'],
    pod_cidrs: [],
  },
  lookups: {},
  dns: [{ name: 'self-test', found: true, addresses: ['192.0.2.1'] }],
  pending: { requestor: 1, cluster: 1, newer: false },
};

/** The same node renews its client certificate. */
const clientProbe: InputDocument = {
  ...probeDocument,
  signer_name: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['client auth', 'digital signature'],
  sans: { dns: [], ip: [], email: [], uri: [] },
  claims: [],
  dns: [],
};

const probes = new Map([probeDocument, clientProbe].map((probe) => [probe.signer_name, probe]));

/**
 * A complete input document of an ordinary request for a signer, with an answer to every review and lookup that is asked
 * for. Every entrypoint must give a decision for it when its bundle is loaded: that is how a result of the wrong shape,
 * or a configuration error, shows before it matters.
 * @throws {TypeError} there is no such document: the floor names a signer that this file does not know
 */
export function probeFor(signerName: string, { sar, lookups }: FactNeeds): InputDocument {
  const probe = probes.get(signerName);
  if (probe === undefined) throw new TypeError(`no self-test document for signer ${signerName}`);
  return {
    ...probe,
    sar: answers(sar, { allowed: true, denied: false, reason: 'self-test' }),
    lookups: answers(lookups, { found: false, objects: [], more: false }),
  };
}

function answers<T>(asked: Readonly<Record<string, unknown>>, answer: T): Record<string, T> {
  return Object.fromEntries(Object.keys(asked).map((name) => [name, answer]));
}
