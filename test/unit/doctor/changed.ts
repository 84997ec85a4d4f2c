import { defaultConfig } from '../../../src/config/schema.ts';
import { keyOf, node, program, selfnodeserver, type Question } from '../../../src/doctor/access.ts';
import { seen, unseen } from '../../../src/doctor/seen.ts';
import type { Flags, Installation, Review, Snapshot } from '../../../src/doctor/snapshot.ts';
import { lookupQuery } from '../../../src/policy/lookup-query.ts';
import { aNode, aRequest, healthy, target, valueOf } from './healthy.ts';

/** Ways to change one thing of a healthy cluster. */

/** By name: what is changed, and what is then found that is not ok. */
export type Cases = Readonly<Record<string, readonly [Partial<Snapshot>, readonly string[]]>>;

const flags = (
  part: Snapshot['apiServers'],
  changed: Readonly<Record<string, string | undefined>>,
): Flags => {
  const [first] = valueOf(part);
  if (first === undefined) throw new Error('no component');
  const kept = new Map(first.flags);
  for (const [name, value] of Object.entries(changed)) {
    if (value === undefined) kept.delete(name);
    else kept.set(name, value);
  }
  return { where: 'pod other', flags: kept };
};
export const server = (changed: Readonly<Record<string, string | undefined>>): Partial<Snapshot> => ({
  apiServers: seen([...valueOf(healthy.apiServers), flags(healthy.apiServers, changed)]),
});
export const manager = (changed: Readonly<Record<string, string | undefined>>): Partial<Snapshot> => ({
  controllerManagers: seen([flags(healthy.controllerManagers, changed)]),
});
export const plugins = (...names: readonly (readonly [string, number])[]): Partial<Snapshot> => ({
  apiServers: unseen('it is no pod'),
  admission: seen({ plugins: new Map(names) }),
});
export const answer = (question: Question, review: Review): Partial<Snapshot> => ({
  reviews: new Map([...healthy.reviews, [keyOf(question), seen(review)]]),
});
export const allowed: Review = { allowed: true, reason: 'RBAC: allowed by ClusterRoleBinding "x"' };
export const denied: Review = { allowed: false, reason: '' };
export const ofProgram = (attributes: Question['attributes']): Question => ({
  ...program(target),
  attributes,
});

export const rbac = valueOf(healthy.rbac);
export const subject = (kind: string, name: string) => ({
  kind,
  name,
  namespace: kind === 'ServiceAccount' ? 'other' : '',
});
export const switchRole = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeserver';
export const bound = (
  role: string,
  ...subjects: readonly ReturnType<typeof subject>[]
): Partial<Snapshot> => ({
  rbac: seen({ ...rbac, bindings: [...rbac.bindings, { name: 'second', role, subjects }] }),
});
export const withoutSwitch = (...subjects: readonly ReturnType<typeof subject>[]): Partial<Snapshot> => ({
  ...answer({ ...node('n1'), attributes: selfnodeserver }, denied),
  rbac: seen({
    ...rbac,
    bindings: [
      ...rbac.bindings.filter(({ name }) => name !== 'node-server-auto-renew-crt'),
      ...(subjects.length === 0 ? [] : [{ name: 'single', role: switchRole, subjects }]),
    ],
  }),
});
export const role = (
  resource: string,
  verb: string,
  name: string,
  resourceNames: readonly string[] = [],
) => ({
  ...rbac,
  roles: new Map([
    ...rbac.roles,
    [name, [{ apiGroups: ['certificates.k8s.io'], resources: [resource], verbs: [verb], resourceNames }]],
  ]),
});

export const requests = (...more: Parameters<typeof aRequest>[1][]): Partial<Snapshot> => ({
  requests: seen(more.map((changed, at) => aRequest(`csr-${String(at)}`, changed))),
});
export const nodes = (...changed: Parameters<typeof aNode>[1][]): Partial<Snapshot> => ({
  nodes: seen([...valueOf(healthy.nodes), ...changed.map((one, at) => aNode(`m${String(at)}`, one))]),
});
export const pending = {
  state: 'pending',
  approvedBecause: '',
  decidedBy: '',
  decidedAt: 0,
  notAfter: 0,
} as const;
export const cluster = (changed: object): Partial<Snapshot> => ({
  cluster: seen({ ...valueOf(healthy.cluster), ...changed }),
});
export const servedFor = (dns: readonly string[], ip: readonly string[] = []): Partial<Snapshot> => {
  const { serving: part } = healthy;
  return { serving: seen({ dns: [...valueOf(part).dns, ...dns], ip: [...valueOf(part).ip, ...ip] }) };
};
export const own = installed(valueOf(healthy.own));
export const configured = valueOf(healthy.config);
export const config = (changed: object): Partial<Snapshot> => ({
  config: seen({ ...configured, config: { ...configured.config, ...changed } }),
});
export const event = (reason: string, at: number, about = 'rego-csr-approver-1') => ({
  reason,
  about,
  note: 'note',
  at,
});
export const noPod = { ready: false, problem: 'CrashLoopBackOff: error: ConfigInvalid: …', imageID: '' };
export const lookups = {
  machine: lookupQuery.parse({ group: 'cluster.x-k8s.io', version: 'v1beta1', resource: 'machines' }),
};
export const podRange = (changed: Partial<Snapshot>): Partial<Snapshot> => ({
  ...cluster({ pod_cidrs: [] }),
  ...config({ cluster: defaultConfig.cluster }),
  ...changed,
});

function installed(one: Installation | undefined): Installation {
  if (one === undefined) throw new Error('not installed');
  return one;
}
