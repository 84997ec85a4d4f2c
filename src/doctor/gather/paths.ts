import { apiPath } from '../../kube/path.ts';

/** Where what is read lies in the API. */

/** Selects what deploy/ makes. */
export const programLabel = 'app.kubernetes.io/name=rego-csr-approver';

export const inNamespace = (namespace: string, ...rest: readonly string[]): readonly string[] => [
  'namespaces',
  namespace,
  ...rest,
];

export const deploymentsPath = (...where: readonly string[]): string =>
  apiPath('apis', 'apps', 'v1', ...where, 'deployments');

export const podsPath = (namespace: string): string =>
  apiPath('api', 'v1', ...inNamespace(namespace, 'pods'));

export const leasesPath = (namespace: string, ...name: readonly string[]): string =>
  apiPath('apis', 'coordination.k8s.io', 'v1', ...inNamespace(namespace, 'leases', ...name));

export const configMapPath = (namespace: string, name: string): string =>
  apiPath('api', 'v1', ...inNamespace(namespace, 'configmaps', name));

export const rbacPath = (resource: string): string =>
  apiPath('apis', 'rbac.authorization.k8s.io', 'v1', resource);
