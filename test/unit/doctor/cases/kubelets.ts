import { seen, unseen } from '../../../../src/doctor/seen.ts';
import { requests, nodes, pending } from '../changed.ts';
import { minutes, now } from '../healthy.ts';
import type { Cases } from '../changed.ts';

export const kubelets: Cases = {
  'a request that waits': [requests({ ...pending, createdAt: now - minutes(6) }), ['error RequestsPending']],
  'a request that is new': [requests({ ...pending, createdAt: now - minutes(4) }), []],
  'an old request that a newer one has made past': [
    requests({ ...pending, createdAt: now - minutes(30) }, { createdAt: now - minutes(10) }),
    [],
  ],
  'a request that is denied': [requests({ ...pending, state: 'denied' }), ['warning RequestsDenied']],
  'a Node that does not ask': [nodes({}), ['warning NodesNotAsking']],
  'a Node that is new': [nodes({ createdAt: now - minutes(5) }), []],
  'a Node that is not Ready': [nodes({ ready: false }), []],
  'a Node of which no request is left': [nodes({ createdAt: now - minutes(90) }), ['unknown Certificates']],
  'a certificate that has expired': [requests({ notAfter: now - 1 }), ['error CertificatesExpired']],
  'kubelet-config without it': [{ kubeletConfig: seen(false) }, ['warning ServerTLSBootstrapOff']],
  'no kubelet-config': [{ kubeletConfig: seen(undefined) }, ['unknown KubeletConfiguration']],
  'a kubelet without it': [
    { kubelets: seen([{ node: 'n1', serverTLSBootstrap: seen(false) }]) },
    ['warning KubeletsNotAsking'],
  ],
  'kubelets with it, where no ConfigMap says so': [
    { kubeletConfig: seen(undefined), kubelets: seen([{ node: 'n1', serverTLSBootstrap: seen(true) }]) },
    [],
  ],
  'a kubelet that does not answer': [
    { kubelets: seen([{ node: 'n1', serverTLSBootstrap: unseen('tls: internal error') }]) },
    ['unknown KubeletConfiguration'],
  ],
};
