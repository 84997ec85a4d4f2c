import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { opaBundle } from '../support/opa-bundle.ts';
import type { Scene } from './scene.ts';

/** Cluster API's Machine as far as these tests read one, and a policy that trusts Machines, an inventory and the DNS. */

const machineCRD = JSON.stringify({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'machines.cluster.x-k8s.io',
    annotations: {
      'api-approved.kubernetes.io': 'https://github.com/kubernetes/kubernetes/pull/78458 (a test)',
    },
  },
  spec: {
    group: 'cluster.x-k8s.io',
    scope: 'Namespaced',
    names: { plural: 'machines', singular: 'machine', kind: 'Machine' },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
});

export async function defineMachines(scene: Scene): Promise<void> {
  await apply(scene, machineCRD);
  await eventually(() => scene.admin.get('/apis/cluster.x-k8s.io/v1beta1/machines'));
}

export async function apply(scene: Scene, input: string): Promise<void> {
  await scene.cluster.kubectl(['apply', '-f', '-'], { input });
}

/** Machines of nodes, each with one address unless that is empty. */
export async function addMachines(
  scene: Scene,
  machines: readonly [name: string, node: string, ip: string][],
) {
  const items = machines.map(([name, node, ip]) => ({
    apiVersion: 'cluster.x-k8s.io/v1beta1',
    kind: 'Machine',
    metadata: { name, namespace: 'default', labels: { 'example.com/node': node } },
    status: {
      nodeRef: { name: node },
      ...(ip !== '' && { addresses: [{ type: 'InternalIP', address: ip }] }),
    },
  }));
  await apply(scene, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

export async function addInventory(scene: Scene, node: string): Promise<void> {
  const metadata = { name: `inventory-${node}`, namespace: 'kube-system' };
  await apply(scene, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { rack: 'r1' } }));
}

const policy = `
package csr.machines

import data.csr.machines.config

# METADATA
# entrypoint: true
# custom:
#   signer_name: kubernetes.io/kubelet-serving
#   facts:
#     node: true
#     dns: true
#     pending: true
#     lookups:
#       inventory: {version: v1, resource: configmaps, namespace: kube-system, name: "inventory-{node_name}"}
#     lookups_from: csr.machines.config.lookups
decision := {"allow": allow, "deny": set(), "wait": wait, "warn": set(), "config_errors": set()}

default allow := false

allow if {
	input.lookups.inventory.found
	not input.lookups.machine.more
	not input.pending.newer
	every ip in input.sans.ip {
		ip in machine_addresses
		ip in dns_addresses
	}
}

machine_addresses contains entry.address if {
	some object in input.lookups.machine.objects
	some entry in object.status.addresses
}

dns_addresses contains address if {
	some entry in input.dns
	some address in entry.addresses
}

wait contains {"code": "NotConfirmed", "msg": json.marshal(seen), "retry_after_seconds": 1} if not allow

seen := {
	"rack": [object.data.rack | some object in input.lookups.inventory.objects],
	"machines": count(input.lookups.machine.objects),
	"more": input.lookups.machine.more,
	"addresses": sort([address | some address in machine_addresses]),
	"dns": input.dns,
	"newer": input.pending.newer,
	"retries": config.retries,
}
`;

/** How Machines are found: by data, and so exchangeable without touching the rules. */
export const byContent = { match: { 'status.nodeRef.name': '{node_name}' } };

/** Builds the policy with the real opa, once for each way to find a Machine. */
export async function machinePolicy(
  found: object = byContent,
): Promise<{ bundle: string; remove: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'machine-policy-'));
  const query = { group: 'cluster.x-k8s.io', version: 'v1beta1', resource: 'machines', ...found };
  const bundle = await opaBundle(join(directory, 'bundle'), {
    '.manifest': '{"roots": ["csr/machines"]}',
    'csr/machines/machines.rego': policy,
    'csr/machines/data.json': JSON.stringify({ config: { retries: 1, lookups: { machine: { query } } } }),
  });
  return { bundle, remove: () => rmSync(directory, { recursive: true }) };
}
