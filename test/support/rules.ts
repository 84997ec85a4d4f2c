import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const file = new URL('../../deploy/kustomize/components/monitoring/prometheus-rule.yaml', import.meta.url);

const duration = z.string().regex(/^[0-9]+m$/);
const rule = z.strictObject({
  alert: z.string().regex(/^CSRApprover[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: duration.optional(),
  keep_firing_for: duration.optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.url() }),
});
const resource = z.looseObject({
  kind: z.literal('PrometheusRule'),
  spec: z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })) }),
});

export type Rule = z.infer<typeof rule>;
export type Groups = z.infer<typeof resource>['spec']['groups'];

/** The groups of the PrometheusRule that deploy/ ships, as Prometheus itself takes them. */
export function shippedGroups(): Groups {
  return resource.parse(parse(readFileSync(file, 'utf8'))).spec.groups;
}

export const rulesOf = (groups: Groups): Rule[] => groups.flatMap(({ rules }) => rules);

/** How much faster than in a cluster things happen for `hurried`. */
const haste = 30;

/**
 * The same rules for a test that cannot wait for minutes: what has to last (`for`, `keep_firing_for`) need not, and
 * a number of seconds that something may be old, 300 or more, is a thirtieth. Nothing else is changed.
 */
export function hurried(groups: Groups): Groups {
  return groups.map(({ name, rules }) => ({
    name,
    rules: rules.map(({ alert, expr, labels, annotations }) => ({
      alert,
      expr: expr.replace(/> (\d{3,})$/, (_, seconds: string) => `> ${String(Number(seconds) / haste)}`),
      labels,
      annotations,
    })),
  }));
}
