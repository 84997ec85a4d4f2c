import { CSR_PATH } from '../../src/kube/calls.ts';
import { connect } from '../../src/kube/connect.ts';
import { asObject } from '../../src/kube/objects.ts';
import { buildCSR, type CSRSpec } from '../support/csr.ts';
import { eventually } from '../support/eventually.ts';
import type { Scene } from './scene.ts';

/** What a kubelet's request for its client certificate says of itself. */
export const clientSigner = {
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['client auth', 'digital signature'],
} as const;

/** No subject alternative names: the decoder takes a request without attributes for one of none. */
export const bare: CSRSpec = { attributes: [] };

/** Makes a bootstrap token of the group system:bootstrappers:worker; gives its text. */
export async function makeBootstrapToken(scene: Scene): Promise<string> {
  const literals = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:worker',
  };
  const from = Object.entries(literals).map(([key, value]) => `--from-literal=${key}=${value}`);
  const type = '--type=bootstrap.kubernetes.io/token';
  await scene.cluster.kubectl([
    'create',
    'secret',
    'generic',
    'bootstrap-token-abcdef',
    '-n',
    'kube-system',
    type,
    ...from,
  ]);
  return 'abcdef.0123456789abcdef';
}

/** What a kubelet asks for that has no certificate yet; gives the request's name. */
export async function bootstrap(kubeconfig: string, node: string, changed: CSRSpec = bare): Promise<string> {
  const client = connect({ kubeconfig }, { userAgent: 'bootstrapper', connections: 1 });
  try {
    const { pem } = buildCSR({ node, ...changed });
    const request = { request: Buffer.from(pem).toString('base64'), ...clientSigner };
    const body = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { generateName: 'node-csr-' },
      spec: request,
    };
    // The token's Secret, and new bindings, are known to the API server within moments.
    const created = await eventually(async () => asObject(await client.create(CSR_PATH, body)));
    return created.metadata.name;
  } finally {
    await client.close();
  }
}
