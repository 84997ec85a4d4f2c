/** The program as the Deployment runs it: its arguments, its configuration, its account's token, its user. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { expectThat } from '../demo/deviation.ts';
import type { Stage } from '../demo/stage.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { controlAddress, Daemon } from './machine.ts';
import { portOf } from './nodes.ts';

const namespace = 'rego-csr-approver';
const program = '/run/program';
const account = '/var/run/secrets/kubernetes.io/serviceaccount';
/** What the program writes: its log and its decision log, as one. */
export const approverLog = '/var/log/approver.log';
const startMs = 30_000;

const deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        serviceAccountName: z.string(),
        securityContext: z.object({ runAsUser: z.int(), runAsGroup: z.int() }),
        containers: z.tuple([z.object({ args: z.array(z.string()) })]),
        volumes: z.tuple([
          z.object({ name: z.literal('config'), configMap: z.object({ name: z.string() }) }),
        ]),
      }),
    }),
  }),
});
const configMap = z.object({ data: z.object({ 'config.yaml': z.string() }) });

/** @param change of the mounted configuration */
export async function startApprover(
  stage: Stage,
  cluster: ControlPlane,
  change?: (config: object) => object,
): Promise<Daemon> {
  const get = async (...what: string[]): Promise<unknown> =>
    JSON.parse(await cluster.kubectl(['get', ...what, '-n', namespace, '-o', 'json']));
  const { spec } = deployment.parse(await get('deployment', 'rego-csr-approver')).spec.template;
  const [{ args }] = spec.containers;
  const { data } = configMap.parse(await get('configmap', spec.volumes[0].configMap.name));
  const file = args.find((argument) => argument.startsWith('--config='))?.slice('--config='.length);
  expectThat(file !== undefined, 'the Deployment gives the program no configuration');
  const config = data['config.yaml'];
  put(file, change === undefined ? config : stringify(change(parse(config) as object)));
  const token = await cluster.kubectl(['create', 'token', spec.serviceAccountName, '-n', namespace]);
  put(`${account}/token`, token.trim());
  put(`${account}/ca.crt`, readFileSync(cluster.caFile, 'utf8'));
  put(`${account}/namespace`, namespace);
  cpSync(new URL('../../dist', import.meta.url).pathname, program, { recursive: true });

  const output = openSync(approverLog, 'a');
  const { runAsUser: uid, runAsGroup: gid } = spec.securityContext;
  const child = spawn(`${program}/rego-csr-approver`, args, {
    env: {
      PATH: process.env['PATH'],
      KUBERNETES_SERVICE_HOST: controlAddress,
      KUBERNETES_SERVICE_PORT: portOf(cluster),
      // As the downward API tells it; so it holds a Lease, like a pod.
      POD_NAME: 'rego-csr-approver-0',
      POD_NAMESPACE: namespace,
    },
    stdio: ['ignore', output, output],
    uid,
    gid,
  });
  const daemon = new Daemon('approver', child, approverLog);
  stage.guard(() => daemon.expectRunning());
  stage.record(() => `the approver, the end of its log:\n${daemon.logTail()}`);
  await stage.until(
    async () => (await fetch('http://127.0.0.1:8080/readyz').catch(() => undefined))?.ok || undefined,
    startMs,
    () => 'the approver is not ready',
  );
  return daemon;
}

/** All that the program reads is for its own user, who is not root. */
function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, text, { mode: 0o644 });
}
