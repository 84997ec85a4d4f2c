/** Values of the Deployment: the image, and where and how its pods run. */
import { z } from 'zod';
import { kubeList, kubeObject, objectName, texts } from './fields.ts';

export const imageValues = {
  image: z.strictObject({
    registry: z
      .string()
      .default('')
      .describe('Registry, `HOST` or `HOST:PORT`; empty where `repository` begins with it.'),
    repository: z
      .string()
      .min(1)
      .default('rego-csr-approver')
      .describe('Repository. A released chart names the one of its release.'),
    tag: z
      .string()
      .regex(/^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/)
      .default('')
      .describe("Tag, where there is no `digest`; empty: the chart's `appVersion`."),
    digest: z
      .string()
      .regex(/^(sha256:[0-9a-f]{64})?$/)
      .default('')
      .describe(
        'Digest, so that what runs is what was tested; goes before `tag`. A released chart names it.',
      ),
    pullPolicy: z
      .enum(['', 'Always', 'IfNotPresent', 'Never'])
      .default('')
      .describe('`imagePullPolicy`; empty: what Kubernetes takes.'),
  }),
  imagePullSecrets: z
    .array(z.strictObject({ name: objectName.min(1) }))
    .default([])
    .describe('Secrets for the registry of the image, each `{name: NAME}`.'),
};

const restricted = {
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A node without a serving certificate must be able to run the program: nothing else would approve it. */
const tolerations = ['node.cloudprovider.kubernetes.io/uninitialized', 'node.kubernetes.io/not-ready'].map(
  (key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }),
);

export const podValues = {
  replicaCount: z
    .int()
    .min(0)
    .max(16)
    .default(1)
    .describe(
      'Pods. One decides, the others stand by; two or more are kept apart where that is possible, and have a PodDisruptionBudget.',
    ),
  strategy: kubeObject
    .default({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
    .describe(
      'How pods are replaced. With `hostNetwork`, or a volume that one node alone may mount: `type: Recreate` and `rollingUpdate: null`.',
    ),
  controlPlane: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Whether it runs on control-plane nodes, as `system-cluster-critical`. Not where the cluster shows none: the pod would be Pending.',
      ),
  }),
  nodeSelector: texts.default({}).describe('Labels of nodes, beside what `controlPlane` asks for.'),
  tolerations: kubeList
    .default(tolerations)
    .describe(
      'Taints that are tolerated, beside those of `controlPlane`. A node that is not ready yet must be able to run it.',
    ),
  affinity: kubeObject.default({}).describe('Affinity of the pods.'),
  topologySpreadConstraints: kubeList
    .default([])
    .describe(
      'Constraints in the place of those that two or more pods get by themselves (`topologySpread`).',
    ),
  topologySpread: z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Whether two or more pods are spread over nodes and zones, where that is possible.'),
  }),
  podDisruptionBudget: z.strictObject({
    enabled: z.boolean().default(true).describe('Whether two or more pods have one.'),
    maxUnavailable: z
      .union([z.int().min(1), z.string().regex(/^[0-9]{1,2}%$/)])
      .default(1)
      .describe('How many may be evicted at once: a number, or a percentage.'),
  }),
  priorityClassName: objectName
    .default('')
    .describe('PriorityClass; empty: that of `controlPlane`, or none.'),
  podLabels: texts.default({}).describe('Labels of the pods.'),
  podAnnotations: texts.default({}).describe('Annotations of the pods.'),
  deploymentAnnotations: texts.default({}).describe('Annotations of the Deployment.'),
  podSecurityContext: kubeObject
    .default(restricted)
    .describe(
      '`securityContext` of the pods. On OpenShift, `runAsUser: null` and `runAsGroup: null` let it choose them.',
    ),
  securityContext: kubeObject
    .default({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    .describe('`securityContext` of the container.'),
  resources: kubeObject
    .default({ requests: { cpu: '50m', memory: '160Mi' }, limits: { memory: '384Mi' } })
    .describe('Requests and limits.'),
  livenessProbe: kubeObject
    .default({
      httpGet: { path: '/livez', port: 'http' },
      initialDelaySeconds: 10,
      periodSeconds: 10,
      failureThreshold: 3,
    })
    .describe('When it is started again.'),
  readinessProbe: kubeObject
    .default({ httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 5 })
    .describe('When it counts as ready: it decides, or stands by.'),
  terminationGracePeriodSeconds: z
    .int()
    .min(1)
    .max(3600)
    .default(30)
    .describe('How long it may finish what it has begun.'),
  hostNetwork: z
    .boolean()
    .default(false)
    .describe(
      "Whether it uses the node's network, for clusters whose pods need a serving certificate to have one. Pod Security `restricted` refuses that.",
    ),
  dnsPolicy: z
    .enum(['', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'])
    .default('')
    .describe('`dnsPolicy` of the pods; empty: what Kubernetes takes.'),
  extraArgs: z.array(z.string()).default([]).describe('More arguments of `rego-csr-approver run`.'),
  extraEnv: kubeList.default([]).describe('More environment variables, as the container takes them.'),
  extraVolumes: kubeList.default([]).describe('More volumes of the pods.'),
  extraVolumeMounts: kubeList.default([]).describe('More mounts of the container.'),
};
