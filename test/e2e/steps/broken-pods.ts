import { z } from 'zod';
import { expectThat } from '../../demo/deviation.ts';
import { imageName } from '../image.ts';
import { patienceMs } from '../wait.ts';
import type { Node, World } from '../world.ts';

const lastWords = 'error: ConfigInvalid: config.yaml:3: onDenny: unknown field';
const unmounted = 'MountVolume.SetUp failed for volume "policy" : configmap "not-there" not found';

const deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.tuple([z.object({ terminationMessagePolicy: z.string() })]) }),
    }),
  }),
});
const events = z.object({ items: z.array(z.object({ message: z.string() })) });

/**
 * What deploy/README.md has operators read while a node has no serving certificate, and what only a kubelet writes: the
 * last line of a program that ended, and the ConfigMap that a pod waits for.
 */
export async function brokenPods({ stage, cluster }: World, node: Node): Promise<void> {
  const of = ['get', 'deployment', 'rego-csr-approver', '-n', 'rego-csr-approver', '-o', 'json'];
  const { spec } = deployment.parse(JSON.parse(await cluster.kubectl(of)));
  const { terminationMessagePolicy } = spec.template.spec.containers[0];
  const create = (name: string, container: object, volumes: readonly object[]) =>
    cluster.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: {
          nodeName: node.name,
          hostNetwork: true,
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 0,
          tolerations: [{ operator: 'Exists' }],
          containers: [{ name: 'app', image: imageName, imagePullPolicy: 'Never', ...container }],
          volumes,
        },
      }),
    });
  await create('ends', { args: ['fail', lastWords], terminationMessagePolicy }, []);
  await create('waits', { volumeMounts: [{ name: 'policy', mountPath: '/policy' }] }, [
    { name: 'policy', configMap: { name: 'not-there' } },
  ]);
  let said = '';
  await stage.until(
    async () => {
      const path = 'jsonpath={.status.containerStatuses[0].lastState.terminated.message}';
      said = await cluster.kubectl(['get', 'pod', 'ends', '-o', path]);
      return said.trim() === lastWords || undefined;
    },
    patienceMs,
    () => `the status of the pod should have its last line; it has: ${said}`,
  );
  await stage.until(
    async () => {
      const failed = ['get', 'events', '--field-selector', 'reason=FailedMount', '-o', 'json'];
      const { items } = events.parse(JSON.parse(await cluster.kubectl(failed)));
      said = items.map(({ message }) => message).join('\n');
      return said.includes(unmounted) || undefined;
    },
    patienceMs,
    () => `an Event should say what the pod waits for; there is: ${said}`,
  );
  const log = await cluster.kubectl(['logs', 'ends']).catch(String);
  expectThat(/tls: failed to verify certificate/.test(log), `its log can be read: ${log}`);
  await cluster.kubectl(['delete', 'pod', 'ends', 'waits']);
}
