/** Values of what watches the program: for the Prometheus Operator, and for Grafana. */
import { z } from 'zod';
import { kubeList, objectName, texts } from './fields.ts';

/** Where the guide lies that the alerts refer to, as deploy/kustomize has it. */
const guideURL = 'https://github.com/OWNER/REPOSITORY/blob/main/deploy/README.md';

const duration = z.string().regex(/^([0-9]+(ms|s|m|h))+$/);

export const metricsValues = {
  metrics: z.strictObject({
    podMonitor: z.strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Whether the Prometheus Operator is asked to scrape the pods. It must be there.'),
      labels: texts
        .default({})
        .describe('More labels, by which a Prometheus selects it: `release: kube-prometheus-stack`.'),
      interval: duration.default('30s').describe('How often.'),
      scrapeTimeout: duration.default('10s').describe('For how long at most.'),
      relabelings: kubeList.default([]).describe('Changes of the labels of targets.'),
      metricRelabelings: kubeList.default([]).describe('Changes of the labels of samples.'),
    }),
    prometheusRule: z.strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Whether it gets the alerts that the guide lists. It must be there.'),
      labels: texts.default({}).describe('More labels, by which a Prometheus selects them.'),
      guideURL: z.url().default(guideURL).describe('Where this guide lies, for the links of alerts.'),
    }),
    dashboard: z.strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe("Whether there is a ConfigMap with the dashboard, for Grafana's sidecar."),
      namespace: objectName.default('').describe('Its namespace; empty: that of the release.'),
      labels: texts.default({ grafana_dashboard: '1' }).describe('Labels by which the sidecar finds it.'),
      annotations: texts.default({}).describe('Annotations, such as the folder of the sidecar.'),
    }),
  }),
};
