/**
 * Everything that the chart takes, with defaults and meanings. values.yaml, values.schema.json and the table of
 * deploy/README.md are written from it (`make docs`).
 */
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { accessValues } from './access-values.ts';
import { dnsLabel, kubeObject, texts } from './fields.ts';
import { metricsValues } from './metrics-values.ts';
import { imageValues, podValues } from './pod-values.ts';
import { policyValues } from './policy-values.ts';

const { apiVersion, kind, signers } = configSchema.shape;

/** Those that the chart can grant the approval of: another one, or a pattern of them, must not become a permission. */
export const supportedSigners = [
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
] as const;

const naming = {
  nameOverride: dnsLabel.default('').describe("In place of the chart's name in names and labels."),
  fullnameOverride: dnsLabel.default('').describe('In place of the name of what the chart makes.'),
  commonLabels: texts.default({}).describe('Labels of everything.'),
  commonAnnotations: texts.default({}).describe('Annotations of everything.'),
};

export const valuesSchema = z.strictObject({
  ...naming,
  ...imageValues,
  config: configSchema
    .extend({
      apiVersion: apiVersion.optional(),
      kind: kind.optional(),
      signers: z
        .array(z.enum(supportedSigners))
        .min(1)
        .default(['kubernetes.io/kubelet-serving'])
        .describe(signers.description ?? ''),
    })
    .prefault({
      signers: ['kubernetes.io/kubelet-serving'],
      enforcement: 'enforce',
      onDeny: 'leavePending',
    })
    .describe(
      "ApproverConfiguration: every field of the program's configuration, as it is. The chart takes from it what depends on it: permissions from `signers` and `leaderElection`, the port from `server.port`.",
    ),
  ...policyValues,
  ...accessValues,
  ...metricsValues,
  ...podValues,
  extraObjects: z
    .array(z.union([kubeObject, z.string()]))
    .default([])
    .describe('More objects: templates, as text or as what they are, such as a Secret for `policy.server`.'),
  global: kubeObject
    .default({})
    .describe('What a chart that depends on this one passes to all; not used here.'),
  enabled: z
    .boolean()
    .default(true)
    .describe('For the `condition` of a chart that depends on this one; not used here.'),
});
