import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { Approver } from '../support/approver.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { Scene } from './scene.ts';

/** Several of the program that contend for one Lease, each with a user of its own: what it wrote is in the audit log. */

const entry = z.object({
  verb: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z.object({
    resource: z.string(),
    subresource: z.string().optional(),
    name: z.string().optional(),
  }),
  responseStatus: z.object({ code: z.number() }).optional(),
  requestReceivedTimestamp: z.string(),
});
/** One request that the API server has answered. */
export type Audited = z.infer<typeof entry>;

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Metadata',
      verbs: ['create', 'update', 'patch', 'delete'],
      resources: [
        { group: 'certificates.k8s.io' },
        { group: 'events.k8s.io' },
        { group: 'coordination.k8s.io' },
        { group: 'authorization.k8s.io' },
      ],
    },
  ],
};

/** A scene whose API server keeps account of every write. */
export async function auditedScene(): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'audit-policy-'));
  const policy = join(directory, 'policy.yaml');
  writeFileSync(policy, stringify(auditPolicy));
  try {
    return await Scene.open({
      flags: { apiserver: [`--audit-policy-file=${policy}`, '--audit-log-path=audit.log'] },
    });
  } finally {
    // It is read once, at the start.
    rmSync(directory, { recursive: true });
  }
}

/** What that user wrote, oldest first. */
export function writesOf(scene: Scene, user: string): Audited[] {
  return readFileSync(join(scene.cluster.dir, 'audit.log'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => entry.parse(JSON.parse(line)))
    .filter(({ user: { username } }) => username === user)
    .sort((a, b) => (a.requestReceivedTimestamp < b.requestReceivedTimestamp ? -1 : 1));
}

export const isApproval = ({ objectRef: { subresource } }: Audited): boolean => subresource === 'approval';
export const isLease = ({ objectRef: { resource } }: Audited): boolean => resource === 'leases';

export const isReview = ({ objectRef: { resource } }: Audited): boolean =>
  resource === 'subjectaccessreviews';

/** Seconds of a Lease that tests have the time for, and that a busy machine does not miss. */
export const short = { leaseDurationSeconds: 6, renewDeadlineSeconds: 5, retryPeriodSeconds: 1 };

export interface Contention {
  readonly lease: string;
  /** Of the Lease; the defaults unless said. */
  readonly times?: object;
  /** Lines of the configuration. */
  readonly config?: string;
  /** Leads to the API server; as that user itself unless said. */
  readonly kubeconfig?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly ready?: boolean;
}

export const kubeconfigOf = (scene: Scene, user: string): Promise<string> =>
  scene.cluster.kubeconfigFor({ user, groups: ['system:masters'] });

export async function contend(scene: Scene, user: string, given: Contention): Promise<Approver> {
  const { lease, times = {}, config = '', env = { POD_NAME: user }, ready = true } = given;
  const kubeconfig = given.kubeconfig ?? (await kubeconfigOf(scene, user));
  const leaderElection = { namespace: 'default', name: lease, ...times };
  const text = `${stringify({ leaderElection })}${config}`;
  return scene.keep(Approver.start({ kubeconfig, config: text, env, ready }));
}

export async function leads(program: Approver): Promise<boolean> {
  const { body } = await program.get('/metrics');
  return /^csr_approver_leader 1$/m.test(body);
}

export const leading = (program: Approver, withinMs = 15_000): Promise<boolean> =>
  eventually(async () => ((await leads(program)) ? true : undefined), {
    withinMs,
    explain: () => program.log,
  });

export const standingBy = (program: Approver, withinMs = 15_000): Promise<boolean> =>
  eventually(
    async () => {
      const { status, body } = await program.get('/readyz');
      if (status === 200 && /^\[\+\] leader: standby, \S+ leads /m.test(body)) return true;
      throw new NotYet(`${String(status)} ${body}`);
    },
    { withinMs, explain: () => program.log },
  );

/** When it logged that, the first time. */
export function timeOf(program: Approver, message: RegExp): string {
  const found = program.lines.find(({ msg }) => message.test(String(msg)));
  if (found === undefined) throw new NotYet(`${String(message)} is not in the log:\n${program.log}`);
  return String(found['time']);
}

export const wrote = (program: Approver): number => program.log.split('"msg":"wrote"').length - 1;
