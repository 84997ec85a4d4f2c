import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../../src/kube/objects.ts';
import { Approver, type ApproverOptions } from '../support/approver.ts';
import type { Scene } from './scene.ts';

/** deploy/ as a user applies it, and the program with what it grants, and nothing else. */

export const NAMESPACE = 'rego-csr-approver';
const kustomize = new URL('../../deploy/kustomize', import.meta.url).pathname;

/** @param components of deploy/kustomize/components, in an overlay as a user writes one */
export async function manifests(scene: Scene, ...components: readonly string[]): Promise<string> {
  const overlay = mkdtempSync(join(scene.cluster.dir, 'overlay-'));
  const path = (...parts: string[]) => relative(overlay, join(kustomize, ...parts));
  writeFileSync(
    join(overlay, 'kustomization.yaml'),
    stringify({
      resources: [path('base')],
      components: components.map((name) => path('components', name)),
    }),
  );
  return scene.cluster.kubectl(['kustomize', overlay]);
}

/** One object a document. */
export function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document): KubeObject => document.toJS());
}

export function apply(scene: Scene, input: string): Promise<string> {
  return scene.cluster.kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], { input });
}

/** A new token of the ServiceAccount that the manifests make. */
export async function token(scene: Scene): Promise<string> {
  return (await scene.cluster.kubectl(['create', 'token', 'rego-csr-approver', '-n', NAMESPACE])).trim();
}

/** The configuration that the Deployment mounts, as `Approver` takes it: it writes the head by itself. */
async function mountedConfig(scene: Scene): Promise<string> {
  const get = ['get', 'deployment', 'rego-csr-approver', '-n', NAMESPACE, '-o'];
  const path = 'jsonpath={.spec.template.spec.volumes[?(@.name=="config")].configMap.name}';
  const name = await scene.cluster.kubectl([...get, path]);
  const data = ['get', 'configmap', name, '-n', NAMESPACE, '-o', String.raw`jsonpath={.data.config\.yaml}`];
  const { apiVersion, kind, ...rest }: Record<string, unknown> = parse(await scene.cluster.kubectl(data));
  if (apiVersion !== 'rego-csr-approver/v1alpha1' || kind !== 'ApproverConfiguration') {
    throw new Error(`the ConfigMap holds a ${String(kind)} of ${String(apiVersion)}`);
  }
  return stringify(rest);
}

/**
 * @param kubeconfig leads to the API server with a token of the ServiceAccount
 * @param more lines of YAML of the configuration, beside what deploy/ mounts, and of the environment
 */
export async function startInstalled(
  scene: Scene,
  kubeconfig: string,
  ready = true,
  more: Pick<ApproverOptions, 'config' | 'env'> = {},
): Promise<Approver> {
  // As the downward API tells it; an Event may be about a Pod that is not there.
  const pod = { POD_NAME: 'rego-csr-approver-0', POD_NAMESPACE: NAMESPACE, POD_UID: randomUUID() };
  const config = [await mountedConfig(scene), more.config ?? ''].join('\n');
  return scene.keep(Approver.start({ kubeconfig, config, ready, env: { ...pod, ...more.env } }));
}
