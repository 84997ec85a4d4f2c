/** Values of permissions, and of who may reach what. */
import { z } from 'zod';
import { kubeList, objectName, texts } from './fields.ts';

const port = z.int().min(1).max(65_535);

export const accessValues = {
  serviceAccount: z.strictObject({
    create: z.boolean().default(true).describe('Whether it is made.'),
    name: objectName
      .default('')
      .describe('Its name; empty: that of the release, or `default` where none is made.'),
    annotations: texts.default({}).describe('Its annotations.'),
  }),
  rbac: z.strictObject({
    create: z
      .boolean()
      .default(true)
      .describe('Whether its permissions are granted: those for `config.signers`, facts, Lease and lookups.'),
  }),
  selfNodeServer: z.strictObject({
    create: z
      .boolean()
      .default(true)
      .describe(
        'Whether the ClusterRole is made by which nodes may ask for serving certificates. One release in a cluster makes it.',
      ),
    bind: z
      .boolean()
      .default(true)
      .describe('The off switch: whether the role is bound. Without it every request waits.'),
    groups: z.array(z.string().min(1)).default(['system:nodes']).describe('Groups that it is bound to.'),
    users: z.array(z.string().min(1)).default([]).describe('Users that it is bound to: `system:node:NAME`.'),
  }),
  bootstrapRBAC: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Whether bootstrap tokens may ask for first client certificates and nodes for the next, as kubeadm sets it up.',
      ),
  }),
  doctor: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether there is a ServiceAccount that may read what `rego-csr-approver doctor` looks at.'),
  }),
  networkPolicy: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether what the pods may talk to is limited, where the network plugin enforces it.'),
    metricsFrom: kubeList
      .default([{ namespaceSelector: { matchLabels: { 'rego-csr-approver/metrics': 'true' } } }])
      .describe(
        'Who may scrape metrics, as peers of a NetworkPolicy; unless said, namespaces that have the label.',
      ),
    apiServerPorts: z
      .array(port)
      .min(1)
      .default([443, 6443])
      .describe('Ports that may be reached: of the API server, and of bundle servers.'),
    dnsNamespaceLabels: texts
      .default({ 'kubernetes.io/metadata.name': 'kube-system' })
      .describe('Labels of the namespace where names are resolved.'),
    extraIngress: kubeList.default([]).describe('More rules for what comes in.'),
    extraEgress: kubeList.default([]).describe('More rules for what goes out.'),
  }),
  flowSchema: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Whether the API server serves it with controllers, not behind every other ServiceAccount, and its Lease with elections.',
      ),
    matchingPrecedence: z
      .int()
      .min(1)
      .max(10_000)
      .default(950)
      .describe('Which FlowSchema is looked at first: the one with the lower number.'),
    priorityLevel: objectName.min(1).default('workload-high').describe('Its PriorityLevelConfiguration.'),
  }),
};
