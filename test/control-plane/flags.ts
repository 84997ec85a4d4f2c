/** The command lines. Paths are relative to the control plane's directory, which is their working directory. */
import type { Settings } from './options.ts';

/** Files that the flags name. */
export const files = {
  caCertificate: 'ca.crt',
  caKey: 'ca.key',
  serverCertificate: 'apiserver.crt',
  serverKey: 'apiserver.key',
  kubeletClientCertificate: 'apiserver-kubelet-client.crt',
  kubeletClientKey: 'apiserver-kubelet-client.key',
  serviceAccountKey: 'service-account.key',
  serviceAccountPublicKey: 'service-account.pub',
  controllerManagerKubeconfig: 'controller-manager.kubeconfig',
  /** etcd listens on sockets: no port to clash, and no one else on the machine can write to it. */
  etcdSocket: 'etcd:1',
  etcdPeerSocket: 'etcd:2',
} as const;

const serviceCidr = '10.96.0.0/16';
/** The `kubernetes` Service: the first address of the range. */
export const serviceAddress = '10.96.0.1';

// etcd wants host:port of every URL; for unix:// that whole text is the socket's path.
const etcdUrl = `unix://${files.etcdSocket}`;
const etcdPeerUrl = `unix://${files.etcdPeerSocket}`;

export function etcdFlags(settings: Settings): readonly string[] {
  return [
    '--name=test',
    '--data-dir=etcd-data',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${etcdPeerUrl}`,
    `--initial-cluster=test=${etcdPeerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    ...settings.flags.etcd,
  ];
}

export function apiserverFlags(settings: Settings, port: number): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${settings.bindAddress}`,
    `--secure-port=${port}`,
    `--advertise-address=${settings.advertiseAddress}`,
    `--service-cluster-ip-range=${serviceCidr}`,
    `--client-ca-file=${files.caCertificate}`,
    `--tls-cert-file=${files.serverCertificate}`,
    `--tls-private-key-file=${files.serverKey}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--enable-bootstrap-token-auth',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--kubelet-certificate-authority=${files.caCertificate}`,
    `--kubelet-client-certificate=${files.kubeletClientCertificate}`,
    `--kubelet-client-key=${files.kubeletClientKey}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged',
    '--profiling=false',
    ...settings.flags.apiserver,
  ];
}

export function controllerManagerFlags(settings: Settings): readonly string[] {
  return [
    `--kubeconfig=${files.controllerManagerKubeconfig}`,
    '--secure-port=0',
    '--leader-elect=false',
    `--controllers=${settings.controllers.join(',')}`,
    `--cluster-signing-cert-file=${files.caCertificate}`,
    `--cluster-signing-key-file=${files.caKey}`,
    `--cluster-signing-duration=${settings.clusterSigningDuration}`,
    `--root-ca-file=${files.caCertificate}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--kube-api-qps=${settings.controllerManagerQps}`,
    `--kube-api-burst=${settings.controllerManagerBurst}`,
    '--profiling=false',
    ...settings.flags.controllerManager,
  ];
}
