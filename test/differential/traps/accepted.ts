import { attributeValue, OID, rdn } from '../../support/csr.ts';
import { testKey } from '../../support/csr-keys.ts';
import { set } from '../../support/der.ts';
import { trap, type Trap } from '../trap.ts';
import { withS } from './ecdsa.ts';

const KUBELET = 'kubelet.go and certificate_manager.go, Kubernetes 1.22 to 1.36';

const fourNames = { dns: ['n1', 'n1.example.com', 'n1.internal.example'] };
const dualStack = { ip: ['10.0.0.1', '203.0.113.1', 'fd00::1', '2001:db8::a'] };

/** What a real kubelet sends, and what differs from that in nothing that two parsers could disagree on. */
export const accepted: readonly Trap[] = [
  trap('ok-kubelet', 'nothing: the kubelet as it is', KUBELET, [], {}),
  trap('ok-kubelet-rsa-2048', 'nothing: RSA', KUBELET, [], { key: 'RSA-2048' }),
  trap('ok-kubelet-rsa-3072', 'nothing: RSA', KUBELET, [], { key: 'RSA-3072', hash: 'sha384' }),
  trap('ok-kubelet-rsa-4096', 'nothing: RSA', KUBELET, [], { key: 'RSA-4096', hash: 'sha512' }),
  trap('ok-kubelet-p384', 'nothing: P-384', KUBELET, [], { key: 'P-384' }),
  trap('ok-kubelet-p521', 'nothing: P-521', KUBELET, [], { key: 'P-521' }),
  trap('ok-kubelet-ed25519', 'nothing: Ed25519', KUBELET, [], { key: 'Ed25519' }),
  trap('ok-kubelet-p256-sha512', 'nothing: any hash with any curve', KUBELET, [], { hash: 'sha512' }),
  trap('ok-kubelet-dual-stack', 'nothing: IPv4 and IPv6', KUBELET, [], { ip: ['10.0.0.1', 'fd00::1'] }),
  trap('ok-kubelet-ipv6-only', 'nothing: IPv6 alone', KUBELET, [], { ip: ['fd00::1'] }),
  trap('ok-kubelet-all-kinds', 'nothing: each kind of address', KUBELET, [], { ...fourNames, ...dualStack }),
  trap('ok-kubelet-ip-only', 'nothing: no DNS name', KUBELET, [], { dns: [] }),
  trap('ok-kubelet-dns-only', 'nothing: no address, kubelet <= 1.30', KUBELET, [], { ip: [] }),
  trap('ok-kubelet-fqdn', 'nothing: a node name with dots', KUBELET, [], { node: 'n5.eu.example.com' }),
  trap('ok-kubelet-dns-like-ip', 'nothing: InternalDNS that looks like an address', KUBELET, [], {
    dns: ['10.0.0.9'],
  }),
  trap('ok-kubelet-many', 'nothing: sixty-four names', KUBELET, [], {
    dns: Array.from({ length: 32 }, (_, i) => `n1-${i}.example.com`),
    ip: Array.from({ length: 32 }, (_, i) => `10.0.1.${i}`),
  }),
  trap('ok-kubelet-longest-name', 'nothing: a node name of 253 characters', KUBELET, [], {
    node: `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`,
  }),
  trap('ok-subject-cn-first', 'CN before O, which both read alike', 'RFC 5280 §4.1.2.4', [], {
    subject: [rdn(OID.commonName, 'system:node:n1'), rdn(OID.organization, 'system:nodes')],
  }),
  trap('ok-subject-utf8', 'UTF8String values', 'RFC 5280 §4.1.2.4', [], {
    subject: [
      rdn(OID.organization, 'system:nodes', 'utf8String'),
      rdn(OID.commonName, 'system:node:n1', 'utf8String'),
    ],
  }),
  trap('ok-subject-not-ascii', 'a CN outside ASCII: the policy is to say no', 'RFC 5280 §4.1.2.4', [], {
    subject: [
      set(attributeValue(OID.organization, 'system:nodes')),
      set(attributeValue(OID.commonName, 'system:node:nö1', 'utf8String')),
    ],
  }),
  trap('ok-subject-foreign', "another's subject: the policy is to say no", 'kubelet.go', [], {
    subject: [rdn(OID.organization, 'system:masters'), rdn(OID.commonName, 'kubernetes-admin')],
  }),
  trap('ok-names-repeated', 'the same name twice', 'RFC 5280 §4.2.1.6', [], { dns: ['n1', 'n1'] }),
  trap('ok-names-upper-case', 'upper case: shown as sent', 'RFC 5280 §4.2.1.6', [], { dns: ['N1'] }),
  trap('ok-names-wildcard', 'a wildcard: the policy is to say no', 'RFC 5280 §4.2.1.6', [], { dns: ['*'] }),
  trap('ok-names-reserved', 'names of the API server: likewise', 'DESIGN, floor', [], {
    dns: ['kubernetes.default.svc'],
    ip: ['127.0.0.1', '::1'],
  }),
  trap('ok-email', 'an email address: shown, so that the policy can say why not', 'DESIGN, input', [], {
    email: ['a@b.example'],
  }),
  trap('ok-uri', 'a URI: shown, so that the policy can say why not', 'DESIGN, input', [], {
    uri: ['spiffe://example.com/node/n1'],
  }),
  trap('ok-no-names', 'no attribute, as in a client request', 'RFC 2986 §4.1', [], { attributes: [] }),
  trap('ok-rsa-e3', 'exponent 3, which FIPS 186-5 forbids and Go takes', 'RFC 8017 §3.1', [], {
    key: testKey('RSA-2048', 3n),
  }),
  trap('ok-signature-high-s', 'n - s in the place of s: the same key signed', 'SEC 1 §4.1.4', [], {
    signature: withS((s, n) => (s > n / 2n ? s : n - s)),
  }),
];
