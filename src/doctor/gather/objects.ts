import { X509Certificate } from 'node:crypto';
import { listOf, recordOf, textMapOf, textOf, textsOf, type JsonRecord } from '../../kube/json.ts';
import type { Binding, Rule, Subject } from '../rbac.ts';
import type {
  EventSeen,
  Installation,
  Lease,
  NodeState,
  PodState,
  Request,
  RequestState,
} from '../snapshot.ts';
import { isMirror } from './mirror.ts';

/** What is kept of objects of the API. The wrong type reads as absent. */

const metadataOf = (object: JsonRecord): JsonRecord => recordOf(object['metadata']);
const nameOf = (object: JsonRecord): string => textOf(metadataOf(object)['name']);
const namespaceOf = (object: JsonRecord): string => textOf(metadataOf(object)['namespace']);

/** Milliseconds since 1970; 0 for what is no time. */
function timeOf(value: unknown): number {
  const at = Date.parse(textOf(value));
  return Number.isNaN(at) ? 0 : at;
}

const createdAt = (object: JsonRecord): number => timeOf(metadataOf(object)['creationTimestamp']);

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly at: number;
}

function conditionOf(object: JsonRecord, type: string): Condition | undefined {
  const found = listOf(recordOf(object['status'])['conditions'])
    .map(recordOf)
    .find((condition) => condition['type'] === type);
  if (found === undefined) return undefined;
  const at = timeOf(found['lastUpdateTime']) || timeOf(found['lastTransitionTime']);
  return {
    status: textOf(found['status']),
    reason: textOf(found['reason']),
    message: textOf(found['message']),
    at,
  };
}

export function nodeState(object: JsonRecord): NodeState {
  const spec = recordOf(object['spec']);
  const labels = textMapOf(metadataOf(object)['labels']);
  return {
    name: nameOf(object),
    createdAt: createdAt(object),
    ready: conditionOf(object, 'Ready')?.status === 'True',
    controlPlane: Object.hasOwn(labels, 'node-role.kubernetes.io/control-plane'),
    addresses: listOf(recordOf(object['status'])['addresses']).map((entry) =>
      textOf(recordOf(entry)['address']),
    ),
    podCIDRs: textsOf(spec['podCIDRs']),
  };
}

export function requestState(object: JsonRecord): Request {
  const spec = recordOf(object['spec']);
  const status = recordOf(object['status']);
  const approved = conditionOf(object, 'Approved');
  const denied = conditionOf(object, 'Denied');
  const failed = conditionOf(object, 'Failed');
  const certificate = textOf(status['certificate']);
  const states: readonly [boolean, RequestState][] = [
    [denied !== undefined, 'denied'],
    [failed !== undefined, 'failed'],
    [certificate !== '', 'issued'],
    [approved !== undefined, 'approved'],
  ];
  return {
    name: nameOf(object),
    signerName: textOf(spec['signerName']),
    username: textOf(spec['username']),
    createdAt: createdAt(object),
    state: states.find(([holds]) => holds)?.[1] ?? 'pending',
    decidedAt: (denied ?? approved)?.at ?? 0,
    approvedBecause: approved?.reason ?? '',
    decidedBy: approverOf(object),
    notAfter: certificate === '' ? 0 : notAfterOf(certificate),
    failure: failed?.message ?? '',
  };
}

/** Who wrote the subresource last (metav1.ManagedFieldsEntry). */
function approverOf(object: JsonRecord): string {
  const entries = listOf(metadataOf(object)['managedFields'])
    .map(recordOf)
    .filter((entry) => entry['subresource'] === 'approval')
    .sort((a, b) => timeOf(a['time']) - timeOf(b['time']));
  return textOf(entries.at(-1)?.['manager']);
}

function notAfterOf(certificate: string): number {
  try {
    return new X509Certificate(Buffer.from(certificate, 'base64')).validToDate.getTime();
  } catch {
    return 0;
  }
}

export function leaseOf(object: JsonRecord): Lease {
  const spec = recordOf(object['spec']);
  const seconds = spec['leaseDurationSeconds'];
  return {
    holder: textOf(spec['holderIdentity']),
    renewedAt: timeOf(spec['renewTime']),
    seconds: typeof seconds === 'number' && seconds > 0 ? seconds : 15,
  };
}

export const heartbeatOf = (object: JsonRecord): readonly [string, number] => [
  nameOf(object),
  timeOf(recordOf(object['spec'])['renewTime']),
];

export function rulesOf(object: JsonRecord): readonly [string, readonly Rule[]] {
  const rules = listOf(object['rules']).map((entry): Rule => {
    const rule = recordOf(entry);
    const [apiGroups, resources, resourceNames, verbs] = [
      'apiGroups',
      'resources',
      'resourceNames',
      'verbs',
    ].map((field) => textsOf(rule[field]));
    return {
      apiGroups: apiGroups ?? [],
      resources: resources ?? [],
      resourceNames: resourceNames ?? [],
      verbs: verbs ?? [],
    };
  });
  return [nameOf(object), rules];
}

export function bindingOf(object: JsonRecord): Binding {
  const subjects = listOf(object['subjects']).map((entry): Subject => {
    const { kind, name, namespace } = recordOf(entry);
    return { kind: textOf(kind), name: textOf(name), namespace: textOf(namespace) };
  });
  return { name: nameOf(object), role: textOf(recordOf(object['roleRef'])['name']), subjects };
}

export function installationOf(object: JsonRecord): Installation {
  const spec = recordOf(object['spec']);
  const pod = recordOf(recordOf(spec['template'])['spec']);
  const container = recordOf(listOf(pod['containers'])[0]);
  const args = textsOf(container['args']);
  const { replicas } = spec;
  return {
    namespace: namespaceOf(object),
    name: nameOf(object),
    serviceAccount: textOf(pod['serviceAccountName']) || 'default',
    container: textOf(container['name']),
    image: textOf(container['image']),
    args,
    replicas: typeof replicas === 'number' ? replicas : 1,
    config: configOf(pod, container, args),
  };
}

/** Which ConfigMap is mounted where `--config` points. */
function configOf(pod: JsonRecord, container: JsonRecord, args: readonly string[]): Installation['config'] {
  const file = args.find((arg) => arg.startsWith('--config='))?.slice('--config='.length);
  if (file === undefined) return undefined;
  const key = file.slice(file.lastIndexOf('/') + 1);
  const folder = file.slice(0, file.lastIndexOf('/'));
  const mount = listOf(container['volumeMounts'])
    .map(recordOf)
    .find(({ mountPath }) => textOf(mountPath).replace(/\/$/, '') === folder);
  const volume = listOf(pod['volumes'])
    .map(recordOf)
    .find(({ name }) => mount !== undefined && name === mount['name']);
  const configMap = textOf(recordOf(volume?.['configMap'])['name']);
  return configMap === '' ? undefined : { configMap, key };
}

export function podState(object: JsonRecord): PodState | undefined {
  // The program has a ServiceAccount, so none of its pods can be one that a kubelet makes.
  if (metadataOf(object)['deletionTimestamp'] !== undefined || isMirror(object)) return undefined;
  const status = recordOf(object['status']);
  const container = recordOf(listOf(status['containerStatuses'])[0]);
  const ready = conditionOf(object, 'Ready');
  const waiting = recordOf(recordOf(container['state'])['waiting']);
  const ended = recordOf(recordOf(container['lastState'])['terminated']);
  const scheduled = conditionOf(object, 'PodScheduled');
  const words = [
    scheduled?.status === 'False' ? `${scheduled.reason}: ${scheduled.message}` : textOf(status['phase']),
    textOf(waiting['reason']),
    textOf(ended['message']).trim() || textOf(waiting['message']),
  ];
  return {
    name: nameOf(object),
    ready: ready?.status === 'True',
    problem: words.filter((word) => word !== '').join(': '),
    imageID: textOf(container['imageID']).replace(/^docker-pullable:\/\//, ''),
  };
}

export function eventOf(object: JsonRecord): EventSeen {
  const { reason, note, regarding, eventTime } = object;
  return {
    reason: textOf(reason),
    about: textOf(recordOf(regarding)['name']),
    note: textOf(note),
    at: timeOf(eventTime) || createdAt(object),
  };
}
