import { connect } from '../../src/kube/connect.ts';
import type { KubeClient, KubeClientOptions } from '../../src/kube/client.ts';
import { CSR_PATH } from '../../src/kube/calls.ts';
import { asObject, type KubeObject } from '../../src/kube/objects.ts';
import { buildCSR } from '../support/csr.ts';

export const SIGNER = 'kubernetes.io/kubelet-serving';

export const open = (kubeconfig: string, options: Partial<KubeClientOptions> = {}): KubeClient =>
  connect({ kubeconfig }, { userAgent: 'rego-csr-approver/test', ...options });

/** One request is as good as another here: the decision is not what is tested. */
let request: string | undefined;

export async function createCSR(client: KubeClient, name: string, signerName = SIGNER): Promise<KubeObject> {
  request ??= Buffer.from(buildCSR({ node: 'n1', ip: ['10.0.0.1'] }).pem).toString('base64');
  const usages = ['digital signature', 'server auth'];
  const body = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request, signerName, usages },
  };
  return asObject(await client.create(CSR_PATH, body));
}

export const approved = (csr: KubeObject): KubeObject => ({
  ...csr,
  status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test', message: 'by a test' }] },
});
