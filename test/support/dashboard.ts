import { readFileSync } from 'node:fs';
import { z } from 'zod';

const file = new URL('../../deploy/kustomize/components/monitoring/dashboard.json', import.meta.url);

const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const panel = z.looseObject({
  id: z.int(),
  type: z.enum(['row', 'timeseries', 'stat', 'table']),
  title: z.string().min(1),
  gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  datasource: datasource.optional(),
  targets: z
    .array(z.looseObject({ refId: z.string().regex(/^[A-Z]$/), expr: z.string(), legendFormat: z.string() }))
    .optional(),
});
const dashboard = z.looseObject({
  title: z.string(),
  uid: z.string(),
  schemaVersion: z.int(),
  templating: z.looseObject({
    list: z.array(z.looseObject({ name: z.string(), definition: z.string().optional() })),
  }),
  annotations: z.looseObject({ list: z.array(z.looseObject({ name: z.string(), expr: z.string() })) }),
  panels: z.array(panel),
});

/** The dashboard that deploy/ ships. */
export function shippedDashboard(): z.infer<typeof dashboard> {
  return dashboard.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** A query as Grafana sends it, with everything chosen. */
export function asSent(expr: string): string {
  return expr.replaceAll('$namespace', '.*').replaceAll('$__rate_interval', '1m');
}
