/** The PKI's files in the control plane's directory. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { files, serviceAddress } from './flags.ts';
import type { Settings } from './options.ts';
import { createKeyPair, Pki } from './pki.ts';

/** Writes what the flags name, but for the kubeconfig. */
export async function writePki(dir: string, settings: Settings): Promise<Pki> {
  const [pki, serviceAccount] = await Promise.all([Pki.create(), createKeyPair()]);
  const [server, kubeletClient] = await Promise.all([
    pki.issue({
      commonName: 'kube-apiserver',
      usage: 'server',
      names: [
        ...new Set([
          'localhost',
          'kubernetes',
          'kubernetes.default',
          'kubernetes.default.svc',
          'kubernetes.default.svc.cluster.local',
          '127.0.0.1',
          serviceAddress,
          settings.bindAddress,
          settings.advertiseAddress,
          ...settings.serverNames,
        ]),
      ],
    }),
    pki.issue({
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
      usage: 'client',
    }),
  ]);
  writePrivate(dir, files.caCertificate, pki.certificate);
  writePrivate(dir, files.caKey, pki.key);
  writePrivate(dir, files.serverCertificate, server.certificate);
  writePrivate(dir, files.serverKey, server.key);
  writePrivate(dir, files.kubeletClientCertificate, kubeletClient.certificate);
  writePrivate(dir, files.kubeletClientKey, kubeletClient.key);
  writePrivate(dir, files.serviceAccountKey, serviceAccount.privateKey);
  writePrivate(dir, files.serviceAccountPublicKey, serviceAccount.publicKey);
  return pki;
}

/** Writes a file that only its owner reads, and returns its path. */
export function writePrivate(dir: string, name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
