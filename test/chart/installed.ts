/** The program as an installed Deployment runs it: on its ServiceAccount, with its arguments and what it mounts. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Scene } from '../integration/scene.ts';
import { Approver } from '../support/approver.ts';

const named = z.object({ name: z.string() });
const deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        serviceAccountName: z.string(),
        containers: z.tuple([
          z.object({
            args: z.array(z.string()),
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
          }),
        ]),
        volumes: z.array(z.object({ name: z.string(), configMap: named.optional() })),
      }),
    }),
  }),
});
const texts = z.record(z.string(), z.string());
const configMap = z.object({ data: texts.default({}), binaryData: texts.default({}) });

interface Options {
  readonly namespace: string;
  readonly name: string;
  /** Whether to wait for /readyz. */
  readonly ready?: boolean;
}

export async function startDeployed(
  scene: Scene,
  { namespace, name, ready = true }: Options,
): Promise<Approver> {
  const get = async (kind: string, object: string): Promise<unknown> =>
    JSON.parse(await scene.cluster.kubectl(['get', kind, object, '-n', namespace, '-o', 'json']));
  const pod = deployment.parse(await get('deployment', name)).spec.template.spec;
  const [container] = pod.containers;
  const root = mkdtempSync(join(scene.cluster.dir, 'mounted-'));
  for (const { name: volume, mountPath } of container.volumeMounts) {
    const source = pod.volumes.find((one) => one.name === volume)?.configMap;
    // oxlint-disable-next-line no-await-in-loop -- a handful
    const { data, binaryData } = configMap.parse(
      source === undefined ? {} : await get('configmap', source.name),
    );
    for (const [file, content] of [
      ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
      ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
    ]) {
      const path = join(root, mountPath, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }
  const argument = (option: string): string | undefined => {
    const found = container.args.find((one) => one.startsWith(`--${option}=`));
    return found === undefined ? undefined : join(root, found.slice(option.length + 3));
  };
  const [config, bundle, data] = [argument('config'), argument('bundle'), argument('data')];
  const token = ['create', 'token', pod.serviceAccountName, '-n', namespace];
  return scene.keep(
    Approver.start({
      kubeconfig: scene.cluster.tokenKubeconfig((await scene.cluster.kubectl(token)).trim()),
      config: configText(config ?? '', data),
      ready,
      env: { POD_NAME: `${name}-0`, POD_NAMESPACE: namespace, POD_UID: randomUUID() },
      ...(bundle !== undefined && { bundle }),
    }),
  );
}

/** As `Approver` takes it, which has the ports of its own and writes the head by itself. */
function configText(file: string, data: string | undefined): string {
  const config = z.record(z.string(), z.unknown()).parse(parse(readFileSync(file, 'utf8')));
  const given = ['apiVersion', 'kind', 'server', 'admin'];
  const rest = Object.fromEntries(Object.entries(config).filter(([name]) => !given.includes(name)));
  return stringify(data === undefined ? rest : { ...rest, policy: { data: [data] } });
}
