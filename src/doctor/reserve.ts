import { parseDocument } from 'yaml';
import { quoted, command } from './shell.ts';
import type { Configured, Installation, Target } from './snapshot.ts';

/** Fields of `cluster` of the configuration, each a list that only ever adds to what no node gets. */
export type Reserved = Readonly<
  Partial<Record<'apiNames' | 'apiAddresses' | 'serviceCIDRs' | 'podCIDRs', readonly string[]>>
>;

/** The lines for the configuration, whole lists. */
export function linesOf({ config }: Configured, added: Reserved): string {
  const merged = Object.entries(added).map(([field, values]) => [field, union(config, field, values)]);
  return `cluster: ${JSON.stringify(Object.fromEntries(merged))}`;
}

/**
 * The commands that add it to the ConfigMap that the Deployment mounts, comments and all, and have it read. None for a
 * configuration that is no ConfigMap's.
 */
export function commandsFor(
  configured: Configured,
  added: Reserved,
  { namespace }: Target,
  installation: Installation | undefined,
): string[] {
  const { configMap, config } = configured;
  if (configMap === undefined || installation === undefined) return [];
  const document = parseDocument(configMap.text);
  for (const [field, values] of Object.entries(added))
    document.setIn(['cluster', field], union(config, field, values));
  const patch = JSON.stringify({ data: { [configMap.key]: document.toString() } });
  const where = ['-n', namespace];
  return [
    `${command('kubectl', 'patch', 'configmap', configMap.name, ...where, '--type=merge', '-p')} ${quoted(patch)}`,
    command('kubectl', 'rollout', 'restart', 'deployment', installation.name, ...where),
  ];
}

function union({ cluster }: Configured['config'], field: string, values: readonly string[]): string[] {
  const before = Object.entries(cluster).find(([name]) => name === field)?.[1];
  return [...new Set([...(Array.isArray(before) ? before.map(String) : []), ...values])];
}
