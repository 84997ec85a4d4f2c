import { describe, expect, test } from 'vitest';
import { admissionOf, bootstrapOf, flagsOf, flagzOf, kubeadmOf } from '../../../src/doctor/gather/flags.ts';
import { installationOf, nodeState, podState, requestState } from '../../../src/doctor/gather/objects.ts';
import { isOfNodes } from '../../../src/doctor/gather/mirror.ts';
import { ranges, within } from '../../../src/doctor/ranges.ts';
import { duration, listed } from '../../../src/doctor/words.ts';
import { subjectAltNames } from '../../../src/kube/peer.ts';
import { csrObject } from '../../support/csr-object.ts';

const pod = (command: string[], args: string[] = []) => ({
  metadata: { name: 'kube-apiserver-cp' },
  spec: { containers: [{ command, args }] },
});

describe('flags', () => {
  test('of a pod, in every way to write them', () => {
    const { where, flags } = flagsOf(
      pod(['kube-apiserver', '--a=1', '--b', '2', '--c'], ['--d=x=y', '--a=3']),
    );
    expect(where).toBe('pod kube-apiserver-cp');
    expect([...flags]).toEqual([
      ['a', '3'],
      ['b', '2'],
      ['c', ''],
      ['d', 'x=y'],
    ]);
  });
  test('of a pod without any', () => {
    expect(flagsOf({}).flags.size).toBe(0);
  });
  test.each([':', ': ', '=', ' '])('of /flagz, with %j between name and value', (separator) => {
    const lines = [
      '',
      'apiserver flagz',
      'Warning: This endpoint is not meant to be machine parseable …',
      `authorization-mode${separator}[Node,RBAC]`,
      `kubelet-certificate-authority${separator}`,
    ];
    const flags = flagzOf(lines.join('\n'))?.flags;
    expect(flags?.get('authorization-mode')).toBe('Node,RBAC');
    expect(flags?.get('kubelet-certificate-authority') ?? '').toBe('');
    expect(flagzOf('<html>')).toBeUndefined();
  });
});

const line = (name: string, operation: string, times: number) =>
  `apiserver_admission_controller_admission_duration_seconds_count{name="${name}",operation="${operation}",rejected="false",type="admit"} ${String(times)}\n`;
const text = `# HELP x\n${line('A', 'UPDATE', 2)}${line('A', 'UPDATE', 3)}${line('B', 'CREATE', 9)}apiserver_other{name="C",operation="UPDATE"} 1\n`;

test('admission plugins by the metrics of updates', () => {
  expect([...admissionOf(text).plugins]).toEqual([['A', 5]]);
});

test('what kubeadm left, and what is not its own', () => {
  const cluster =
    'controlPlaneEndpoint: lb:6443\napiServer: {certSANs: [a, b]}\nnetworking: {podSubnet: 10.1.0.0/16}\n';
  expect(kubeadmOf({ data: { ClusterConfiguration: cluster } })).toEqual({
    controlPlaneEndpoint: 'lb:6443',
    certSANs: ['a', 'b'],
    podSubnet: '10.1.0.0/16',
    serviceSubnet: '',
  });
  expect(kubeadmOf({})).toMatchObject({ controlPlaneEndpoint: '', certSANs: [] });
  expect(bootstrapOf({ data: { kubelet: 'serverTLSBootstrap: true' } })).toBe(true);
  expect(bootstrapOf({ data: { kubelet: 'serverTLSBootstrap: "true"' } })).toBe(false);
});

const condition = (type: string, more = {}) => ({
  type,
  status: 'True',
  reason: 'R',
  message: 'M',
  ...more,
});

describe('a request', () => {
  test.each([
    ['pending', {}],
    ['approved', { conditions: [condition('Approved')] }],
    ['denied', { conditions: [condition('Denied')] }],
    ['failed', { conditions: [condition('Approved'), condition('Failed')] }],
    ['issued', { conditions: [condition('Approved')], certificate: Buffer.from('no certificate') }],
  ])('that is %s', (state, spec) => {
    expect(requestState({ ...csrObject(spec) })).toMatchObject({ state, notAfter: 0 });
  });
  test('names who approved it last', () => {
    const { metadata, ...rest } = csrObject({
      conditions: [condition('Approved', { lastUpdateTime: '2026-11-22T06:00:05Z' })],
    });
    const managedFields = [
      { manager: 'late', subresource: 'approval', time: '2026-11-22T06:00:05Z' },
      { manager: 'early', subresource: 'approval', time: '2026-11-22T06:00:01Z' },
      { manager: 'signer', subresource: 'status', time: '2026-11-22T06:00:09Z' },
    ];
    expect(requestState({ ...rest, metadata: { ...metadata, managedFields } })).toMatchObject({
      decidedBy: 'late',
      approvedBecause: 'R',
      decidedAt: Date.parse('2026-11-22T06:00:05Z'),
    });
  });
  test('that is nothing of the kind', () => {
    expect(requestState({ status: { conditions: 'x' }, metadata: 7 })).toMatchObject({
      state: 'pending',
      name: '',
    });
  });
});

test('a Node of which nothing is known', () => {
  expect(nodeState({ status: { addresses: [{}, 7] } })).toEqual({
    name: '',
    createdAt: 0,
    ready: false,
    controlPlane: false,
    addresses: ['', ''],
    podCIDRs: [],
  });
});

describe('a pod', () => {
  const metadata = { name: 'p' };
  const on = (nodeName: string, more: object) => ({
    metadata: { ...metadata, ...more },
    spec: { nodeName },
  });
  test.each<[string, object, string]>([
    [
      'that crashes',
      {
        phase: 'Running',
        containerStatuses: [
          {
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { message: 'error: X\n' } },
          },
        ],
      },
      'Running: CrashLoopBackOff: error: X',
    ],
    [
      'without an image',
      {
        phase: 'Pending',
        containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull', message: 'no' } } }],
      },
      'Pending: ErrImagePull: no',
    ],
    [
      'that no node takes',
      {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1' }],
      },
      'Unschedulable: 0/1',
    ],
  ])('%s', (_, status, problem) => {
    expect(podState({ metadata, status })).toMatchObject({ name: 'p', ready: false, problem });
  });
  test('that a kubelet made, whatever it says, is none of the program', () => {
    const annotations = { 'kubernetes.io/config.mirror': 'x' };
    expect(podState({ metadata: { ...metadata, annotations: {} } })).toBeDefined();
    expect(podState({ metadata: { ...metadata, annotations } })).toBeUndefined();
  });
  test('that a kubelet made is heard of a control-plane node alone', () => {
    const annotations = { 'kubernetes.io/config.mirror': 'x' };
    const trusted = new Set(['cp']);
    expect(isOfNodes(on('cp', { annotations }), trusted)).toBe(true);
    expect(isOfNodes(on('n1', { annotations }), trusted)).toBe(false);
    expect(isOfNodes(on('n1', {}), trusted)).toBe(true);
  });
  test('that ends is none any more', () => {
    expect(podState({ metadata: { ...metadata, deletionTimestamp: 'x' } })).toBeUndefined();
  });
});

const deployment = (args: string[], volumes: object[]) => ({
  metadata: { name: 'd', namespace: 'n' },
  spec: {
    template: {
      spec: {
        containers: [{ args, volumeMounts: [{ name: 'config', mountPath: '/etc/x/' }] }],
        volumes,
      },
    },
  },
});

describe('the configuration of a Deployment', () => {
  const volume = { name: 'config', configMap: { name: 'c' } };
  test.each([
    [
      'is where its volume is',
      ['--config=/etc/x/config.yaml'],
      [volume],
      { configMap: 'c', key: 'config.yaml' },
    ],
    ['is none without the option', ['run'], [volume], undefined],
    ['is none in another folder', ['--config=/etc/y/config.yaml'], [volume], undefined],
    ['is none of a Secret', ['--config=/etc/x/config.yaml'], [{ name: 'config', secret: {} }], undefined],
  ])('%s', (_, args, volumes, expected) => {
    expect(installationOf(deployment(args, volumes)).config).toEqual(expected);
  });
});

test('ranges of one family hold no address of the other', () => {
  const holds = ranges(['::/8', '10.0.0.0/8', 'x', '10.0.0.0/99', '']);
  expect(['10.1.2.3', '::1', '::ffff:9.9.9.9', '9.9.9.9', 'x', '2001:db8::1'].map(holds)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect([
    within(['10.0.0.0/8'])('10.1.0.0/16'),
    within(['10.1.0.0/16'])('10.0.0.0/8'),
    within([])('10.0.0.0/8'),
  ]).toEqual([true, false, false]);
});

test('names of a certificate, as Node.js writes them', () => {
  expect(
    subjectAltNames(
      'DNS:a.example, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, DNS:"x, DNS:y", URI:u, email:e',
    ),
  ).toEqual({
    dns: ['a.example'],
    ip: ['10.0.0.1', '2001:DB8:0:0:0:0:0:1'],
  });
});

test('words', () => {
  expect([1_000, 99_000, 100_000, 5_400_000, 7_200_000, 200_000_000].map(duration)).toEqual([
    '1 s',
    '99 s',
    '2 min',
    '90 min',
    '2 h',
    '2 days',
  ]);
  expect(listed(['a', 'b', 'c', 'd', 'e', 'f\n', 'g'])).toBe('a, b, c, d, e and 2 more');
  expect(listed(['f\n'])).toBe(String.raw`f\u{a}`);
});
