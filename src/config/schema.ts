import { isIP } from 'node:net';
import { z } from 'zod';
import { parseIP } from '../csr/ip.ts';
import { defaultLimits, hardLimits } from '../csr/limits.ts';
import { decisionLogConfig } from './decision-log.ts';
import { electionConfig } from './election.ts';
import { policyConfig } from './policy.ts';
import { tracingConfig } from './tracing.ts';

const cidr = z
  .string()
  .refine(isCidr, 'not an address range in canonical form, such as 10.96.0.0/12 or fd00:10::/108');
const ip = z.string().refine((text) => isIP(text) !== 0 && !text.includes('%'), 'not an IP address');
const dnsName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, 'not a lower-case DNS name');

const dnsServer = z
  .string()
  .refine(
    isDNSServer,
    'not the address of a DNS server, such as 10.96.0.10, 10.96.0.10:5353 or [fd00::a]:53',
  );

/** ApproverConfiguration, the file that `--config` names. Every field has a default; an unknown one is refused. */
export const configSchema = z.strictObject({
  apiVersion: z.literal('rego-csr-approver/v1alpha1').describe('Version of this file. Required.'),
  kind: z.literal('ApproverConfiguration').describe('Kind of this file. Required.'),
  signers: z
    .array(z.string().min(1))
    .min(1)
    .default(['kubernetes.io/kubelet-serving'])
    .describe('Signers to decide for. Requests for others are never touched.'),
  enforcement: z
    .enum(['enforce', 'dryrun'])
    .default('enforce')
    .describe('A dry run decides and reports, and writes nothing to any request.'),
  onDeny: z
    .enum(['leavePending', 'deny'])
    .default('leavePending')
    .describe(
      'What a `deny` verdict does. Denied makes a kubelet ask again about 112 times an hour, pending about 4 times.',
    ),
  policy: policyConfig.prefault({}),
  cluster: z
    .strictObject({
      apiNames: z
        .array(dnsName)
        .default([])
        .describe('More names of the API server, such as its load balancer. No node gets them.'),
      apiAddresses: z
        .array(ip)
        .default([])
        .describe(
          'More addresses of the API server. No node gets them, but a control-plane node that lists one.',
        ),
      serviceCIDRs: z
        .array(cidr)
        .default([])
        .describe('Service ranges, for clusters before 1.33 that have no ServiceCIDR objects.'),
      podCIDRs: z.array(cidr).default([]).describe('Pod ranges.'),
      dnsDomain: dnsName.default('cluster.local').describe('DNS domain of the cluster.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      maxRequestBytes: z
        .int()
        .min(512)
        .max(hardLimits.maxRequestBytes)
        .default(defaultLimits.maxRequestBytes)
        .describe('Longest request, in bytes of PEM.'),
      maxSANs: z
        .int()
        .min(1)
        .max(hardLimits.maxSANs)
        .default(defaultLimits.maxSANs)
        .describe('Most subject alternative names of one request.'),
      maxNodeAddresses: z
        .int()
        .min(1)
        .max(4096)
        .default(64)
        .describe(
          'A Node that lists more addresses is not trusted, and only so many of its claims count, the first.',
        ),
      exemptNodes: z
        .array(z.string())
        .default([])
        .describe('Names of Nodes for which that cap does not hold.'),
      evaluationMs: z
        .int()
        .min(10)
        .max(10_000)
        .default(500)
        .describe('Longest evaluation of a policy, in milliseconds; a longer one is ended, and is an error.'),
      evaluationMemoryMiB: z
        .int()
        .min(4)
        .max(1024)
        .default(32)
        .describe(
          'Most memory of a policy with its data, in MiB and in each thread; an evaluation that needs more is an error.',
        ),
      workers: z
        .int()
        .min(1)
        .max(4)
        .default(1)
        .describe(
          'Threads that evaluate policies. A second one goes on while a policy of the first takes its time; no more than CPUs.',
        ),
      concurrency: z.int().min(1).max(256).default(16).describe('Requests decided at the same time.'),
      apiQps: z
        .number()
        .min(0)
        .max(10_000)
        .refine(
          (qps) => qps === 0 || qps >= 1,
          'a decision takes several calls: 0 for no limit, or at least 1',
        )
        .default(0)
        .describe(
          'Most calls to the API server a second, for facts, writes and Events, at least 1; 0: no limit but what the API server sets by its own fairness. Lists, watches and the lease are never held back.',
        ),
      apiBurst: z
        .int()
        .min(1)
        .max(10_000)
        .default(100)
        .describe('Calls that may be made at once before `apiQps` holds them back.'),
    })
    .prefault({}),
  leaderElection: electionConfig.prefault({}),
  dns: z
    .strictObject({
      servers: z
        .array(dnsServer)
        .max(8)
        .default([])
        .describe(
          'DNS servers for the fact `dns`: `IP`, `IP:PORT` or `[IPv6]:PORT`. None: those of the system. Nothing is asked unless a policy wants that fact.',
        ),
      timeoutMs: z
        .int()
        .min(50)
        .max(10_000)
        .default(2_000)
        .describe('Longest wait for the answers about one name, in milliseconds; a longer one is an error.'),
    })
    .prefault({}),
  server: z
    .strictObject({
      address: z.string().default('0.0.0.0').describe('Address of /livez, /readyz and /metrics.'),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(8080)
        .describe('Its port; 0 picks a free one, which the log names.'),
    })
    .prefault({}),
  admin: z
    .strictObject({
      address: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe(
          'Address of the status page and /v1/status, which are for this machine, or a forwarded port, alone.',
        ),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(8081)
        .describe('Its port; 0 picks a free one, which the log names.'),
    })
    .prefault({}),
  tracing: tracingConfig,
  decisionLog: decisionLogConfig.prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severe line logged.'),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;

export const defaultConfig: Config = configSchema.parse({
  apiVersion: 'rego-csr-approver/v1alpha1',
  kind: 'ApproverConfiguration',
});

/** Canonical, since the floor compares text: it takes no other form, and every request would be an error. */
function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (rest.length > 0 || parseIP(address) !== address || !/^(0|[1-9][0-9]{0,2})$/.test(prefix)) return false;
  return Number(prefix) <= (isIP(address) === 4 ? 32 : 128);
}

/** What node:dns takes for a server. */
function isDNSServer(text: string): boolean {
  if (parseIP(text) !== undefined) return true;
  const [, address = '', port = ''] = /^([0-9.]+|\[[^\]]+\]):([0-9]{1,5})$/.exec(text) ?? [];
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === (address === bare ? 4 : 6) && Number(port) > 0 && Number(port) <= 65_535;
}
