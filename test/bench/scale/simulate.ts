import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { kubeconfig } from '../../control-plane/kubeconfig.ts';
import { Pki } from '../../control-plane/pki.ts';
import { eventually } from '../../support/eventually.ts';

export interface Cluster {
  readonly nodes: number;
  /** Requests of the last day that have their certificate. */
  readonly issued: number;
  /** Requests of the last day that nobody ever decided. */
  readonly abandoned: number;
  readonly pending: number;
}

const withinMs = 120_000;

/** Starts the simulated API server of such a cluster, with a kubeconfig for it in that directory. */
export async function simulate(directory: string, cluster: Cluster) {
  const pki = await Pki.create();
  const own = await pki.issue({ commonName: 'simulated', usage: 'server', names: ['127.0.0.1'] });
  const pkiFile = join(directory, 'pki.json');
  writeFileSync(pkiFile, JSON.stringify(own));
  const main = new URL('simulated-api.ts', import.meta.url).pathname;
  const counts = [cluster.nodes, cluster.issued, cluster.abandoned, cluster.pending].map(String);
  const server = spawn(process.execPath, [main, pkiFile, ...counts], { stdio: ['pipe', 'pipe', 'inherit'] });
  let url = '';
  server.stdout.setEncoding('utf8').on('data', (text: string) => (url += text));
  await eventually(() => (url.endsWith('\n') ? true : undefined), { withinMs });
  url = url.trim();
  const config = join(directory, 'kubeconfig');
  writeFileSync(config, kubeconfig(url, pki.certificate, { token: 'any' }));
  const dispatcher = new Agent({ connect: { ca: pki.certificate } });
  const approved = async () => Number(await (await request(`${url}/approved`, { dispatcher })).body.text());
  return { server, config, approved, close: () => end(server, dispatcher) };
}

async function end(server: ChildProcess, dispatcher: Agent): Promise<void> {
  await dispatcher.close();
  server.stdin?.end();
  await eventually(() => (server.exitCode === null ? undefined : true));
}
