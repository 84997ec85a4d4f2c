/** The Deployment's pod, as far as a container runtime has to do with it. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/** Strict where the Deployment says how it is confined: a field that this does not know would not be tested. */
const podSchema = z.object({
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().positive(),
    runAsGroup: z.int().positive(),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  containers: z.tuple([
    z.object({
      image: z.string(),
      args: z.array(z.string()),
      ports: z.array(z.object({ containerPort: z.int() })),
      resources: z.object({ limits: z.strictObject({ memory: z.string().regex(/^\d+Mi$/) }) }),
      securityContext: z.strictObject({
        allowPrivilegeEscalation: z.literal(false),
        readOnlyRootFilesystem: z.literal(true),
        capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
      }),
      volumeMounts: z.array(
        z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.literal(true) }),
      ),
    }),
  ]),
});

export type Pod = z.infer<typeof podSchema>;

const deployment = z.object({ spec: z.object({ template: z.object({ spec: podSchema }) }) });
const file = new URL('../../deploy/kustomize/base/deployment.yaml', import.meta.url);

export const deploymentPod = (): Pod =>
  deployment.parse(parse(readFileSync(file, 'utf8'))).spec.template.spec;
