import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { Approver } from '../support/approver.ts';
import { Deviation, expectThat } from './deviation.ts';
import type { Stage } from './stage.ts';

/** With nothing under way, an end in order takes a fraction of this. */
const stopMs = 5_000;

const base = new URL('../../deploy/kustomize/base', import.meta.url).pathname;

/** As a user installs it; server-side and strict, so that the API server itself checks every field. */
export async function applyManifests(cluster: ControlPlane): Promise<number> {
  const manifests = await cluster.kubectl(['kustomize', base]);
  const applied = await cluster.kubectl(
    ['apply', '--server-side', '--validate=strict', '-f', '-', '-o', 'name'],
    { input: manifests },
  );
  const count = applied.trim().split('\n').length;
  const wanted = parseAllDocuments(manifests).length;
  expectThat(count === wanted, `${count} of the ${wanted} objects of deploy/kustomize/base were applied`);
  return count;
}

/** Turns the off switch on again; the rest of an installation may differ from the base. */
export async function restoreBinding(cluster: ControlPlane): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '-f', `${base}/selfnodeserver.yaml`]);
}

/** The program of dist/, with the configuration and the rights of the manifests, and nothing else. */
export async function startApprover(stage: Stage, cluster: ControlPlane): Promise<Approver> {
  const namespace = 'rego-csr-approver';
  const token = await cluster.kubectl(['create', 'token', 'rego-csr-approver', '-n', namespace]);
  const approver = await Approver.start({
    kubeconfig: cluster.tokenKubeconfig(token.trim()),
    config: shippedConfig(),
  });
  const { process: program } = approver;
  const endAtOnce = (): void => void program.kill('SIGKILL');
  process.once('exit', endAtOnce); // Should we crash: it must not outlive us.
  stage.defer(async () => {
    await stopApprover(approver);
    process.off('exit', endAtOnce);
  });
  stage.record(
    () => `the approver's log, its end:\n${approver.log.trimEnd().split('\n').slice(-15).join('\n')}`,
  );
  stage.guard(() => {
    const { exitCode, signalCode } = program;
    if (exitCode === null && signalCode === null) return;
    throw new Deviation(`the approver has ended: ${signalCode ?? `exit code ${String(exitCode)}`}`);
  });
  return approver;
}

/** SIGTERM, and SIGKILL where that does not help in time; gives how it ended. */
export async function stopApprover(approver: Approver): Promise<string> {
  const late = setTimeout(() => approver.process.kill('SIGKILL'), stopMs);
  try {
    const exitCode = await approver.stop();
    return exitCode === null ? `it took more than ${stopMs / 1000} s` : `exit code ${exitCode}`;
  } finally {
    clearTimeout(late);
  }
}

/** What the Deployment mounts; the head is what `Approver` writes by itself. */
function shippedConfig(): string {
  const lines = readFileSync(`${base}/config.yaml`, 'utf8').split('\n');
  return lines.filter((line) => !/^(?:apiVersion|kind):/.test(line)).join('\n');
}
