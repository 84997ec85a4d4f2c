import { parse } from 'yaml';
import { listOf, recordOf, textOf, textsOf, type JsonRecord } from '../../kube/json.ts';
import type { Admission, Flags, Kubeadm } from '../snapshot.ts';

/** What the control plane's parts show of how they were started. */

/** The flags of a pod of the control plane. */
export function flagsOf(pod: JsonRecord): Flags {
  const container = recordOf(listOf(recordOf(pod['spec'])['containers'])[0]);
  const words = [...textsOf(container['command']), ...textsOf(container['args'])];
  const flags = new Map<string, string>();
  for (const [at, word] of words.entries()) {
    const [, name, value] = /^--([a-z0-9-]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined) continue;
    const next = words[at + 1] ?? '';
    flags.set(name, value ?? (next.startsWith('-') ? '' : next));
  }
  return { where: `pod ${textOf(recordOf(pod['metadata'])['name'])}`, flags };
}

export function componentOf(pod: JsonRecord): string {
  const labels = recordOf(recordOf(pod['metadata'])['labels']);
  return textOf(labels['component']) || textOf(labels['k8s-app']);
}

/**
 * The page /flagz (KEP-4828), which is for people: a name, a value, and between them a colon, an equals sign or a blank, by
 * lot at each start of the server.
 * @returns undefined for what does not look like it
 */
export function flagzOf(text: string): Flags | undefined {
  const flags = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^([a-z][a-z0-9-]*)(?:\s*[:=]\s*|\s+)(.*)$/.exec(line.trim()) ?? [];
    if (name !== undefined) flags.set(name, value.replace(/^\[(.*)\]$/, '$1').replaceAll(' ', ','));
  }
  return flags.has('authorization-mode')
    ? { where: 'the API server that answered (/flagz)', flags }
    : undefined;
}

const admissionLine = /^apiserver_admission_controller_admission_duration_seconds_count\{([^}]*)\} (\d+)/;

/** The plugins that were asked about a write, by /metrics. Every plugin counts what it is asked, and only that. */
export function admissionOf(metrics: string): Admission {
  const plugins = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const [, labels = '', times = '0'] = admissionLine.exec(line) ?? [];
    // Both ask about every resource when it is updated; few plugins ask about what is deleted or connected to.
    if (!labels.includes('operation="UPDATE"')) continue;
    const [, name = ''] = /(?:^|,)name="([^"]*)"/.exec(labels) ?? [];
    plugins.set(name, (plugins.get(name) ?? 0) + Number(times));
  }
  return { plugins };
}

/** ClusterConfiguration of ConfigMap kubeadm-config (v1beta3, v1beta4). */
export function kubeadmOf(configMap: JsonRecord): Kubeadm {
  const given = recordOf(parse(textOf(recordOf(configMap['data'])['ClusterConfiguration'])));
  const networking = recordOf(given['networking']);
  return {
    controlPlaneEndpoint: textOf(given['controlPlaneEndpoint']),
    certSANs: textsOf(recordOf(given['apiServer'])['certSANs']),
    podSubnet: textOf(networking['podSubnet']),
    serviceSubnet: textOf(networking['serviceSubnet']),
  };
}

/** Whether the KubeletConfiguration of ConfigMap kubelet-config has its kubelets ask. */
export function bootstrapOf(configMap: JsonRecord): boolean {
  const given = recordOf(parse(textOf(recordOf(configMap['data'])['kubelet'])));
  return given['serverTLSBootstrap'] === true;
}
