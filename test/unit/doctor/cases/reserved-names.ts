import { seen, unseen } from '../../../../src/doctor/seen.ts';
import { nodes, cluster, servedFor, configured, config, podRange } from '../changed.ts';
import { now } from '../healthy.ts';
import type { Cases } from '../changed.ts';

export const reservedNames: Cases = {
  'a name in the certificate': [servedFor(['api.example.com']), ['warning ServerNamesNotReserved']],
  'an address in the certificate': [servedFor([], ['198.51.100.7']), ['warning ServerNamesNotReserved']],
  'an address of a Service in it': [servedFor([], ['10.96.3.4']), []],
  'a wildcard in it': [servedFor(['*.example.com']), []],
  'a name that is configured, in other letters': [
    { ...servedFor(['API.example.com']), ...cluster({ api_names: ['api.EXAMPLE.com'] }) },
    [],
  ],
  'kubeadm’s endpoint': [
    {
      kubeadm: seen({
        controlPlaneEndpoint: 'lb.example.com:6443',
        certSANs: [],
        podSubnet: '',
        serviceSubnet: '',
      }),
    },
    ['warning ServerNamesNotReserved'],
  ],
  'kubeadm’s certSANs': [
    {
      kubeadm: seen({
        controlPlaneEndpoint: '[2001:db8::1]:6443',
        certSANs: ['2001:db8:0::1'],
        podSubnet: '',
        serviceSubnet: '',
      }),
    },
    ['warning ServerNamesNotReserved'],
  ],
  'an address that a worker lists': [
    {
      ...servedFor([], ['198.51.100.7']),
      ...cluster({ api_addresses: ['198.51.100.7', '192.0.2.10'] }),
      ...nodes({ createdAt: now, addresses: ['198.51.100.7'] }),
    },
    ['error ServerNameOfWorker'],
  ],
  'an address that a control-plane node lists': [
    {
      ...servedFor(['cp2'], ['198.51.100.7']),
      ...nodes({ createdAt: now, controlPlane: true, addresses: ['cp2', '198.51.100.7'] }),
    },
    [],
  ],
  'a certificate that cannot be seen': [{ serving: unseen('a proxy') }, ['unknown ServerNames']],
  'no ServiceCIDR API, and no range': [
    { hasServiceCIDRs: seen(false) },
    ['warning ServiceRangesNotReserved'],
  ],
  'no ServiceCIDR API, and a range': [
    {
      hasServiceCIDRs: seen(false),
      ...config({ cluster: { ...configured.config.cluster, serviceCIDRs: ['10.96.0.0/16'] } }),
    },
    [],
  ],
  'kubeadm’s pod range': [podRange({}), ['warning PodRangesNotReserved']],
  'ranges of Nodes': [
    podRange({ kubeadm: seen(undefined), ...nodes({ createdAt: now, podCIDRs: ['10.244.7.0/24'] }) }),
    ['warning PodRangesNotReserved'],
  ],
  'a range of a Node outside of the configured one': [
    nodes({ createdAt: now, podCIDRs: ['10.245.7.0/24'] }),
    ['warning PodRangesNotReserved'],
  ],
  'a range that nodes are in too': [
    podRange(nodes({ createdAt: now, addresses: ['10.244.0.9'] })),
    ['info RangeShared'],
  ],
  'a configured range that a Node is in': [
    nodes({ createdAt: now, addresses: ['10.244.0.9'] }),
    ['error RangeHoldsNodes'],
  ],
  'no range at all': [podRange({ kubeadm: seen(undefined) }), ['unknown PodRanges']],
};
