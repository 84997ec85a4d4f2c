/** Values of the policy: where its bundle comes from, its knobs, and what it may look up. */
import { z } from 'zod';
import { fileName, kubeObject, objectName } from './fields.ts';

const lookup = z.strictObject({
  group: z
    .string()
    .regex(/^[a-z0-9.-]*$/)
    .default('')
    .describe('API group; empty for the core group.'),
  resource: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('Resource, in the plural.'),
  namespace: objectName.default('').describe('Its namespace; empty: all.'),
  name: z.string().default('').describe('Name of the one object that is read; empty: they are listed.'),
});

export const policyValues = {
  policy: z.strictObject({
    bundle: z
      .string()
      .regex(/^[A-Za-z0-9+/\s]*={0,2}\s*$/)
      .default('')
      .describe(
        "A bundle of your own in place of the image's default policy, in base64: `--set-file policy.bundle=FILE` with what `base64 bundle.tar.gz` wrote. At most about 350 KiB of bundle, since Helm keeps it twice in one Secret; a larger one by `bundleConfigMap`, or from a server by `config.policy.bundle`.",
      ),
    bundleConfigMap: z.strictObject({
      name: objectName.default('').describe('A ConfigMap that is there already and has the bundle.'),
      key: fileName.default('bundle.tar.gz').describe('Its key.'),
    }),
    data: kubeObject
      .default({})
      .describe('Knobs of the policy: a data overlay, such as `csr.kubelet_serving.config.trust`.'),
    dataConfigMap: z.strictObject({
      name: objectName.default('').describe('A ConfigMap that is there already and has a data overlay.'),
      key: fileName
        .regex(/\.(yaml|yml|json)$/)
        .default('knobs.yaml')
        .describe('Its key.'),
    }),
    liveReload: z
      .boolean()
      .default(false)
      .describe(
        'Whether running pods take another `bundle` or other `data`, within a minute or two and proven first; otherwise they are replaced.',
      ),
    server: z.strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe(
          'Whether there are places for what a policy from a server needs (`config.policy` names files in them): `/etc/rego-csr-approver-registry`, `/etc/rego-csr-approver-policy-keys`, `/var/cache/rego-csr-approver`.',
        ),
      credentialsSecret: objectName
        .default('')
        .describe(
          'Secret with `.dockerconfigjson`, `token`, `tls.crt` and `tls.key`, or `ca.crt`; empty: `FULLNAME-registry`, if there is one.',
        ),
      keysConfigMap: objectName
        .default('')
        .describe('ConfigMap with public keys; empty: `FULLNAME-policy-keys`, if there is one.'),
      keysSecret: objectName
        .default('')
        .describe('Secret with keys for HMAC; empty: `FULLNAME-policy-keys`, if there is one.'),
      cache: z.strictObject({
        sizeLimit: z.string().min(1).default('64Mi').describe('Most that the `emptyDir` of the cache holds.'),
        persistentVolumeClaim: objectName
          .default('')
          .describe('A claim in its place, which outlives the pod.'),
      }),
    }),
  }),
  lookups: z
    .array(lookup)
    .default([])
    .describe(
      'What a bundle of your own looks up, each `{group, resource, namespace, name}`: permission to get that object, or to list them. Lookups in `policy.data` get theirs without being named here.',
    ),
};
