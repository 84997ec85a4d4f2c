import { Metrics } from '../../src/observe/metrics.ts';

/** Every metric of our own, as Markdown rows; node's and the process's are what every Node.js program has. */
async function metricNames(): Promise<readonly { name: string; help: string; type: string }[]> {
  const { registry } = new Metrics('0.0.0', () => new Set());
  return (await registry.getMetricsAsJSON())
    .filter(({ name }) => name.startsWith('csr_approver_'))
    .map(({ name, help, type }) => ({ name, help, type }));
}

export async function metricsTable(): Promise<string> {
  const rows = (await metricNames()).map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`);
  return ['| metric | type | meaning |', '|---|---|---|', ...rows].join('\n');
}
