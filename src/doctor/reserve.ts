import { parseDocument } from 'yaml';
import { escapeText } from '../text/escape.ts';
import { fault, type Result } from './finding.ts';
import { hint } from './seen.ts';
import { command } from './shell.ts';
import type { Configured, Snapshot } from './snapshot.ts';
import { unreserved, type Reserved } from './unreserved.ts';

export const inOverlay =
  'Add them to `cluster` of the configuration, in your overlay too: what is patched in the cluster lasts until it is applied again.';

/** Says what should be in the configuration; the commands put in everything that should be, so that any one of them will do. */
export function notReserved(code: string, text: string, configured: Configured, snapshot: Snapshot): Result {
  const lists = whole(configured, unreserved(snapshot));
  const lines = escapeText(`cluster: ${JSON.stringify(Object.fromEntries(lists))}`, 2048);
  return fault(
    code,
    `${text}; ${escapeText(configured.where)} should have ${lines}`,
    commands(configured, lists, snapshot),
  );
}

/** Of one list in a command: thousands of Nodes with a range each are better covered by the one that holds them. */
const maxValues = 64;

type Lists = readonly (readonly [string, readonly string[]])[];

/** The lists that grow, with what they have already. */
function whole({ config: { cluster } }: Configured, added: Reserved): Lists {
  const lists = [
    ['apiNames', cluster.apiNames, added.apiNames],
    ['apiAddresses', cluster.apiAddresses, added.apiAddresses],
    ['serviceCIDRs', cluster.serviceCIDRs, added.serviceCIDRs],
    ['podCIDRs', cluster.podCIDRs, added.podCIDRs],
  ] as const;
  return lists
    .filter(([, , more]) => more.length > 0)
    .map(([field, before, more]) => [field, [...new Set([...before, ...more])]]);
}

/** They patch the ConfigMap that the Deployment mounts, comments and all, and have it read. */
function commands({ configMap }: Configured, lists: Lists, { target, own }: Snapshot): string[] {
  const deployment = hint(own)?.name;
  const isLong = lists.some(([, values]) => values.length > maxValues);
  if (configMap === undefined || deployment === undefined || isLong) return [];
  const document = parseDocument(configMap.text);
  for (const [field, values] of lists) document.setIn(['cluster', field], values);
  const patch = JSON.stringify({ data: { [configMap.key]: document.toString() } });
  const where = ['-n', target.namespace];
  return [
    command('kubectl', 'patch', 'configmap', configMap.name, ...where, '--type=merge', '-p', patch),
    command('kubectl', 'rollout', 'restart', 'deployment', deployment, ...where),
  ];
}
