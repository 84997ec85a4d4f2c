import { defaultConfig, type Config } from '../../config/schema.ts';
import { clusterFact } from '../../facts/cluster.ts';
import * as calls from '../../kube/calls.ts';
import { recordOf, textMapOf } from '../../kube/json.ts';
import { apiPath } from '../../kube/path.ts';
import type { CertificateNames } from '../../kube/peer.ts';
import { permission, reads } from '../reads.ts';
import { all, hint, seen, type Seen } from '../seen.ts';
import type { Configured, Installation, Snapshot, Target } from '../snapshot.ts';
import { controlPlane } from './control-plane.ts';
import { findConfig, findInstallations } from './installation.ts';
import { askKubelets } from './kubelets.ts';
import { bootstrapOf, kubeadmOf } from './flags.ts';
import type { Looker } from './look.ts';
import {
  bindingOf,
  eventOf,
  heartbeatOf,
  leaseOf,
  nodeState,
  podState,
  requestState,
  rulesOf,
} from './objects.ts';
import { configMapPath, inNamespace, leasesPath, podsPath, programLabel, rbacPath } from './paths.ts';
import { reviews } from './reviews.ts';
import { settled } from './settled.ts';

/** What is looked for, as the command line says it. */
export interface GatherOptions {
  readonly looker: Looker;
  readonly namespace: string;
  readonly serviceAccount: string | undefined;
  /** From `--config`; undefined: that of the installation. */
  readonly config: { readonly config: Config; readonly where: string } | undefined;
  readonly lookups: (
    config: Seen<Configured>,
    own: Seen<Installation | undefined>,
  ) => Promise<Snapshot['lookups']>;
  readonly servingNames: () => Promise<CertificateNames>;
  /** How many kubelets are asked for their configuration, through the API server. */
  readonly kubelets: number;
  readonly ourNow: () => Date;
}

/**
 * Reads everything that a check looks at, once. Only access reviews are written, which the API server does not keep.
 * @throws KubeError where there is no API server to ask
 */
export async function gather(options: GatherOptions): Promise<Snapshot> {
  const { looker, namespace } = options;
  const version = await calls.serverVersion(looker.client, looker.options);
  const now = looker.client.now().getTime();
  const ourNow = options.ourNow().getTime();
  const [installations, own] = await findInstallations(looker, namespace);
  const serviceAccount = options.serviceAccount ?? hint(own)?.serviceAccount ?? 'rego-csr-approver';
  const target: Target = { namespace, serviceAccount };
  const { config, configProblem } = await findConfig(looker, namespace, options.config, own);
  const [nodes, lookups] = await Promise.all([
    looker.list(permission(reads.nodes), calls.NODE_PATH, nodeState),
    options.lookups(config, own),
  ]);
  const [components, rest, answers, kubelets] = await Promise.all([
    controlPlane(looker, nodes),
    gatherRest(options, config),
    reviews(looker, { target, config, lookups, nodes }),
    askKubelets(looker, hint(nodes) ?? [], options.kubelets),
  ]);
  const base = { target, now, ourNow, version, installations, own, config, configProblem, nodes, lookups };
  return { ...base, ...components, ...rest, reviews: answers, kubelets };
}

async function gatherRest({ looker, namespace, servingNames }: GatherOptions, config: Snapshot['config']) {
  const election = hint(config)?.config.leaderElection ?? defaultConfig.leaderElection;
  const leaderAt = { namespace: election.namespace ?? namespace, name: election.name };
  const settings = { ...defaultConfig.cluster, ...hint(config)?.config.cluster };
  const [cluster, hasServiceCIDRs] = await clusterParts(looker, settings);
  const parts = {
    kubeadm: looker.object(
      permission(reads.kubeadm),
      configMapPath('kube-system', 'kubeadm-config'),
      kubeadmOf,
    ),
    kubeletConfig: looker.object(
      permission(reads.kubeletConfig),
      configMapPath('kube-system', 'kubelet-config'),
      bootstrapOf,
    ),
    controllerManagerLease: looker.object(
      permission(reads.controllerManager),
      leasesPath('kube-system', 'kube-controller-manager'),
      leaseOf,
    ),
    requests: looker.list(permission(reads.requests), calls.CSR_PATH, requestState),
    heartbeats: looker.list(permission(reads.heartbeats), leasesPath('kube-node-lease'), heartbeatOf),
    roles: looker.list(permission(reads.clusterRoles), rbacPath('clusterroles'), rulesOf),
    bindings: looker.list(permission(reads.clusterRoleBindings), rbacPath('clusterrolebindings'), bindingOf),
    serving: looker.look('', servingNames),
    pods: looker.list(permission(reads.pods, { namespace }), podsPath(namespace), podState, {
      labelSelector: programLabel,
    }),
    leader: looker.object(
      permission(reads.leader, leaderAt),
      leasesPath(leaderAt.namespace, leaderAt.name),
      leaseOf,
    ),
    namespaceLabels: looker.object(
      permission(reads.namespaces, { namespace, name: namespace }),
      apiPath('api', 'v1', ...inNamespace(namespace)),
      ({ metadata }) => textMapOf(recordOf(metadata)['labels']),
    ),
    podEvents: eventsOf(looker, namespace, permission(reads.podEvents, { namespace }), [
      'PolicyRejected',
      'PolicyActivated',
    ]),
    requestEvents: eventsOf(looker, 'default', permission(reads.requestEvents), ['DecisionFailed']),
  };
  const { roles, bindings, podEvents, requestEvents, heartbeats, ...rest } = await settled(parts);
  const rbac = all(roles, bindings);
  const events = all(podEvents, requestEvents);
  return {
    ...rest,
    cluster,
    hasServiceCIDRs,
    heartbeats: 'value' in heartbeats ? seen(new Map(heartbeats.value)) : heartbeats,
    rbac: 'value' in rbac ? seen({ roles: new Map(rbac.value[0]), bindings: rbac.value[1] }) : rbac,
    events: 'value' in events ? seen(events.value.flat()) : events,
  };
}

async function clusterParts(
  looker: Looker,
  settings: Config['cluster'],
): Promise<[Snapshot['cluster'], Snapshot['hasServiceCIDRs']]> {
  const { client, options } = looker;
  const [service, slices, cidrs] = await Promise.all([
    looker.look(permission(reads.service), () => calls.getService(client, 'default', 'kubernetes', options)),
    looker.look(permission(reads.endpointSlices), () =>
      calls.listEndpointSlices(client, 'default', 'kubernetes', options),
    ),
    looker.look(permission(reads.serviceCIDRs), () => calls.listServiceCIDRs(client, options)),
  ]);
  const parts = all(service, slices, cidrs);
  const hasAPI = 'value' in cidrs ? seen(cidrs.value !== undefined) : cidrs;
  if ('unseen' in parts) return [parts, hasAPI];
  const [one, endpointSlices, serviceCIDRs] = parts.value;
  const cluster = await looker.look('', async () =>
    clusterFact({ service: one, endpointSlices, serviceCIDRs }, settings),
  );
  return [cluster, hasAPI];
}

/** So many of each reason: whoever floods them is told of by the first. */
const maxEvents = 500;

function eventsOf(looker: Looker, namespace: string, may: string, reasons: readonly string[]) {
  const path = apiPath('apis', 'events.k8s.io', 'v1', ...inNamespace(namespace, 'events'));
  return looker.look(may, async () => {
    const lists = await Promise.all(
      reasons.map((reason) => {
        const fieldSelector = `reason=${reason},reportingController=rego-csr-approver`;
        return looker.client.get(path, { ...looker.options, query: { fieldSelector, limit: maxEvents } });
      }),
    );
    return lists.flatMap(({ items }) =>
      Array.isArray(items) ? items.map((item) => eventOf(recordOf(item))) : [],
    );
  });
}
