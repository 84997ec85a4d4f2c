import { KubeClient, type KubeClientOptions } from './client.ts';
import { Credentials } from './credentials.ts';
import { loadKubeConfig, type KubeConfigSource } from './kubeconfig.ts';

/** A client for the cluster of a kubeconfig or of our pod. Nothing is sent yet. */
export function connect(
  source: KubeConfigSource,
  options: Omit<KubeClientOptions, 'credentials'>,
): KubeClient {
  const credentials = new Credentials({ load: () => loadKubeConfig(source) });
  return new KubeClient({ ...options, credentials });
}
