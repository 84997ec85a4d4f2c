import { z } from 'zod';
import { Metrics } from '../../src/observe/metrics.ts';

/** What a registry has at run time; its types hide the labels. */
const metricsSchema = z.array(
  z.object({ name: z.string(), labelNames: z.array(z.string()), help: z.string() }),
);

/** Names of our own metrics. */
export function metricNames(): string[] {
  return ours().map(({ name }) => name);
}

/** Every metric of our own, as Markdown rows; node's and the process's are what every Node.js program has. */
export async function metricsTable(): Promise<string> {
  const types = new Map((await registry().getMetricsAsJSON()).map(({ name, type }) => [name, type] as const));
  const rows = ours().map(({ name, labelNames, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${types.get(name) ?? ''} | ${labels} | ${help} |`;
  });
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const registry = () => new Metrics('0.0.0', () => new Set()).registry;

function ours() {
  return metricsSchema
    .parse(registry().getMetricsAsArray())
    .filter(({ name }) => name.startsWith('csr_approver_'));
}
