import { isIP } from 'node:net';
import { z } from 'zod';

const cidr = z.string().refine(isCidr, 'not an address range such as 10.96.0.0/12');
const ip = z.string().refine((text) => isIP(text) !== 0 && !text.includes('%'), 'not an IP address');
const dnsName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, 'not a lower-case DNS name');

/** ApproverConfiguration, the file that `--config` names. Every field has a default; an unknown one is refused. */
export const configSchema = z.strictObject({
  apiVersion: z.literal('rego-csr-approver/v1alpha1'),
  kind: z.literal('ApproverConfiguration'),
  /** Signers to decide for. Others are never touched. */
  signers: z.array(z.string().min(1)).min(1).default(['kubernetes.io/kubelet-serving']),
  /** `dryrun` decides and reports, and writes nothing to any request. */
  enforcement: z.enum(['enforce', 'dryrun']).default('enforce'),
  /** What a `deny` verdict does. Denied makes a kubelet ask again about 112 times an hour, pending about 4 times. */
  onDeny: z.enum(['leavePending', 'deny']).default('leavePending'),
  policy: z
    .strictObject({
      /** `.tar.gz` or directory that `opa build` made; the default policy when absent. */
      bundle: z.string().min(1).optional(),
      /** Entrypoint by signer, where a bundle has several for one signer. */
      entrypoints: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
  /** What belongs to the control plane beyond what the cluster itself says. Only adds. */
  cluster: z
    .strictObject({
      apiNames: z.array(dnsName).default([]),
      apiAddresses: z.array(ip).default([]),
      serviceCIDRs: z.array(cidr).default([]),
      podCIDRs: z.array(cidr).default([]),
      /** DNS domain of the cluster, for kubernetes.default.svc.DOMAIN. */
      dnsDomain: dnsName.default('cluster.local'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      maxRequestBytes: z.int().min(512).max(262_144).default(16_384),
      maxSANs: z.int().min(1).max(1024).default(64),
      /** A Node that lists more addresses than this is not trusted, and its claims do not count. */
      maxNodeAddresses: z.int().min(1).max(4096).default(64),
      /** Nodes for which the cap on addresses does not hold. */
      exemptNodes: z.array(z.string()).default([]),
      /** Requests decided at the same time. */
      concurrency: z.int().min(1).max(256).default(16),
    })
    .prefault({}),
  server: z
    .strictObject({
      /** Address of /livez, /readyz and /metrics. */
      address: z.string().default('0.0.0.0'),
      /** 0 picks a free port, which the log names. */
      port: z.int().min(0).max(65_535).default(8080),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;

export const defaultConfig: Config = configSchema.parse({
  apiVersion: 'rego-csr-approver/v1alpha1',
  kind: 'ApproverConfiguration',
});

function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const family = isIP(address);
  if (rest.length > 0 || family === 0 || address.includes('%') || !/^(0|[1-9][0-9]{0,2})$/.test(prefix))
    return false;
  return Number(prefix) <= (family === 4 ? 32 : 128);
}
