import { escapeText } from '../../text/escape.ts';
import { keyOf, node, selfnodeserver } from '../access.ts';
import { fault, ok, unknown, type Check, type Result } from '../finding.ts';
import { grantsOf, isEveryNode, nodeOf, userOf, type Binding, type Subject } from '../rbac.ts';
import { hint } from '../seen.ts';
import { command } from '../shell.ts';
import type { Snapshot } from '../snapshot.ts';
import { removal } from '../unbind.ts';
import { count, listed } from '../words.ts';
import { sampleNode } from './api-server.ts';

/** The names of deploy/kustomize/base/selfnodeserver.yaml. */
const switchName = 'node-server-auto-renew-crt';
const switchRole = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeserver';

const reachesNodes = (subject: Subject): boolean => isEveryNode(subject) || nodeOf(subject) !== undefined;

export const offSwitch: Check = {
  name: 'OffSwitch',
  group: 'Permissions',
  asks: 'Who may ask for a serving certificate, and is there one switch for it?',
  faults: {
    NobodyGranted: {
      severity: 'error',
      why: 'No node may create certificatesigningrequests/selfnodeserver: every request waits. That is the off switch, if you mean it.',
      mend: 'Bind the role to the group of all nodes.',
    },
    NodesNotGranted: {
      severity: 'warning',
      why: 'Requests of these nodes wait, since nothing grants them selfnodeserver. That is as it should be if it was taken from them.',
      mend: 'Bind the role to each node that should have a certificate.',
    },
    OtherGrant: {
      severity: 'warning',
      why: 'Whoever turns the off switch takes it for done: by another binding these nodes get certificates all the same.',
      mend: 'Take the other binding from the nodes.',
    },
    GrantNotByRBAC: {
      severity: 'warning',
      why: 'A node may ask for a certificate, and no ClusterRoleBinding says so: another authorizer does, and the off switch switches nothing off.',
      mend: 'Find what the API server’s --authorization-mode or --authorization-config names beside Node and RBAC.',
    },
  },
  run: (snapshot) => {
    const { rbac } = snapshot;
    if ('unseen' in rbac) return [unknown(rbac.unseen)];
    const grants = grantsOf(rbac.value, { ...selfnodeserver, name: '' }).filter(({ subjects }) =>
      subjects.some(reachesNodes),
    );
    const results = [
      ...otherGrants(grants),
      ...notGranted(grants, snapshot, rbac.value.roles.has(switchRole)),
    ];
    if (results.length > 0) return results;
    return [ok(`one binding grants it: ${listed(grants.map(({ name }) => name))}`)];
  },
};

/** Beside the switch; without it, single nodes may be granted one by one, and a group by one binding. */
function otherGrants(grants: readonly Binding[]): Result[] {
  const toAll = grants.find(({ subjects }) => subjects.some(isEveryNode));
  if (toAll === undefined) return [];
  const main = grants.find(({ name }) => name === switchName) ?? toAll;
  const others = grants.filter((one) => one !== main);
  return others.map((binding) => {
    const whom = binding.subjects.filter(reachesNodes).map(userOf);
    return fault(
      'OtherGrant',
      `ClusterRoleBinding ${escapeText(binding.name)} of ClusterRole ${escapeText(binding.role)} grants it to ${listed(whom)}`,
      [removal(binding, reachesNodes)],
    );
  });
}

function notGranted(grants: readonly Binding[], snapshot: Snapshot, hasRole: boolean): Result[] {
  if (grants.some(({ subjects }) => subjects.some(isEveryNode))) return [];
  const single = new Set(grants.flatMap(({ subjects }) => subjects.flatMap((one) => nodeOf(one) ?? [])));
  const sample = sampleNode(snapshot);
  const review = snapshot.reviews.get(keyOf({ ...node(sample), attributes: selfnodeserver }));
  const byOthers = review !== undefined && 'value' in review && review.value.allowed && !single.has(sample);
  if (byOthers) {
    const { reason } = review.value;
    return [
      fault(
        'GrantNotByRBAC',
        `the access review of node ${escapeText(sample)} allows it${reason === '' ? '' : `: ${escapeText(reason)}`}`,
      ),
    ];
  }
  if (single.size === 0) {
    const role = hasRole
      ? []
      : [
          command(
            'kubectl',
            'create',
            'clusterrole',
            switchRole,
            '--verb=create',
            '--resource=certificatesigningrequests.certificates.k8s.io/selfnodeserver',
          ),
        ];
    const bind = command(
      'kubectl',
      'create',
      'clusterrolebinding',
      switchName,
      `--clusterrole=${switchRole}`,
      '--group=system:nodes',
    );
    return [fault('NobodyGranted', 'no ClusterRoleBinding grants it to any node', [...role, bind])];
  }
  const without = (hint(snapshot.nodes) ?? []).map(({ name }) => name).filter((name) => !single.has(name));
  if (without.length === 0) return [];
  const commands = without
    .slice(0, shownCommands)
    .map((name) =>
      command(
        'kubectl',
        'create',
        'clusterrolebinding',
        `${switchName}-${name}`,
        `--clusterrole=${switchRole}`,
        `--user=system:node:${name}`,
      ),
    );
  return [fault('NodesNotGranted', `${count(without.length, 'Node')} without: ${listed(without)}`, commands)];
}

const shownCommands = 5;
