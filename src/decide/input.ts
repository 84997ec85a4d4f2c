import { z } from 'zod';

/**
 * The input document: everything a policy can know about one request.
 *
 * This schema is the one definition. The TypeScript type, the runtime check of documents that come from
 * files, and policies/schemas/input.json (for `opa check --schema` and editors) are all made from it.
 *
 * No `anyOf`, `oneOf` or nullable appears here, because `opa check` ignores everything below them; an object
 * that may be missing says `found`.
 */
const text = (description: string) => z.string().describe(description);

const requestor = z
  .strictObject({
    username: text('Set by the API server from the authenticated user.'),
    uid: text('Set by the API server; empty when the authenticator gives none.'),
    groups: z.array(z.string()).describe('Set by the API server; sorted.'),
    extra: z
      .record(z.string(), z.array(z.string()))
      .describe('Set by the API server; X.509 users carry authentication.kubernetes.io/credential-id.'),
  })
  .describe(
    'Who created the request, as the API server authenticated them. The requestor cannot choose these.',
  );

const subject = z
  .strictObject({
    common_name: text('The one commonName. Chosen by the requestor.'),
    organization: z.array(z.string()).describe('The one organizationName. Chosen by the requestor.'),
  })
  .describe('Subject of the PKCS#10 request (RFC 2986 section 4.1). Chosen by the requestor.');

const sans = z
  .strictObject({
    dns: z.array(z.string()).describe('dNSName, as sent, in the order sent.'),
    ip: z.array(z.string()).describe('iPAddress, in canonical text (RFC 5952), in the order sent.'),
    email: z.array(z.string()).describe('rfc822Name, as sent.'),
    uri: z.array(z.string()).describe('uniformResourceIdentifier, as sent.'),
  })
  .describe('Subject alternative names (RFC 5280 section 4.2.1.6). Chosen by the requestor.');

const key = z
  .strictObject({
    algorithm: z.enum(['ECDSA', 'RSA', 'Ed25519']).describe('Kind of the public key.'),
    curve: text('P-256, P-384 or P-521 for ECDSA; empty otherwise.'),
    bits: z.int().describe('Size of the key in bits: modulus for RSA, field for the others.'),
  })
  .describe('Public key. Chosen by the requestor.');

const accessReview = z.strictObject({
  allowed: z.boolean().describe('status.allowed of the SubjectAccessReview.'),
  denied: z.boolean().describe('status.denied of the SubjectAccessReview.'),
  reason: text('status.reason of the SubjectAccessReview, for people.'),
});

const nodeAddress = z.strictObject({
  type: text('Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.'),
  address: text('IP addresses in canonical text, names as the Node has them.'),
});

const node = z
  .strictObject({
    found: z.boolean().describe('Whether the Node exists. Everything else is empty when it does not.'),
    name: text('Name of the Node.'),
    uid: text('Set by the API server.'),
    created_at: text('Set by the API server; RFC 3339, one-second resolution.'),
    deleting: z.boolean().describe('Whether the Node has a deletionTimestamp.'),
    addresses: z
      .array(nodeAddress)
      .describe('status.addresses: written by the node itself, unless a cloud controller owns them.'),
    addresses_over_cap: z
      .boolean()
      .describe(
        'The Node lists more addresses than the cap; `addresses` is then empty, and only its first ones count as claims.',
      ),
    labels: z
      .record(z.string(), z.string())
      .describe(
        'metadata.labels. Those outside node-restriction.kubernetes.io/ and node-role.kubernetes.io/ may be written by the node itself.',
      ),
    annotations: z
      .record(z.string(), z.string())
      .describe('metadata.annotations: written by the node itself.'),
    provider_id: text('spec.providerID: set by the node at registration.'),
  })
  .describe(
    'The Node of the requestor, or, where that is no node (a bootstrap token), of the common name; read from the API server for this decision.',
  );

const claim = z.strictObject({
  address: text('A requested SAN in canonical form: IP text, or the lower-case DNS name.'),
  nodes: z
    .array(z.string())
    .describe('Names of the Nodes whose status.addresses list it, or whose name it is; sorted.'),
});

const lookup = z.strictObject({
  found: z.boolean().describe('Whether there is at least one such object.'),
  objects: z
    .array(z.record(z.string(), z.unknown()))
    .describe(
      'The first 16 objects, by namespace and name, without metadata.managedFields. Written by whoever may write that resource: see the RBAC of the cluster. A node may write its own Node, Lease, CSINode and Pods.',
    ),
  more: z.boolean().describe('There are more objects than `objects` may hold.'),
});

const resolution = z.strictObject({
  name: text('A requested DNS name, in lower case.'),
  found: z.boolean().describe('Whether the name has an address. A server that fails is an error, not a no.'),
  addresses: z
    .array(z.string())
    .describe(
      'Its A and AAAA records, in canonical text; sorted. Written by whoever writes the DNS zone, which may be the node itself (dynamic updates), and by whoever can forge answers on the way.',
    ),
});

const pendingRequests = z
  .strictObject({
    requestor: z
      .int()
      .describe(
        'Pending requests of this requestor for this signer, made in the last 15 minutes, and this one; counted up to a cap.',
      ),
    cluster: z
      .int()
      .describe(
        'Pending requests of all requestors for the configured signers, made in the last 15 minutes, those of each up to that cap; and this one.',
      ),
    newer: z
      .boolean()
      .describe(
        'Whether this requestor has made a newer request for this signer, whatever became of that. Of two within 5 seconds neither is newer: the clocks of API servers differ.',
      ),
  })
  .describe('How many requests wait. Everybody who may create requests can make these numbers larger.');

export const clusterSchema = z
  .strictObject({
    api_names: z.array(z.string()).describe('DNS names of the API server, lower case; sorted.'),
    api_addresses: z
      .array(z.string())
      .describe(
        'Addresses of the API server: cluster IPs and endpoints of the kubernetes Service, and configuration.',
      ),
    service_cidrs: z
      .array(z.string())
      .describe('Service ranges: ServiceCIDR objects where the API has them, and configuration.'),
    pod_cidrs: z.array(z.string()).describe('Pod ranges, from configuration.'),
  })
  .describe('What belongs to the control plane. Written by cluster administrators and the control plane.');

const shape = {
  version: z.literal(1).describe('Version of this document.'),
  now: text('Time of the decision, RFC 3339, UTC.'),
  name: text('metadata.name. May be chosen by the requestor: never an input to trust.'),
  uid: text('metadata.uid. Set by the API server.'),
  created_at: text('metadata.creationTimestamp. Set by the API server.'),
  age_seconds: z.int().describe('now - created_at, never negative.'),
  signer_name: text('spec.signerName.'),
  expiration_seconds: z.int().describe('spec.expirationSeconds; 0 when not requested.'),
  usages: z.array(z.string()).describe('spec.usages, sorted.'),
  requestor,
  subject,
  sans,
  key,
  signature_algorithm: text('Signature algorithm of the request, for example ECDSA-SHA256.'),
  fingerprint: text('sha256:HEX of the DER request.'),
} as const;

const facts = {
  sar: z
    .record(z.string(), accessReview)
    .optional()
    .describe('Results of the named SubjectAccessReviews that the entrypoint asks for.'),
  node: node.optional(),
  claims: z.array(claim).optional().describe('One entry for each requested DNS name and IP address.'),
  cluster: clusterSchema.optional(),
  lookups: z
    .record(z.string(), lookup)
    .optional()
    .describe('Objects of the cluster that the entrypoint asks for, by the name of the lookup.'),
  dns: z.array(resolution).optional().describe('One entry for each requested DNS name.'),
  pending: pendingRequests.optional(),
} as const;

export const inputSchema = z
  .strictObject({ ...shape, ...facts })
  .describe('Input document of rego-csr-approver policies, version 1');

export const requestSchema = z.strictObject(shape);

/** The request alone, before any fact is gathered: what the floor's `form` entrypoint judges. */
export type RequestInput = z.infer<typeof requestSchema>;
/** The whole document: the request and the facts that floor and policy asked for. */
export type InputDocument = z.infer<typeof inputSchema>;

export type AccessReviewFact = z.infer<typeof accessReview>;
export type NodeFact = z.infer<typeof node>;
export type ClaimFact = z.infer<typeof claim>;
export type ClusterFact = z.infer<typeof clusterSchema>;
export type LookupFact = z.infer<typeof lookup>;
export type ResolutionFact = z.infer<typeof resolution>;
export type PendingFact = z.infer<typeof pendingRequests>;

export const factsSchema = z.strictObject(facts);
/** The facts alone, each present only when it was asked for and obtained. */
export type Facts = z.infer<typeof factsSchema>;
